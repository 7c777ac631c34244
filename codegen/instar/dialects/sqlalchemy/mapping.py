"""Which class maps which table, and what its attributes are: what a linter must know of the models.

Pure data and lookups; the reader fills it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal, TypeAlias

import msgspec

from instar.schema.model import Place, Schema

AttributeKind: TypeAlias = Literal[
    "column",
    "column_property",
    "relationship",
    "hybrid",
    "synonym",
    "composite",
    "proxy",
    "property",
    "method",
]


class MappedAttribute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attribute of a mapped class, its own or inherited.

    Attributes:
        name: The name in code.
        kind: What it is; `property` also stands for plain class attributes, `proxy` for an association proxy.
        column: The stored name of a column, or of the column that a synonym stands for.
        table: The table of that column where it is not the class's own (joined inheritance).
        target: The qualified class that a relationship leads to; None where it is not known.
        many: Whether a relationship holds a collection.
        deferred: Whether an entity SELECT leaves the column out.
        back: The attribute of the target class that is the other side.
        dynamic: Whether a relationship is a query (`lazy="dynamic"`) or write-only.
        place: Where it is declared; for the other side of a `backref`, where that backref stands.
    """

    name: str
    kind: AttributeKind
    column: str | None = None
    table: str | None = None
    target: str | None = None
    many: bool = False
    deferred: bool = False
    back: str | None = None
    dynamic: bool = False
    place: Place | None = None


class MappedClass(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A class that maps a table, or a base or mixin of such classes.

    Attributes:
        qualified: `app.models.User`.
        module: `app.models`.
        name: `User`.
        path: The file that defines it.
        place: Where.
        bases: The qualified names of its bases, those of libraries included, in order.
        table: The stored name of the table that it maps (of the parent in single-table inheritance).
        namespace: The table's namespace where it is not the default one.
        attributes: Its own and inherited attributes, sorted by name.
        abstract: Whether it maps no table itself.
        polymorphic: Whether it shares its parent's table.
    """

    qualified: str
    module: str
    name: str
    path: str
    place: Place
    bases: tuple[str, ...] = ()
    table: str | None = None
    namespace: str | None = None
    attributes: tuple[MappedAttribute, ...] = ()
    abstract: bool = False
    polymorphic: bool = False

    def attribute(self, name: str) -> MappedAttribute | None:
        """The attribute that code calls `name`, if there is one."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


class CoreTable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A module-level `Table(...)` object: the qualified variable that holds it, and its table.

    `keys` are pairs of the key under `.c` and the stored name, only where they differ.
    """

    qualified: str
    table: str
    namespace: str | None = None
    keys: tuple[tuple[str, str], ...] = ()
    place: Place | None = None


class Models(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All mapped classes of one version, with lookups.

    Attributes:
        classes: Sorted by qualified name.
        tables: The Core tables, sorted by qualified variable.
        modules: Pairs of a path and the dotted module name that the project imports it by.
    """

    classes: tuple[MappedClass, ...] = ()
    tables: tuple[CoreTable, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()

    @cached_property
    def _qualified(self) -> dict[str, MappedClass]:
        return {mapped.qualified: mapped for mapped in self.classes}

    @cached_property
    def _short(self) -> dict[str, tuple[MappedClass, ...]]:
        found: dict[str, tuple[MappedClass, ...]] = {}
        for mapped in self.classes:
            found[mapped.name] = (*found.get(mapped.name, ()), mapped)
        return found

    @cached_property
    def _stored(self) -> dict[tuple[str | None, str], tuple[MappedClass, ...]]:
        found: dict[tuple[str | None, str], tuple[MappedClass, ...]] = {}
        for mapped in self.classes:
            if mapped.table is not None and not mapped.abstract:
                key = (mapped.namespace, mapped.table)
                found[key] = (*found.get(key, ()), mapped)
        return found

    @cached_property
    def _variables(self) -> dict[str, CoreTable]:
        return {table.qualified: table for table in self.tables}

    def get(self, qualified: str) -> MappedClass | None:
        """The class of that qualified name."""
        return self._qualified.get(qualified)

    def named(self, name: str) -> tuple[MappedClass, ...]:
        """The classes of that short name."""
        return self._short.get(name, ())

    def of_table(self, table: str, namespace: str | None = None) -> tuple[MappedClass, ...]:
        """The classes that map a table, those of single-table inheritance included."""
        return self._stored.get((namespace, table), ())

    def core_table(self, qualified: str) -> CoreTable | None:
        """The Core table that a qualified variable holds."""
        return self._variables.get(qualified)

    def subclasses(self, qualified: str) -> tuple[MappedClass, ...]:
        """The classes that inherit from a class, directly or not."""
        found = {qualified}
        grown = True
        while grown:
            below = {c.qualified for c in self.classes if c.qualified not in found and found & set(c.bases)}
            found |= below
            grown = bool(below)
        return tuple(c for c in self.classes if c.qualified in found and c.qualified != qualified)


class Reading(msgspec.Struct, frozen=True):
    """What one version says: its tables, the classes that map them, and the files that this came from."""

    schema: Schema
    models: Models
    files: tuple[str, ...] = ()
