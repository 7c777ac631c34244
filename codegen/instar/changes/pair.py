"""An old and a new column while both exist: how each is declared, and the acts at both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.base import Planned
from instar.changes.column import access, checked_not_null, default_at_last, edit, still_mapped, verification
from instar.changes.drafts import Draft
from instar.changes.filling import value_work
from instar.changes.values import existing_rows, undecided

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.drafts import Line
    from instar.changes.filling import CopyWork
    from instar.changes.items import FieldItem
    from instar.schema.migration import SourceEdit
    from instar.schema.model import Field
    from instar.schema.operations import Operation


def new_column(item: FieldItem) -> Field:
    """The new column while both exist: nullable and without a default, so that a given value can be told."""
    return msgspec.structs.replace(item.new, optional=True, server_default=None)


def beside(item: FieldItem) -> Field:
    """The old field as code maps it while it maps both; it makes room where both have one name in code."""
    if item.old.code_name != item.new.code_name:
        return item.old
    return msgspec.structs.replace(item.old, attribute=f"old_{item.old.code_name}")


def moved_aside(item: FieldItem, old: Field) -> tuple[SourceEdit, ...]:
    """The edit that makes room, where it is needed."""
    return () if old == item.old else (edit(item, item.old, old),)


def used(item: FieldItem) -> str:
    """The new field as code calls it, with its column where that is another name."""
    name = item.new.code_name
    stored = f" (column {item.new.name})" if name != item.new.name else ""
    return f"{item.prefix}.{name}{stored}"


def former(item: FieldItem) -> str:
    """The old field, told from the new one where code calls both the same."""
    same = item.old.code_name == item.new.code_name
    return f"{item.title(item.old)} (the old column)" if same else item.title(item.old)


def filled_where_required(item: FieldItem, context: Context) -> Planned:
    """A field that also becomes required: its empty rows get a value once all code in service writes one."""
    if item.new.optional or not item.old.optional:
        return Planned()
    value = existing_rows(context, item)
    work = value_work(context, item, value, ".fill")
    title = item.title(item.new)
    fill = Draft(
        key=item.key("filled"),
        kind="backfill",
        phase="backfill",
        lines=((title, "where it is empty"),),
        why=f"{title} becomes required and old rows may hold NULL",
        changes=item.changes,
        work=work,
        after=(item.key("unmapped"),),
    )
    verify = verification(item, work, fill.key, key="complete")
    return Planned(drafts=(fill, verify), decisions=() if value.known else (undecided(item),))


def contract(item: FieldItem, works: CopyWork, drop: tuple[Operation, ...], dropped: Line) -> Draft:
    """The end: the data is looked at, the new column gets its rules, the old one goes."""
    lines = [dropped]
    if not item.new.optional:
        lines.append((item.title(item.new), "set NOT NULL"))
    final = edit(item, new_column(item), item.new)
    return Draft(
        key=item.key("contract"),
        kind="ddl",
        phase="contract",
        lines=tuple(lines),
        why=f"no code in service names {item.title(item.old)} any more; the data is checked before it goes",
        apart_why=still_mapped(item),
        changes=item.changes,
        operations=(*checked_not_null(item, works.check), *default_at_last(item), *drop),
        edits=() if final.before == final.after else (final,),
        after=(item.key("complete"),),
        apart=(item.key("unmapped"),),
        aliases=(item.key("drop", item.old),),
    )


def plain(item: FieldItem) -> Draft:
    """The code that maps the new column alone; the caller says what it follows."""
    new = new_column(item)
    return Draft(
        key=item.key("unmapped"),
        kind="code",
        phase="contract",
        lines=((used(item), "read and written"), (former(item), "no longer mapped")),
        changes=item.changes,
        access=(access(item, "plain", field=new),),
        aliases=(item.key("gone", item.old),),
    )
