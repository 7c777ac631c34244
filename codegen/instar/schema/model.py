"""The schema model: what one version of an application's schema says, whatever dialect declared it.

Everything is a frozen `msgspec.Struct`, so that values can be compared, hashed, cached and written as
canonical JSON (`snapshot.py`). Names are *stored* names (table and column names); the name in code stands in
`Field.attribute`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from instar.schema.types import FieldType

ConstraintKind: TypeAlias = Literal["primary_key", "unique", "foreign_key", "check"]
IndexKind: TypeAlias = Literal["btree", "hash", "gin", "gist", "spgist", "brin", "search", "vector", "other"]


class _Model(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Shared configuration: frozen, keyword-only, defaults left out of the JSON."""


class Place(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Where something was declared: a path relative to the repository root, 1-based line and column.

    Columns count characters, not bytes.
    """

    path: str
    line: int
    column: int = 1


class Default(_Model, frozen=True):
    """A default value, by its text: Python source for a client default, SQL for a server default.

    `constant` is true when the text is one literal, the same for every row.
    """

    text: str
    constant: bool = False


class Field(_Model, frozen=True):
    """A column or document field.

    Attributes:
        name: The stored name.
        type: The normalised type, equal across spellings.
        optional: Whether it may be absent or NULL.
        attribute: The name in code where it differs from `name`, else an empty string.
        spelling: The type as the dialect wrote it, for code generation; no part of any comparison.
        default: The client-side default, run by the application on insert.
        server_default: The default that the database applies.
        onupdate: The client-side value on update.
        generated: The SQL of a computed column.
        autoincrement: Whether the database numbers the rows.
        comment: The declared comment.
        deprecated: Why and since when it should no longer be used.
        place: Where it is declared.
    """

    name: str
    type: FieldType
    optional: bool = False
    attribute: str = ""
    spelling: str = ""
    default: Default | None = None
    server_default: Default | None = None
    onupdate: Default | None = None
    generated: str | None = None
    autoincrement: bool = False
    comment: str | None = None
    deprecated: str | None = None
    place: Place | None = None

    @property
    def code_name(self) -> str:
        """The name that application code uses."""
        return self.attribute or self.name


class IndexKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of an index: a stored field name, or the SQL text of an expression.

    `descending` and `nulls` (where the empty values come) are set only where they are declared.
    """

    text: str
    expression: bool = False
    descending: bool = False
    nulls: Literal["first", "last"] | None = None

    @property
    def order(self) -> str:
        """What follows the key in SQL, with a space before it; nothing for the default order."""
        nulls = f" NULLS {self.nulls.upper()}" if self.nulls else ""
        return (" DESC" if self.descending else "") + nulls


class Index(_Model, frozen=True):
    """An index.

    Attributes:
        name: Its name in the database, or None where it could not be computed.
        keys: Ordered columns or expressions.
        unique: Whether it forbids duplicates.
        kind: What it is good for.
        predicate: The SQL condition of a partial index.
        include: Stored but unordered columns; for search and vector indexes the filter fields.
        staged: Declared, and not to be queried yet (Convex).
        valid: False for a leftover that the database does not use (PostgreSQL after a failed concurrent build).
        dimensions: The length of the vectors of a vector index.
        place: Where it is declared.
    """

    name: str | None
    keys: tuple[IndexKey, ...]
    unique: bool = False
    kind: IndexKind = "btree"
    predicate: str | None = None
    include: tuple[str, ...] = ()
    staged: bool = False
    valid: bool = True
    dimensions: int | None = None
    place: Place | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The keys as the JSON contract shows them: column names, or expressions as their SQL text."""
        return tuple(key.text for key in self.keys)


class Reference(_Model, frozen=True):
    """What a foreign key points at."""

    table: str
    fields: tuple[str, ...]
    namespace: str | None = None
    on_delete: str | None = None
    on_update: str | None = None


class Constraint(_Model, frozen=True):
    """A primary key, unique, foreign key or check constraint.

    `fields` are stored names in order; a check has an `expression`; a foreign key a `references`.
    """

    kind: ConstraintKind
    name: str | None = None
    fields: tuple[str, ...] = ()
    expression: str | None = None
    references: Reference | None = None
    place: Place | None = None


TABLE_ARGUMENTS = "__table_args__"
"""The `field` of an `Opaque` that may hide indexes and constraints of its table, and no fields."""


class Opaque(_Model, frozen=True):
    """Something that a reader saw and could not understand: its place and why.

    With a `field` the field is known to exist and only its definition is not. Without one, the table may have
    more fields than are listed, and of a schema more tables: nothing that is missing from it counts as removed.

    Attributes:
        columns: Of a table whose name is not known: the fields that it has, where all of them are known.
    """

    reason: str
    place: Place | None = None
    field: str | None = None
    columns: tuple[str, ...] | None = None


class Unreadable(_Model, frozen=True):
    """A file that could not be parsed at all. It may define anything.

    Attributes:
        content: What identifies its content, where that is known; a file that stays the same hides nothing new.
    """

    path: str
    reason: str
    line: int | None = None
    content: str | None = None


class Table(_Model, frozen=True):
    """A table or document collection.

    Attributes:
        name: The stored name.
        namespace: The database schema where it is not the default one.
        fields: In declared order.
        indexes: All of them but those that back a primary key or a unique constraint.
        constraints: Primary key, unique, foreign keys, checks.
        shape: None for a plain record; the whole validator where documents are a union or anything.
        staged_shape: The proposed next validator of the whole table, which is checked but not enforced (Convex).
        opaque: What of it could not be understood.
        place: Where it is declared.
    """

    name: str
    namespace: str | None = None
    fields: tuple[Field, ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    shape: FieldType | None = None
    staged_shape: FieldType | None = None
    opaque: tuple[Opaque, ...] = ()
    place: Place | None = None

    @property
    def key(self) -> tuple[str | None, str]:
        """The namespace and the name: what identifies a table."""
        return (self.namespace, self.name)

    @property
    def open(self) -> bool:
        """Whether it may have fields that the reader did not see."""
        return any(part.field is None for part in self.opaque)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The stored names of the primary key's fields, in order; empty where there is none."""
        return next((c.fields for c in self.constraints if c.kind == "primary_key"), ())

    def field(self, name: str) -> Field | None:
        """The field stored as `name`, if there is one."""
        return next((field for field in self.fields if field.name == name), None)

    def attribute(self, name: str) -> Field | None:
        """The field that code calls `name`, if there is one."""
        return next((field for field in self.fields if field.code_name == name), None)


class Schema(_Model, frozen=True):
    """One version of a schema.

    Attributes:
        dialect: The name of the dialect that read it.
        tables: Sorted by namespace and name.
        validated: False where the database checks nothing (Convex's `schemaValidation: false`).
        backend: The database that it was read from, where it was a live one; None for a declared schema.
        opaque: What could not be understood and belongs to no one table.
        unreadable: Files that could not be parsed and might define tables.
    """

    dialect: str
    tables: tuple[Table, ...] = ()
    validated: bool = True
    backend: str | None = None
    opaque: tuple[Opaque, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    def table(self, name: str, namespace: str | None = None) -> Table | None:
        """The table of that namespace and name, if there is one."""
        return next((t for t in self.tables if t.key == (namespace, name)), None)
