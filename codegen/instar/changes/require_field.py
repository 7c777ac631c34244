"""A field that becomes required: all writers write it, empty rows are filled, then NOT NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.base import Planned
from instar.changes.column import checked_not_null, edit, verification
from instar.changes.context import declared
from instar.changes.drafts import Draft
from instar.changes.filling import value_work
from instar.changes.values import existing_rows, undecided

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem

KINDS = ("require_field",)


def rolling(item: FieldItem, context: Context) -> Planned:
    """Two deploys: the code that always writes it, and NOT NULL when that code alone is in service."""
    value, title = existing_rows(context, item), item.title(item.new)
    work = value_work(context, item, value)
    writers = Draft(
        key=item.key("written"),
        kind="code",
        phase="expand",
        lines=((title, "always written"),),
        why=f"code that leaves {item.new.name} out would refill the table with empty rows",
        changes=item.changes,
    )
    fill = Draft(
        key=item.key("fill"),
        kind="backfill",
        phase="backfill",
        lines=((title, "where it is empty"),),
        why=f"old rows may hold NULL in {title}",
        changes=item.changes,
        work=work,
        after=(writers.key,),
    )
    ddl = Draft(
        key=item.key("required"),
        kind="ddl",
        phase="contract",
        lines=((title, "set NOT NULL"),),
        why=f"all code in service writes {title} and no row is empty",
        apart_why=f"code that may leave {title} out is in service until {{previous}} is everywhere",
        changes=item.changes,
        operations=checked_not_null(item, work),
        edits=(edit(item, item.old, declared(item.old, optional=False)),),
        after=(item.key("verified"),),
        apart=(writers.key,),
    )
    drafts = (writers, fill, verification(item, work, fill.key), ddl)
    return Planned(drafts=drafts, decisions=() if value.known else (undecided(item),))
