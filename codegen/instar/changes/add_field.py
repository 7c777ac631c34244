"""A new field: as it is where rows need no value, or where the database gives it; otherwise filled, then required."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.base import Planned
from instar.changes.column import access, checked_not_null, edit, verification
from instar.changes.context import declared
from instar.changes.drafts import Draft
from instar.changes.filling import value_work
from instar.changes.values import added_without_rewrite, existing_rows, is_given, undecided
from instar.schema.model import Default
from instar.schema.operations import AddField, ChangeServerDefault

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.drafts import Line
    from instar.changes.items import FieldItem
    from instar.changes.values import Value
    from instar.schema.model import Field
    from instar.schema.operations import BackfillWork, Operation

KINDS = ("add_field",)


def rolling(item: FieldItem, context: Context) -> Planned:
    """One deploy where the database fills existing rows in one go or they need nothing; otherwise filled in batches."""
    field = item.new
    default = field.server_default
    in_one_go = default is None or added_without_rewrite(default, context.backend)
    if field.optional or (default is not None and in_one_go and not is_given(context, item)):
        return Planned(drafts=_at_once(item, in_one_go=in_one_go))
    value = existing_rows(context, item)
    decisions = () if value.known else (undecided(item),)
    return Planned(drafts=_filled(item, context, value), decisions=decisions)


def _at_once(item: FieldItem, *, in_one_go: bool) -> tuple[Draft, ...]:
    field = item.new
    state = "added, nullable" if field.optional else "added NOT NULL with its default"
    return (
        _add(item, field, state) if in_one_go else _add(item, *_default_apart(field)),
        Draft(
            key=item.key("code"),
            kind="code",
            phase="expand",
            lines=((item.title(field), "may be used"),),
            why=f"every row has {field.name} or may lack it, so code needs no care",
            changes=item.changes,
            edits=(edit(item, None, field),),
            after=(item.key("add"),),
            aliases=(item.key("queryable"),),
        ),
    )


def _default_apart(field: Field) -> tuple[Field, str]:
    """A default that is computed row by row is set after the column is there, so that no row is rewritten."""
    return msgspec.structs.replace(field, optional=True), "added, nullable; its default applies to new rows"


def _filled(item: FieldItem, context: Context, value: Value) -> tuple[Draft, ...]:
    nullable, title = declared(item.new, optional=True), item.title(item.new)
    early = value_work(context, item, value)
    sweep = msgspec.structs.replace(early, name=f"{early.name}.sweep")
    default = Default(text=value.expression) if value.expression is not None else None
    code = Draft(
        key=item.key("code"),
        kind="code",
        phase="expand",
        lines=((title, "written, and read through the accessor"),),
        why=f"code before it inserts rows without {item.new.name}",
        changes=item.changes,
        edits=(edit(item, None, nullable),),
        access=(access(item, "fallback", field=nullable, default=default, compute=value.compute),),
        after=(item.key("add"),),
    )
    state = (
        "added, nullable"
        if item.new.server_default is None
        else "added, nullable; its default applies to new rows"
    )
    return (
        _add(item, nullable, state),
        _fill(
            item,
            early,
            key="early",
            after="add",
            why=f"most rows of {title} are filled before code needs them",
        ),
        code,
        _fill(
            item, sweep, key="fill", after="code", why="rows that the last old writer inserted have no value"
        ),
        verification(item, early, item.key("fill")),
        *_required(item, nullable, early),
    )


def _add(item: FieldItem, field: Field, state: str) -> Draft:
    acts: list[Operation] = []
    default = field.server_default
    if default is not None and not default.constant and field.optional:
        bare = msgspec.structs.replace(field, server_default=None)
        acts.append(AddField(table=item.table, namespace=item.namespace, field=bare))
        acts.append(
            ChangeServerDefault(table=item.table, namespace=item.namespace, field=bare, after=default)
        )
    else:
        acts.append(AddField(table=item.table, namespace=item.namespace, field=field))
    line: Line = (item.title(field), state)
    return Draft(
        key=item.key("add"),
        kind="ddl",
        phase="expand",
        lines=(line,),
        why=f"code that maps {field.name} names it in every SELECT, so the column comes first",
        apart_why=f"the name {item.title(field)} is free only when the column that has it is dropped",
        changes=item.changes,
        operations=tuple(acts),
        after=(f"{item.prefix}.{field.name}:drop",),
    )


def _fill(item: FieldItem, work: BackfillWork, *, key: str, after: str, why: str) -> Draft:
    return Draft(
        key=item.key(key),
        kind="backfill",
        phase="backfill",
        lines=((item.title(item.new), ""),),
        why=why,
        changes=item.changes,
        work=work,
        after=(item.key(after),),
        unless_with=item.key("code") if key == "early" else "",
    )


def _required(item: FieldItem, nullable: Field, work: BackfillWork) -> tuple[Draft, ...]:
    """The end: NOT NULL, and code that reads the field as it is."""
    title = item.title(item.new)
    ddl = Draft(
        key=item.key("contract"),
        kind="ddl",
        phase="contract",
        lines=((title, "set NOT NULL"),),
        why=f"all code in service writes {title} and no row is empty",
        apart_why=f"code that does not write {title} inserts rows until {{previous}} is everywhere",
        changes=item.changes,
        operations=checked_not_null(item, work),
        edits=(edit(item, nullable, item.new),),
        after=(item.key("verified"),),
        apart=(item.key("code"),),
    )
    code = Draft(
        key=item.key("plain"),
        kind="code",
        phase="contract",
        lines=((title, "read as it is, the accessor inlined"),),
        why=f"no row lacks {title} any more",
        changes=item.changes,
        access=(access(item, "plain"),),
        after=(ddl.key,),
        aliases=(item.key("queryable"),),
    )
    return (ddl, code)
