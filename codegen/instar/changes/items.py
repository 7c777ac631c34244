"""What is planned as one thing: all changes of one field, one index, one constraint."""

from __future__ import annotations

import msgspec

from instar.schema.change import ConstraintChangeKind, FieldChangeKind, IndexChangeKind
from instar.schema.model import Constraint, Field, Index


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    """The table it is about, and which changes of the migration it stands for."""

    table: str
    namespace: str | None = None
    changes: tuple[int, ...] = ()

    @property
    def prefix(self) -> str:
        """The table with its namespace, as keys and titles write it."""
        return f"{self.namespace}.{self.table}" if self.namespace else self.table


class FieldItem(_Item, frozen=True):
    """All changes of one field.

    Attributes:
        kinds: What changes.
        before: The field as it is; None where it is added.
        after: The field as it will be stored; None where it is dropped.
        replaced: Whether it gets a new column beside the old one.
    """

    kinds: frozenset[FieldChangeKind]
    before: Field | None = None
    after: Field | None = None
    replaced: bool = False

    @property
    def old(self) -> Field:
        """The field as it is, where there is one."""
        assert self.before is not None
        return self.before

    @property
    def new(self) -> Field:
        """The field as it will be, where it stays."""
        assert self.after is not None
        return self.after

    def key(self, act: str, field: Field | None = None) -> str:
        """The key of one of its acts, by the stored name that the act is about."""
        name = (field or self.after or self.old).name
        return f"{self.prefix}.{name}:{act}"

    @property
    def asked(self) -> str:
        """The field as users name it in an option: by its name in code."""
        return f"{self.prefix}.{(self.after or self.old).code_name}"

    def title(self, field: Field) -> str:
        """`users.display_name`."""
        return f"{self.prefix}.{field.name}"


class IndexItem(_Item, frozen=True):
    """An index added, dropped, redefined, or carried over to columns that replace its own."""

    kind: IndexChangeKind
    before: Index | None = None
    after: Index | None = None
    carried: bool = False


class ConstraintItem(_Item, frozen=True):
    """A constraint that goes or comes with its columns, or is carried over to columns that replace its own.

    `before_columns` and `after_columns` are the stored names that it is about, a check's among them.
    """

    kind: ConstraintChangeKind
    before: Constraint | None = None
    after: Constraint | None = None
    before_columns: tuple[str, ...] = ()
    after_columns: tuple[str, ...] = ()
