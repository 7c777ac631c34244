"""How a change is named where a plan leaves it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.change import ConstraintChange, FieldChange, IndexChange

if TYPE_CHECKING:
    from instar.schema.change import Change


def title_of(change: Change) -> str:
    """`add table invoices`, `drop constraint unique (email) on users`."""
    table = f"{change.namespace}.{change.table}" if change.namespace else change.table
    what = change.kind.replace("_", " ")
    match change:
        case FieldChange():
            return f"{what} {table}.{change.field}"
        case IndexChange():
            index = change.after or change.before
            return f"{what} {table}.{index.name if index else ''}"
        case ConstraintChange():
            one = change.after or change.before
            assert one is not None
            about = f"({', '.join(one.fields)})" if one.fields else (one.name or f"({one.expression})")
            return f"{what} {one.kind.replace('_', ' ')} {about} on {table}"
        case _:
            return f"{what} {table}"
