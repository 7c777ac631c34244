"""Which changes a plan takes up, where the user named some (`--only`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.errors import InstarError
from instar.schema.change import ConstraintChange, FieldChange, IndexChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.schema.change import Change


def selected(changes: Sequence[Change], only: Sequence[str]) -> tuple[Change, ...]:
    """The changes of the named tables (`users`) and fields (`users.display_name`, by any of its names).

    Indexes and constraints are taken with any field that they cover, or by their own name.

    Raises:
        InstarError: A name matches no change.
    """
    if not only:
        return tuple(changes)
    names = [_names(change) for change in changes]
    for wish in only:
        if not any(wish in each for each in names):
            known = sorted({max(each) for each in names})
            listed = f" What changes: {', '.join(known[:8])}." if known else ""
            raise InstarError(f"--only {wish} matches no change.{listed}")
    return tuple(change for change, each in zip(changes, names, strict=True) if each & set(only))


def _names(change: Change) -> set[str]:
    tables = {change.table, f"{change.namespace}.{change.table}"} if change.namespace else {change.table}
    parts: set[str] = set()
    match change:
        case FieldChange():
            parts = {name for f in (change.before, change.after) if f for name in (f.name, f.code_name)}
        case IndexChange():
            for index in (change.before, change.after):
                parts |= {*index.fields, index.name or ""} if index else set()
        case ConstraintChange():
            for one in (change.before, change.after):
                parts |= {*one.fields, one.name or ""} if one else set()
    return tables | {f"{table}.{part}" for table in tables for part in parts if part}
