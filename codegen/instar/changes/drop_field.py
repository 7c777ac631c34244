"""A field that goes: inserts may leave it out, then no code maps it, then the column is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.base import Planned
from instar.changes.column import edit, still_mapped
from instar.changes.drafts import Draft
from instar.changes.loosening import loosened, must_loosen
from instar.schema.operations import DropField

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem

KINDS = ("drop_field",)


def rolling(item: FieldItem, context: Context) -> Planned:
    """Two deploys: a mapped column is in every SELECT and INSERT, so unmapping and dropping never share one."""
    old, title = item.old, item.title(item.old)
    unmap = Draft(
        key=item.key("gone"),
        kind="code",
        phase="contract",
        lines=((title, "no longer mapped"),),
        why=f"a mapped column is in every SELECT and INSERT, even where no line names {old.name}",
        changes=item.changes,
        edits=(edit(item, old, None),),
        after=(item.key("loosened"),),
    )
    drop = Draft(
        key=item.key("drop"),
        kind="ddl",
        phase="contract",
        lines=((title, "dropped"),),
        why=f"no code in service names {title} any more",
        apart_why=still_mapped(item),
        changes=item.changes,
        operations=(DropField(table=item.table, namespace=item.namespace, field=old),),
        apart=(unmap.key,),
    )
    if not must_loosen(old):
        return Planned(drafts=(unmap, drop))
    acts, lines = loosened(old, context.table(item.table, item.namespace), context.backend)
    loosen = Draft(
        key=item.key("loosened"),
        kind="ddl",
        phase="expand",
        lines=lines,
        why=f"code that no longer maps {old.name} inserts rows without it",
        changes=item.changes,
        operations=acts,
    )
    return Planned(drafts=(loosen, unmap, drop))
