"""Mapped classes and `Table(...)` calls to tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.attributes_of import Declared, own_attributes
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.columns import column_of
from instar.dialects.sqlalchemy.reading.drafts import TableDraft
from instar.dialects.sqlalchemy.reading.library_columns import library_column
from instar.dialects.sqlalchemy.reading.values import (
    MISSING,
    Applied,
    Member,
    Missing,
    Symbol,
    Unknown,
    Value,
)
from instar.dialects.sqlalchemy.reading.vocabulary import ARGUMENTS, COLUMNS
from instar.schema.model import Opaque, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft
    from instar.dialects.sqlalchemy.reading.project import Project


class Tables:
    """The tables of a project, one draft each; a class leads to the draft of its table.

    Attributes:
        drafts: In the order in which they were found; several may have one name.
        opaque: What could not be understood and belongs to no table.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.drafts: list[TableDraft] = []
        self.opaque: list[Opaque] = []
        self._classes: dict[int, TableDraft | None] = {}
        self._calls: dict[int, TableDraft] = {}
        self._kept: list[Value] = []

    def of_class(self, owner: ClassValue) -> TableDraft | None:
        """The table that a class maps: its own, or its parent's."""
        if id(owner) not in self._classes:
            self._classes[id(owner)] = None
            self._kept.append(owner)
            if self._project.declared.mapped(owner):
                self._classes[id(owner)] = self._map(owner)
        return self._classes[id(owner)]

    def of_call(self, value: Applied) -> TableDraft | None:
        """The table that `Table(name, metadata, *columns)` makes."""
        if id(value) in self._calls:
            return self._calls[id(value)]
        if not value.arguments:
            return None
        name, *parts = value.arguments
        metadata = value.keywords.get("metadata")
        if parts and not (isinstance(parts[0], Applied) and self._is_part(parts[0])):
            metadata = parts.pop(0)
        elif "metadata" not in value.keywords:
            return None
        place = value.place or Place("", 1)
        if not isinstance(name, str):
            nameless = TableDraft("", None, None, place)
            for part in parts:
                self._table_part(nameless, part)
            reason = name.reason if isinstance(name, Unknown) else "it is computed"
            self._unnamed(f"the name of a table is not known: {reason}", nameless)
            return None
        belongs = self._project.declared.metadata_of(metadata)
        draft = TableDraft(
            name, self._namespace(value.keywords.get("schema"), belongs), belongs, place, source=value
        )
        for part in parts:
            self._table_part(draft, part)
        if value.keywords.keys() & {"autoload", "autoload_with"}:
            draft.opaque.append(Opaque(reason="its columns are reflected from the database", place=place))
        self._calls[id(value)] = draft
        self.drafts.append(draft)
        return draft

    def append(self, draft: TableDraft, part: Applied) -> None:
        """Add what `table.append_column(...)` or `table.append_constraint(...)` is given."""
        if self._is_part(part):
            self._table_part(draft, part)

    def _is_part(self, value: Applied) -> bool:
        return self._project.vocabulary.meaning(value.callee) in ARGUMENTS | COLUMNS

    def _table_part(self, draft: TableDraft, part: Value) -> None:
        meaning = self._project.vocabulary.meaning(part.callee) if isinstance(part, Applied) else ""
        if isinstance(part, Applied) and meaning in COLUMNS:
            column = column_of(self._project, "", part, None, owner=None, place=part.place or draft.place)
            if column.name:
                column.attribute = ""
                draft.add(column)
        elif isinstance(part, Applied) and (meaning in ARGUMENTS or isinstance(part.callee, Symbol)):
            draft.arguments.append((part, None))
        else:
            reason = part.reason if isinstance(part, Unknown) else "some of its columns are computed"
            draft.opaque.append(Opaque(reason=reason, place=draft.place))

    def _map(self, owner: ClassValue) -> TableDraft | None:
        given = self._project.declared.table(owner)
        if isinstance(given, Applied) and self._project.vocabulary.meaning(given.callee) == "Table":
            draft = self.of_call(given)
            if draft is not None:
                draft.owner = draft.owner or owner
            return draft
        if not isinstance(given, Missing) and given is not None:
            return None
        name = self._project.declared.tablename(owner)
        parent = self._parent(owner)
        if (
            isinstance(name, str)
            and name
            and not (parent is not None and parent.name == name and self._inherits_name(owner))
        ):
            return self._own(owner, name)
        if name is None or isinstance(name, Missing | str):
            if parent is not None:
                self._fill(parent, owner)
            return parent
        reason = name.reason if isinstance(name, Unknown) else "it is computed"
        nameless = TableDraft("", None, None, owner.place)
        self._complete(nameless, owner)
        self._unnamed(f"the table name of {owner.name} is not known: {reason}", nameless)
        return None

    def unmapped(self, reason: str, owner: ClassValue) -> None:
        """Note a class that declares columns and maps no known table."""
        nameless = TableDraft("", None, None, owner.place)
        self._complete(nameless, owner)
        self._unnamed(reason, nameless)

    def _unnamed(self, reason: str, draft: TableDraft) -> None:
        columns = None if draft.opaque else tuple(draft.columns)
        self.opaque.append(Opaque(reason=reason, place=draft.place, columns=columns))

    def _inherits_name(self, owner: ClassValue) -> bool:
        return owner.body.get("__tablename__") is MISSING

    def _parent(self, owner: ClassValue) -> TableDraft | None:
        for base in owner.ancestors:
            if base is not owner and (found := self.of_class(base)) is not None:
                return found
        return None

    def _own(self, owner: ClassValue, name: str) -> TableDraft:
        arguments = self._arguments(owner)
        options = arguments[-1] if arguments and isinstance(arguments[-1], dict) else {}
        metadata = self._project.declared.metadata(owner)
        draft = TableDraft(
            name, self._namespace(options.get("schema"), metadata), metadata, owner.place, owner=owner
        )
        self._classes[id(owner)] = draft
        self._complete(draft, owner)
        draft.arguments += [(value, owner) for value in arguments if not isinstance(value, dict)]
        self.drafts.append(draft)
        return draft

    def _complete(self, draft: TableDraft, owner: ClassValue) -> None:
        """All columns of a class: its own, and those that bases outside the project bring."""
        self._fill(draft, owner)
        brought = {column.name: column for column in self._foreign(draft, owner)}
        for column in brought.values():
            draft.add(column)  # what the class declares itself counts more, and comes later
        draft.columns = {name: draft.columns[name] for name in brought} | draft.columns

    def _fill(self, draft: TableDraft, owner: ClassValue) -> None:
        """Add the columns of a class, and the indexes that stand in its body."""
        found = list(own_attributes(self._project, owner))
        for declared in sorted(found, key=lambda each: each.giver is owner):
            for column in declared.columns:
                draft.add(column)
            self._secondary(declared)
        for name in list(owner.body.names):
            value = owner.body.get(name)
            if isinstance(value, Applied) and self._project.vocabulary.meaning(value.callee) in ARGUMENTS:
                draft.arguments.append((value, owner))
        for effect in owner.body.effects:
            value = self._project.effect(effect, owner.inside)
            if isinstance(value, Applied) and self._project.vocabulary.meaning(value.callee) in ARGUMENTS:
                draft.arguments.append((value, owner))

    def _secondary(self, declared: Declared) -> None:
        """`relationship(secondary=Table(...))`."""
        if declared.kind == "relationship" and isinstance(declared.value, Applied):
            for value in declared.value.keywords.values():
                if isinstance(value, Applied) and self._project.vocabulary.meaning(value.callee) == "Table":
                    self.of_call(value)

    def _foreign(self, draft: TableDraft, owner: ClassValue) -> Iterator[ColumnDraft]:
        """The columns that bases outside the project bring."""
        inherited = {
            id(base)
            for each in owner.ancestors
            if each is not owner and self._project.declared.mapped(each)
            for base in each.foreign
        }
        for base in owner.foreign:
            if id(base) in inherited:
                continue
            library = self._project.declared.library(base)
            if library is not None:
                for name, text in library.columns.items():
                    yield library_column(name, text, draft.place)
            elif self._project.declared.root(base) == "unknown":
                name = base.path if isinstance(base, Symbol) else getattr(base, "reason", "it is computed")
                draft.opaque.append(
                    Opaque(
                        reason=f"a base class is not known and may bring columns: {name}", place=owner.place
                    )
                )

    def _arguments(self, owner: ClassValue) -> list[Value]:
        found = self._project.declared.directive(owner, "__table_args__")
        value = found[1] if found is not None else None
        if isinstance(value, dict):
            return [value]
        if isinstance(value, list | tuple):
            return list(value)
        return [] if value is None else [value]

    def _namespace(self, given: Value, metadata: Value) -> str | None:
        """The table's own schema, else that of its metadata."""
        if isinstance(given, str):
            return given
        inherited = metadata.keywords.get("schema") if isinstance(metadata, Applied) else None
        return inherited if isinstance(inherited, str) and given is None else None

    def of_reference(self, value: Value) -> TableDraft | None:
        """The table that an expression means: a class, `User.__table__`, a Core table."""
        if isinstance(value, ClassValue):
            return self.of_class(value)
        if isinstance(value, Applied) and self._project.vocabulary.meaning(value.callee) == "Table":
            return self.of_call(value)
        if isinstance(value, Member):
            return self.of_reference(value.owner)
        return None
