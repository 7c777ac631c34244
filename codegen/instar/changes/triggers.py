"""Where triggers cannot keep two columns in step, so that the application has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.filling import total_down, total_up

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem
    from instar.schema.model import Reference
    from instar.schema.operations import Conversion

_SILENT = {"SET NULL", "SET DEFAULT"}


def refusal(item: FieldItem, context: Context, conversion: Conversion | None) -> str | None:
    """Why triggers are refused for this pair, as the end of a sentence; None where they are right.

    The cases are those that were seen to lose writes: a MariaDB cascade changes rows without firing triggers, and
    SQLite's `OR REPLACE` and `OR IGNORE` turn a conflict on a lossy copy into a lost row.
    """
    table, name = context.table(item.table, item.namespace), item.old.name
    keys = [one for one in table.constraints if one.kind == "foreign_key" and name in one.fields]
    if context.backend == "mariadb" and any(_cascades(one.references) for one in keys):
        return f"MariaDB fires no trigger when a foreign key's cascade changes {name}"
    unique = [one for one in table.constraints if one.kind == "unique" and name in one.fields]
    unique_index = any(index.unique and name in index.fields for index in table.indexes)
    lossy = not (total_up(conversion) and total_down(conversion))
    if context.backend == "sqlite" and lossy and (unique or unique_index):
        return f"{name} is unique and its conversion is lossy, where SQLite's OR REPLACE would drop rows"
    return None


def _cascades(references: Reference | None) -> bool:
    """Whether a write to the other table changes this column; a row that goes altogether takes both columns along."""
    if references is None:
        return False
    changed, gone = references.on_update or "", references.on_delete or ""
    return changed.upper() in {"CASCADE", *_SILENT} or gone.upper() in _SILENT
