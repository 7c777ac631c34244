"""A field that becomes optional: readers accept its absence before any writer leaves it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.base import Planned
from instar.changes.column import edit
from instar.changes.context import declared
from instar.changes.drafts import Draft
from instar.schema.operations import RelaxField

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem

KINDS = ("relax_field",)


def rolling(item: FieldItem, context: Context) -> Planned:  # noqa: ARG001 - the signature of every kind
    """Two deploys: code of the first reads what code of the second writes."""
    return Planned(drafts=(_ddl(item), *accepting(item, edits=True)))


def accepting(item: FieldItem, *, edits: bool) -> tuple[Draft, ...]:
    """The two code deploys: readers, then writers."""
    title, new = item.title(item.new), declared(item.old, optional=True)
    readers = Draft(
        key=item.key("accepted"),
        kind="code",
        phase="expand",
        lines=((title, "may be read as None"),),
        why="readers learn of the absence before any writer leaves the value out",
        changes=item.changes,
        edits=(edit(item, item.old, new),) if edits else (),
        after=(item.key("relaxed"), item.key("code")),
    )
    writers = Draft(
        key=item.key("left_out"),
        kind="code",
        phase="contract",
        lines=((title, "may be left out"),),
        why="all code in service accepts the absence",
        apart_why=f"code in service takes {title} for given until {{previous}} is everywhere",
        changes=item.changes,
        after=(readers.key,),
    )
    return (readers, writers)


def _ddl(item: FieldItem) -> Draft:
    return Draft(
        key=item.key("relaxed"),
        kind="ddl",
        phase="expand",
        lines=((item.title(item.new), "relaxed to nullable"),),
        why="a writer that leaves the value out fails before that",
        changes=item.changes,
        operations=(RelaxField(table=item.table, namespace=item.namespace, field=item.old),),
    )
