"""A column that takes the place of another one, kept in step by triggers: what renames and type changes share.

The data comes first: both columns are in step and filled before any code knows the new one, so that no code ever
sees a row that lacks it. `--code-first` lets code that reads `new, else old` ship before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes import replacing_in_app
from instar.changes.base import Planned
from instar.changes.column import access, edit, verification
from instar.changes.drafts import Draft
from instar.changes.filling import copy_work, total_down
from instar.changes.loosening import loosened, must_loosen, relaxed
from instar.changes.pair import beside, contract, filled_where_required, moved_aside, new_column, plain, used
from instar.changes.relax_field import accepting
from instar.changes.triggers import refusal
from instar.schema.operations import AddField, ChangeServerDefault, SyncFields, UnsyncFields

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.drafts import Line
    from instar.changes.items import FieldItem
    from instar.schema.operations import BackfillWork, Conversion, Operation


def replacing(item: FieldItem, context: Context, conversion: Conversion | None) -> Planned:
    """The acts of a field whose new column stands beside the old one for a while."""
    reason = refusal(item, context, conversion)
    if context.options.sync == "app" or reason:
        planned = replacing_in_app.replacing(item, context, conversion)
        because = f" ({reason})" if reason else ""
        note = (
            f"{item.title(item.old)} and {item.new.name} are kept in step by the application{because}, one deploy more. "
            "Its listeners see what sessions flush and execute for the mapped class; Core statements on the table and "
            "raw SQL have to write both columns (INS207)."
        )
        return msgspec.structs.replace(planned, notes=(note,))
    works = copy_work(context, item, conversion, in_app=False)
    code_first = context.options.code_first and not item.new.optional
    extra = filled_where_required(item, context)
    drafts = (
        _expand(item, context, conversion),
        _fill(item, works.fill, after=item.key("code" if code_first else "add")),
        verification(item, works.verify, item.key("fill")),
        *(_code_first(item, conversion) if code_first else _data_first(item)),
        *extra.drafts,
        *_left_out(item),
        contract(item, works, _unsync(item, context, conversion), _dropped(item)),
    )
    return Planned(drafts=drafts, decisions=extra.decisions, notes=_notes(item, context))


def _left_out(item: FieldItem) -> tuple[Draft, ...]:
    """A field that also becomes optional: no writer leaves it out while code that takes it for given is in service."""
    if item.old.optional or not item.new.optional:
        return ()
    writers = accepting(item, edits=False)[1]
    return (msgspec.structs.replace(writers, after=(item.key("unmapped"),)),)


def _notes(item: FieldItem, context: Context) -> tuple[str, ...]:
    if not (context.options.code_first and item.new.optional):
        return ()
    title = item.title(item.new)
    return (
        (
            f"{title} is nullable, so its data comes first in spite of --code-first: "
            "a NULL could not be told from a row that is not filled yet."
        ),
    )


def _expand(item: FieldItem, context: Context, conversion: Conversion | None) -> Draft:
    where = context.table(item.table, item.namespace)
    acts, lines = _room_for_inserts(item, context, conversion)
    add = AddField(table=item.table, namespace=item.namespace, field=new_column(item))
    sync = SyncFields(
        table=item.table,
        namespace=item.namespace,
        old=item.old,
        new=new_column(item),
        key=where.primary_key,
        conversion=conversion,
    )
    pair = f"{item.title(item.old)} ⇄ {item.new.name}"
    return Draft(
        key=item.key("add"),
        kind="ddl",
        phase="expand",
        lines=((item.title(item.new), "added, nullable"), (pair, "kept in step by triggers"), *lines),
        why=f"old code writes {item.old.name} and new code {item.new.name}, side by side: the triggers carry each write over",
        apart_why=f"the name {item.title(item.new)} is free only when the column that has it is dropped",
        changes=item.changes,
        operations=(*acts, add, sync),
        after=(f"{item.prefix}.{item.new.name}:drop",),
    )


def _room_for_inserts(
    item: FieldItem, context: Context, conversion: Conversion | None
) -> tuple[tuple[Operation, ...], tuple[Line, ...]]:
    """What lets new code insert rows without the old column, where the triggers come too late for it."""
    old, table = item.old, context.table(item.table, item.namespace)
    if not old.optional and (item.new.optional or not total_down(conversion)):
        return (relaxed(old, table),), ((item.title(old), "relaxed to nullable"),)
    default = item.new.server_default
    if default is not None and old.server_default is None and conversion is None:
        act = ChangeServerDefault(table=item.table, namespace=item.namespace, field=old, after=default)
        return (act,), ((item.title(old), f"given the default {default.text}"),)
    if context.backend == "postgresql" or not must_loosen(old):
        return (), ()
    return loosened(old, table, context.backend)


def _fill(item: FieldItem, work: BackfillWork, *, after: str) -> Draft:
    return Draft(
        key=item.key("fill"),
        kind="backfill",
        phase="backfill",
        lines=((item.title(item.new), f"from {item.old.name}"),),
        why=f"rows written before the triggers have no {item.new.name}",
        changes=item.changes,
        work=work,
        after=(after,),
    )


def _data_first(item: FieldItem) -> tuple[Draft, ...]:
    last = plain(item)
    switch = msgspec.structs.replace(
        last,
        why=f"{item.new.name} is filled and in step, so code switches over in one go",
        apart_why=f"{item.title(item.new)} must be filled and verified before any code knows it",
        edits=(edit(item, item.old, None), edit(item, None, new_column(item))),
        after=(item.key("verified"),),
        aliases=(*last.aliases, item.key("code"), item.key("queryable")),
    )
    return (switch,)


def _code_first(item: FieldItem, conversion: Conversion | None) -> tuple[Draft, ...]:
    old, new = beside(item), new_column(item)
    first = Draft(
        key=item.key("code"),
        kind="code",
        phase="expand",
        lines=((used(item), f"written, and read through the accessor: new, else {item.old.name}"),),
        why=f"rows that are not filled yet have no {item.new.name}",
        changes=item.changes,
        edits=(*moved_aside(item, old), edit(item, None, new)),
        access=(access(item, "fallback", field=new, old=old, conversion=conversion),),
        after=(item.key("add"),),
    )
    last = plain(item)
    last = msgspec.structs.replace(
        last,
        why=f"every row has {item.new.name}, so the accessor is not needed any more",
        apart_why=f"the accessor reads {item.title(item.old)} until every row is filled",
        edits=(edit(item, old, None),),
        after=(item.key("verified"), first.key),
        aliases=(*last.aliases, item.key("queryable")),
    )
    return (first, last)


def _unsync(item: FieldItem, context: Context, conversion: Conversion | None) -> tuple[Operation, ...]:
    return (
        UnsyncFields(
            table=item.table,
            namespace=item.namespace,
            old=item.old,
            new=new_column(item),
            key=context.table(item.table, item.namespace).primary_key,
            conversion=conversion,
            dropped=item.old,
        ),
    )


def _dropped(item: FieldItem) -> Line:
    return (item.title(item.old), "dropped with the triggers")
