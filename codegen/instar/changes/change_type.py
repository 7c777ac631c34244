"""A field of another type: in place where the backend widens it without a rewrite, otherwise a new column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.base import Planned
from instar.changes.column import edit
from instar.changes.drafts import Draft
from instar.changes.filling import conversion_of
from instar.changes.replacing import replacing
from instar.schema.migration import Decision
from instar.schema.operations import ChangeFieldType

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem

KINDS = ("change_type",)


def rolling(item: FieldItem, context: Context) -> Planned:
    """One deploy in place; otherwise a new column with a conversion, under the same name in code."""
    if not item.replaced:
        return Planned(drafts=_widened(item))
    return unconverted(item, replacing(item, context, conversion_of(context, item)), context)


def unconverted(item: FieldItem, planned: Planned, context: Context) -> Planned:
    """The plan, with the question of how values get from one type to the other where nobody has said."""
    conversion = conversion_of(context, item)
    title = item.asked
    question = ""
    answers: tuple[str, ...] = ()
    if conversion is None and item.old.type != item.new.type:
        question = f"{title} needs a conversion from {item.old.name} and back"
        answers = (
            f'--convert {title}="old=new,old=new" (and "*=new" for every other value)',
            f'--convert {title}="up: SQL of {item.old.name}; down: SQL of {item.new.name}"',
        )
    elif conversion is not None and conversion.up is not None and conversion.down is None:
        question = f"{title} needs a conversion back: code that reads {item.old.name} is in service until the switch is everywhere"
        answers = (f'--convert {title}="up: {conversion.up}; down: SQL of {item.new.name}"',)
    if not question:
        return planned
    asked = Decision(
        table=item.table, namespace=item.namespace, field=item.new.name, question=question, answers=answers
    )
    return msgspec.structs.replace(planned, decisions=(*planned.decisions, asked))


def _widened(item: FieldItem) -> tuple[Draft, ...]:
    old = item.old
    new = msgspec.structs.replace(old, type=item.new.type, spelling=item.new.spelling)
    title = item.title(old)
    ddl = Draft(
        key=item.key("widened"),
        kind="ddl",
        phase="expand",
        lines=((title, "widened in place"),),
        why="every old value fits the new type, and the backend needs no rewrite that blocks",
        changes=item.changes,
        operations=(ChangeFieldType(table=item.table, namespace=item.namespace, before=old, after=new),),
    )
    code = Draft(
        key=item.key("wide"),
        kind="code",
        phase="expand",
        lines=((title, "may hold values of the new type"),),
        why=f"a value that only the new type holds fails before {title} is widened",
        changes=item.changes,
        edits=(edit(item, old, new),),
        after=(ddl.key,),
    )
    return (ddl, code)
