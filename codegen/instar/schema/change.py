"""One difference between two schema versions, as `diff` finds it and everything above works with it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from instar.schema.model import Constraint, Field, Index, Table

TableChangeKind: TypeAlias = Literal["add_table", "drop_table", "rename_table", "change_table"]
FieldChangeKind: TypeAlias = Literal[
    "add_field", "drop_field", "rename_field", "change_type", "require_field", "relax_field", "change_default"
]
IndexChangeKind: TypeAlias = Literal["add_index", "drop_index", "change_index"]
ConstraintChangeKind: TypeAlias = Literal["add_constraint", "drop_constraint"]
ChangeKind: TypeAlias = TableChangeKind | FieldChangeKind | IndexChangeKind | ConstraintChangeKind


class _Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="on"):
    """What all differences share.

    Attributes:
        table: The stored table name; of the new version where the table was renamed.
        namespace: The table's namespace where it is not the default one.
        narrows: Whether it can fail on, or lose, data that the old version allowed.
        reason: Why it narrows, in one sentence.
    """

    table: str
    namespace: str | None = None
    narrows: bool = False
    reason: str | None = None


class TableChange(_Change, frozen=True, tag="table"):
    """A table added, dropped, renamed, or changed as a whole."""

    kind: TableChangeKind
    before: Table | None = None
    after: Table | None = None


class FieldChange(_Change, frozen=True, tag="field"):
    """A field added, dropped, renamed, retyped, required, relaxed, or given another default.

    `path` is the dotted path of a nested difference inside the field.
    """

    kind: FieldChangeKind
    before: Field | None = None
    after: Field | None = None
    path: str | None = None

    @property
    def field(self) -> str:
        """The stored name: the new one, or the old one of a dropped field."""
        field = self.after or self.before
        assert field is not None
        return field.name


class IndexChange(_Change, frozen=True, tag="index"):
    """An index added, dropped, or redefined under its name."""

    kind: IndexChangeKind
    before: Index | None = None
    after: Index | None = None


class ConstraintChange(_Change, frozen=True, tag="constraint"):
    """A constraint added or dropped."""

    kind: ConstraintChangeKind
    before: Constraint | None = None
    after: Constraint | None = None


Change: TypeAlias = TableChange | FieldChange | IndexChange | ConstraintChange
