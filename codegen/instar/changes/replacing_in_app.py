"""A column that takes the place of another one, kept in step by the application's own writes.

One deploy more than with triggers: code that writes both and reads the old one, then code that reads the new one
and still writes both, then code that knows the new one alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.base import Planned
from instar.changes.column import access, default_at_last, edit, verification
from instar.changes.drafts import Draft
from instar.changes.filling import copy_work, total_down
from instar.changes.loosening import loosened, must_loosen, relaxed
from instar.changes.pair import beside, contract, filled_where_required, new_column, plain, used
from instar.schema.operations import AddField, DropField

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.drafts import Line
    from instar.changes.items import FieldItem
    from instar.schema.model import Field
    from instar.schema.operations import BackfillWork, Conversion, Operation


def replacing(item: FieldItem, context: Context, conversion: Conversion | None) -> Planned:
    """The acts of a field whose two columns the application writes both."""
    works = copy_work(context, item, conversion, in_app=True)
    extra = filled_where_required(item, context)
    drop = DropField(
        table=item.table,
        namespace=item.namespace,
        field=item.old,
        successor=new_column(item),
        conversion=conversion,
    )
    drafts = (
        _expand(item, context, conversion),
        _write_both(item, conversion),
        _fill(item, works.fill),
        verification(item, works.verify, item.key("fill")),
        _read_new(item, conversion),
        _room_for_inserts(item, context, conversion),
        _unmap(item),
        *extra.drafts,
        contract(item, works, (drop,), (item.title(item.old), "dropped")),
    )
    return Planned(drafts=tuple(draft for draft in drafts if draft), decisions=extra.decisions)


def _arriving(item: FieldItem) -> Field:
    """The new field while code still reads the old one under their common name."""
    same = item.old.code_name == item.new.code_name
    return (
        msgspec.structs.replace(new_column(item), attribute=f"new_{item.new.code_name}")
        if same
        else new_column(item)
    )


def _without_way_back(item: FieldItem, conversion: Conversion | None) -> bool:
    """Whether code that writes both columns has no value for the old one now and then, which is required."""
    return not (item.old.optional or total_down(conversion))


def _expand(item: FieldItem, context: Context, conversion: Conversion | None) -> Draft:
    table = context.table(item.table, item.namespace)
    add = AddField(table=item.table, namespace=item.namespace, field=new_column(item))
    lines: tuple[Line, ...] = ((item.title(item.new), "added, nullable"),)
    acts: tuple[Operation, ...] = (add,)
    if _without_way_back(item, conversion):
        acts = (relaxed(item.old, table), add)
        lines = (*lines, (item.title(item.old), "relaxed to nullable"))
    return Draft(
        key=item.key("add"),
        kind="ddl",
        phase="expand",
        lines=lines,
        why=f"code that writes {item.new.name} needs the column",
        apart_why=f"the name {item.title(item.new)} is free only when the column that has it is dropped",
        changes=item.changes,
        operations=acts,
        after=(f"{item.prefix}.{item.new.name}:drop",),
    )


def _write_both(item: FieldItem, conversion: Conversion | None) -> Draft:
    new = _arriving(item)
    return Draft(
        key=item.key("code"),
        kind="code",
        phase="expand",
        lines=((f"{item.title(item.old)} and {item.new.name}", f"both written, {item.old.name} read"),),
        why=f"code before it writes {item.old.name} alone, so nothing may read {item.new.name} yet",
        changes=item.changes,
        edits=(edit(item, None, new),),
        access=(access(item, "read_old", field=new, old=item.old, conversion=conversion),),
        after=(item.key("add"),),
    )


def _fill(item: FieldItem, work: BackfillWork) -> Draft:
    return Draft(
        key=item.key("fill"),
        kind="backfill",
        phase="backfill",
        lines=((item.title(item.new), f"from {item.old.name}, also where it is stale"),),
        why=f"rows written by code that knows {item.old.name} alone lack {item.new.name} or have a former value of it",
        changes=item.changes,
        work=work,
        after=(item.key("code"),),
    )


def _read_new(item: FieldItem, conversion: Conversion | None) -> Draft:
    old, new, arriving = beside(item), new_column(item), _arriving(item)
    edits = [edit(item, item.old, old)] if old != item.old else []
    edits += [edit(item, arriving, new)] if arriving != new else []
    return Draft(
        key=item.key("queryable"),
        kind="code",
        phase="expand",
        lines=((used(item), f"read, {item.old.name} still written"),),
        why=f"code of the deploy before reads {item.old.name}, so it must go on being written",
        apart_why=f"{item.title(item.new)} must be filled before code reads it",
        changes=item.changes,
        edits=tuple(edits),
        access=(access(item, "read_new", field=new, old=old, conversion=conversion),),
        after=(item.key("code"), item.key("verified")),
    )


def _room_for_inserts(item: FieldItem, context: Context, conversion: Conversion | None) -> Draft | None:
    """What lets code insert rows without the old column; and what the database does with the new one from then on."""
    table = context.table(item.table, item.namespace)
    acts: tuple[Operation, ...] = ()
    lines: tuple[Line, ...] = ()
    if _without_way_back(item, conversion):
        pass  # it is nullable from the first deploy on
    elif not item.old.optional and item.new.optional:
        acts, lines = (relaxed(item.old, table),), ((item.title(item.old), "relaxed to nullable"),)
    elif must_loosen(item.old):
        acts, lines = loosened(item.old, table, context.backend)
    default = default_at_last(item)
    if item.new.server_default:
        lines = (*lines, (item.title(item.new), f"given the default {item.new.server_default.text}"))
    if not acts and not default:
        return None
    return Draft(
        key=item.key("room"),
        kind="ddl",
        phase="expand",
        lines=lines,
        why=f"code that no longer maps {item.old.name} inserts rows without it",
        changes=item.changes,
        operations=(*acts, *default),
        after=(item.key("verified"),),
        before=(item.key("unmapped"),),
        apart=(item.key("code"),),
    )


def _unmap(item: FieldItem) -> Draft:
    return msgspec.structs.replace(
        plain(item),
        why=f"all code in service reads {item.new.name}, so {item.old.name} need not be written any more",
        apart_why=f"code in service still reads {item.title(item.old)} until {{previous}} is everywhere",
        edits=(edit(item, beside(item), None),),
        after=(item.key("queryable"),),
    )
