"""A field under another name: a new column beside the old one, or, where only code cares, another attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.base import Planned
from instar.changes.change_type import unconverted
from instar.changes.column import edit
from instar.changes.drafts import Draft
from instar.changes.filling import conversion_of
from instar.changes.replacing import replacing

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem

KINDS = ("rename_field",)


def rolling(item: FieldItem, context: Context) -> Planned:
    """One code deploy where the column keeps its name, otherwise a column that replaces it."""
    if not item.replaced:
        return Planned(drafts=(_attribute(item),))
    return unconverted(item, replacing(item, context, conversion_of(context, item)), context)


def _attribute(item: FieldItem) -> Draft:
    old = item.old
    new = msgspec.structs.replace(old, attribute=item.new.attribute)
    return Draft(
        key=item.key("code"),
        kind="code",
        phase="expand",
        lines=(
            (
                f"{item.prefix}.{old.code_name}",
                f"called {new.code_name} in code; the column stays {old.name}",
            ),
        ),
        why="a name in code is no business of the database",
        changes=item.changes,
        edits=(edit(item, old, new),),
    )
