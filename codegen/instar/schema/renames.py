"""Renames: as the user tells them, and as a question about fields or tables that look alike.

A rename is never assumed: what is not told is a drop and an add.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from instar.errors import InstarError
from instar.schema.likeness import Likeness, field_likeness, table_likeness
from instar.schema.unseen import hides_fields, hides_table

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from instar.schema.model import Field, Schema, Table

T = TypeVar("T", "Field", "Table")

THRESHOLD = 0.65
TABLE_THRESHOLD = 0.6
_FORM = "users.user_name=display_name for a field, users=accounts for a table"


class Rename(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """One rename, by stored names.

    Attributes:
        table: The table of a renamed field, under its old or its new name; None where a table itself is renamed.
        namespace: The table's namespace where it is not the default one.
        old: The name in the old version.
        new: The name in the new version.
    """

    table: str | None
    namespace: str | None
    old: str
    new: str

    def __str__(self) -> str:
        scope = [part for part in (self.namespace, self.table) if part]
        return ".".join((*scope, self.old)) + f"={self.new}"


def parse_rename(text: str) -> Rename:
    """Read `users.user_name=display_name`, `auth.users.name=label` or `users=accounts`.

    Raises:
        InstarError: The text has another form, or renames a name to itself.
    """
    left, sign, new = (part.strip() for part in text.partition("="))
    parts = left.split(".")
    target = new.split(".")
    if len(target) > 1 and target[:-1] == parts[:-1]:
        target = target[-1:]
    if not sign or len(parts) > 3 or len(target) > 1 or not all((*parts, *target)):
        raise InstarError(f'a rename reads {_FORM}; "{text}" does not.')
    if parts[-1] == target[0]:
        raise InstarError(f'the rename "{text}" gives the name that it already has.')
    match parts:
        case [table]:
            return Rename(None, None, table, target[0])
        case [table, old]:
            return Rename(table, None, old, target[0])
        case _:
            return Rename(parts[1], parts[0], parts[2], target[0])


class RenameCandidate(msgspec.Struct, frozen=True):
    """A pair that may be a rename.

    Attributes:
        rename: What the user would tell (`--rename`).
        score: How alike they are, from 0 to 1.
        reasons: What they have in common, in words.
    """

    rename: Rename
    score: float
    reasons: tuple[str, ...] = ()


def candidates(before: Schema, after: Schema, told: Sequence[Rename] = ()) -> tuple[RenameCandidate, ...]:
    """The look-alike pairs of two versions, each name at most once: tables first, then fields table by table.

    Args:
        before: The old version.
        after: The new version.
        told: Renames that need no question any more.
    """
    known = {(rename.namespace, rename.old): rename.new for rename in told if rename.table is None}
    new_name = {table.key: known.get(table.key, table.name) for table in before.tables}
    kept = {(namespace, new_name[namespace, name]) for namespace, name in new_name}
    there = {table.key: table for table in after.tables}
    gone = [table for table in before.tables if (table.namespace, new_name[table.key]) not in there]
    come = [table for table in after.tables if table.key not in kept]
    found = [
        RenameCandidate(Rename(None, old.namespace, old.name, new.name), score, reasons)
        for old, new, score, reasons in _matched(gone, come, table_likeness, TABLE_THRESHOLD)
        if not hides_table(before, after, old)
    ]
    for old in before.tables:
        new = there.get((old.namespace, new_name[old.key]))
        if new is not None:
            found.extend(field_candidates(old, new, _field_names(told, old, new)))
    return tuple(found)


def field_candidates(before: Table, after: Table, told: Container[str] = ()) -> tuple[RenameCandidate, ...]:
    """The look-alike pairs among the dropped and the added fields of one table, without the names in `told`."""
    if hides_fields(before, after):
        return ()
    known = {part.field for table in (before, after) for part in table.opaque}
    gone = [field for field in before.fields if after.field(field.name) is None and field.name not in known]
    come = [field for field in after.fields if before.field(field.name) is None and field.name not in known]
    gone = [field for field in gone if field.name not in told and field.code_name not in told]
    come = [field for field in come if field.name not in told and field.code_name not in told]

    def like(old: Field, new: Field) -> Likeness:
        return field_likeness(before, after, old, new)

    return tuple(
        RenameCandidate(Rename(after.name, after.namespace, old.name, new.name), score, reasons)
        for old, new, score, reasons in _matched(gone, come, like, THRESHOLD)
    )


def _matched(
    gone: Sequence[T],
    come: Sequence[T],
    like: Callable[[T, T], Likeness],
    threshold: float,
) -> list[tuple[T, T, float, tuple[str, ...]]]:
    """The best pairs above the threshold, greedily and each name once, in the order of the old ones."""
    scored = [(like(old, new), i, j) for i, old in enumerate(gone) for j, new in enumerate(come)]
    scored.sort(key=lambda one: (-one[0][0], one[1], one[2]))
    taken: dict[int, tuple[int, float, tuple[str, ...]]] = {}
    for (score, reasons), i, j in scored:
        if score >= threshold and i not in taken and all(j != other for other, _, _ in taken.values()):
            taken[i] = (j, score, reasons)
    return [(gone[i], come[j], score, reasons) for i, (j, score, reasons) in sorted(taken.items())]


def _field_names(told: Sequence[Rename], old: Table, new: Table) -> set[str]:
    """The names that told renames of this table give and take."""
    mine = [rename for rename in told if rename.table in {old.name, new.name}]
    return {name for rename in mine for name in (rename.old, rename.new)}
