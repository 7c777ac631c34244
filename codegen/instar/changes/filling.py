"""The backfills: which rows lack a value, what they get, and when two columns agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.natural import natural
from instar.dialects.sqlalchemy.conversion import converted, differs, same
from instar.dialects.sqlalchemy.ddl.names import quoted
from instar.schema.operations import BackfillWork

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem
    from instar.changes.values import Value
    from instar.schema.operations import Conversion


class CopyWork(msgspec.Struct, frozen=True, kw_only=True):
    """The works of a column that replaces another one.

    Attributes:
        fill: What the backfill does.
        verify: What must match no row afterwards: rows without an image among them.
        check: What must match no row before the old column goes; None where every row is right as it is.
    """

    fill: BackfillWork
    verify: BackfillWork
    check: BackfillWork | None


def copy_work(context: Context, item: FieldItem, conversion: Conversion | None, *, in_app: bool) -> CopyWork:
    """How the new column gets the old one's values.

    With triggers a filled new value is never overwritten. Under dual writes the old column is the truth until code
    reads the new one, and a new value that differs is stale.
    """
    old, new, sql = item.old, item.new, context.sql
    o, n = quoted(old.name, sql), quoted(new.name, sql)
    image, back = converted(conversion, "up", old, o, sql), converted(conversion, "down", new, n, sql)
    empty = f"{n} IS NULL"
    lacking = empty if not old.optional else f"{empty} AND {o} IS NOT NULL"
    partial = not total_up(conversion)
    guard = f"{empty} AND {image} IS NOT NULL" if partial else lacking
    missing = lacking if not partial else f"{empty} AND {o} IS NOT NULL"
    if in_app:
        guard = differs(image, n, new, sql)
        if not (old.optional or total_down(conversion)):
            # Only code that writes both leaves the old one empty: a value that has no way back stands in the new one.
            guard = f"{guard} AND {o} IS NOT NULL"
        missing = f"({guard}) OR ({missing})" if partial else guard
    agrees = same(image, n, new, sql)
    if conversion is not None:
        agrees = f"{agrees} OR {same(back, o, old, sql)}"
    fill = BackfillWork(
        name=f"{context.id}/{item.title(new)}",
        table=item.table,
        namespace=item.namespace,
        target=new.name,
        guard=guard,
        expression=image,
        agrees=agrees,
    )
    replace = msgspec.structs.replace
    check = (
        replace(fill, guard=empty) if not new.optional else (None if in_app else replace(fill, guard=missing))
    )
    return CopyWork(fill=fill, verify=replace(fill, guard=missing), check=check)


def value_work(context: Context, item: FieldItem, value: Value, suffix: str = "") -> BackfillWork:
    """How rows without a value get one. A function gets the columns that are there from the first deploy to the last."""
    table, new = context.table(item.table, item.namespace), item.new
    reads: tuple[str, ...] = ()
    if value.compute:
        kept = context.target.table(item.table, item.namespace) or table
        reads = tuple(
            field.name for field in table.fields if field.name != new.name and kept.field(field.name)
        )
    return BackfillWork(
        name=f"{context.id}/{item.title(new)}{suffix}",
        table=item.table,
        namespace=item.namespace,
        target=new.name,
        guard=f"{quoted(new.name, context.sql)} IS NULL",
        expression=value.expression,
        compute=value.compute,
        reads=reads,
    )


def conversion_of(context: Context, item: FieldItem) -> Conversion | None:
    """The conversion that the user gave, or the natural one; None for a mere rename, or where there is none yet."""
    given = context.option(context.options.conversions, item)
    if given is not None or item.old.type == item.new.type:
        return given
    return natural(item.old, item.new, context.sql)


def total_up(conversion: Conversion | None) -> bool:
    """Whether every old value has a new one; SQL of the user's is not known to be."""
    if conversion is None or conversion.up_default is not None:
        return True
    return conversion.up is not None and conversion.up.strip('"`').isidentifier()


def total_down(conversion: Conversion | None) -> bool:
    """Whether every new value has an old one."""
    if conversion is None or conversion.down_default is not None:
        return True
    return conversion.down is not None and conversion.down.strip('"`').isidentifier()
