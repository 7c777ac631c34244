"""A table while it is being assembled: columns and constraints whose names and types are not settled yet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading.classes import ClassValue
    from instar.dialects.sqlalchemy.reading.values import Applied, Value
    from instar.dialects.sqlalchemy.types import TypeReading
    from instar.schema.model import Default, Opaque, Place


@dataclass(slots=True)
class ForeignKeyDraft:
    """`ForeignKey(...)` on a column; a copy of a column has the type of what it references, and no constraint."""

    target: Value
    place: Place | None
    name: Value = None
    on_delete: str | None = None
    on_update: str | None = None
    type_only: bool = False


@dataclass(slots=True)
class ColumnDraft:
    """A column: what its call and its annotation say.

    Attributes:
        source: The call that made it, by which expressions refer to it.
        type: None where it is not known, or follows a foreign key.
        autoincrement: The keyword; `"auto"` where it is absent.
        opaque: Why its definition is not fully known.
    """

    name: str
    attribute: str
    place: Place
    source: Value = None
    key: str = ""
    type: TypeReading | None = None
    optional: bool = True
    primary_key: bool = False
    index: bool = False
    unique: bool = False
    foreign_keys: list[ForeignKeyDraft] = field(default_factory=list)
    checks: list[Applied] = field(default_factory=list)
    default: Default | None = None
    server_default: Default | None = None
    onupdate: Default | None = None
    generated: str | None = None
    identity: bool = False
    autoincrement: Value = "auto"
    comment: str | None = None
    opaque: str | None = None
    deferred: bool = False


@dataclass(slots=True)
class TableDraft:
    """A table: its columns by stored name, and what its arguments add.

    Attributes:
        metadata: The `MetaData` that it belongs to.
        owner: The class that declares it; None for a Core table.
        source: The call of `Table`, by which expressions refer to it.
        arguments: Constraints and indexes, with the class in whose terms they are written.
        opaque: What is not known.
        attributes: Name in code to column, of all classes that share the table.
    """

    name: str
    namespace: str | None
    metadata: Value
    place: Place
    owner: ClassValue | None = None
    source: Value = None
    columns: dict[str, ColumnDraft] = field(default_factory=dict)
    arguments: list[tuple[Value, ClassValue | None]] = field(default_factory=list)
    opaque: list[Opaque] = field(default_factory=list)
    attributes: dict[str, ColumnDraft] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str | None, str]:
        """Namespace and name."""
        return (self.namespace, self.name)

    def beside(self, name: str) -> TableDraft:
        """An empty table that is made because of this one: no class maps it, and what is not known here is not there."""
        return replace(
            self,
            name=name,
            owner=None,
            source=None,
            columns={},
            arguments=[],
            attributes={},
            opaque=list(self.opaque),
        )

    def add(self, column: ColumnDraft) -> None:
        """Add a column; the first of a name stays (single-table subclasses may repeat one)."""
        self.columns.setdefault(column.name, column)
        self.attributes.setdefault(column.key or column.attribute, self.columns[column.name])
        if column.attribute:
            self.attributes.setdefault(column.attribute, self.columns[column.name])
