"""What is known about the whole project: its mapped classes in both versions, its modules, configured types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from instar_lint.hotness import Prefilter, words_of
from instar_lint.python.guesses import snake
from instar_lint.python.modules import Modules
from instar_lint.python.values import (
    UNKNOWN,
    ColumnOf,
    Entity,
    Instance,
    RelationOf,
    StoredColumn,
    TableOf,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from instar.config import Config
    from instar.dialects.sqlalchemy.mapping import MappedAttribute, MappedClass, Models
    from instar.schema.model import Schema
    from instar.sources import Source
    from instar_lint.python.watch import FieldKey, Watch


class Column(msgspec.Struct, frozen=True):
    """The stored field that a mapped attribute stands for."""

    namespace: str | None
    table: str
    name: str


class Knowledge:
    """Everything that the analysis of one file may ask about the rest of the project.

    Args:
        models: The mapped classes of the version that the code belongs to.
        before: Those of the version before it: an attribute that only they have was removed.
        modules: The project's modules; without them a file is read by itself.
        types: What expressions hold, as configured: `{"request.user": "app.models.User"}`.
        schema: The schema of `models`, for the columns behind a relationship.
    """

    def __init__(
        self,
        models: Models,
        *,
        before: Models | None = None,
        modules: Modules | None = None,
        types: Mapping[str, str] | None = None,
        schema: Schema | None = None,
    ) -> None:
        self.models = models
        self.before = before
        self.modules = modules or Modules(None)
        self.types = dict(types or {})
        self.schema = schema
        self._classes: dict[str, tuple[MappedClass, ...]] = {}
        self._subclasses: dict[str, list[str]] = {}
        self._attributes: dict[tuple[str, str], MappedAttribute | None] = {}
        self._owners: dict[str, list[str]] = {}
        self._short: dict[str, list[str]] = {}
        self._snake: frozenset[str] | None = None
        self.rendered: list[tuple[str, dict[str, Value]]] | None = None
        self.memory = self.modules.memory
        self._patterns: dict[Watch, re.Pattern[bytes]] = {}
        self._prefilters: dict[Watch, Prefilter] = {}
        self._hot_names: dict[Watch, frozenset[str]] = {}
        self._index()

    @classmethod
    def of(cls, source: Source, config: Config, *, before: Source | None = None) -> Knowledge:
        """Read the models of a version, and of the version before it where there is one.

        Raises:
            InstarError: The configuration names a file that does not exist, or two classes contradict each other.
        """
        from instar.dialects.sqlalchemy.reader import read_models  # noqa: PLC0415 - the plugin reads a cache

        reading = read_models(source, config)
        old = read_models(before, config).models if before is not None else None
        modules = Modules(
            source, [file.path for file in source.files((".py",))], dict(reading.models.modules)
        )
        return cls(reading.models, before=old, modules=modules, types=config.types, schema=reading.schema)

    def _index(self) -> None:
        for models in (self.models, self.before):
            for found in models.classes if models else ():
                qualified = found.qualified
                self._classes[qualified] = (*self._classes.get(qualified, ()), found)
                if len(self._classes[qualified]) == 1:
                    self._short.setdefault(found.name, []).append(qualified)
                for base in found.bases:
                    if qualified not in self._subclasses.setdefault(base, []):
                        self._subclasses[base].append(qualified)
                for attribute in found.attributes:
                    owners = self._owners.setdefault(attribute.name, [])
                    if qualified not in owners:
                        owners.append(qualified)

    def mapped(self, qualified: str) -> MappedClass | None:
        """The mapped class (or mapped mixin) of that qualified name, in the newest version that has it."""
        found = self._classes.get(qualified)
        return found[0] if found else None

    def classes(self) -> Iterator[str]:
        """The qualified names of all mapped classes."""
        return iter(self._classes)

    def attribute(self, qualified: str, name: str) -> MappedAttribute | None:
        """What a class maps under a name: in its newest version, else in the version before."""
        key = (qualified, name)
        if key not in self._attributes:
            found = (a for c in self._classes.get(qualified, ()) for a in c.attributes if a.name == name)
            self._attributes[key] = next(found, None)
        return self._attributes[key]

    def subclasses(self, qualified: str) -> Iterator[str]:
        """The mapped classes below a class, nearest first."""
        seen = {qualified}
        todo = list(self._subclasses.get(qualified, ()))
        while todo:
            name = todo.pop(0)
            if name not in seen:
                seen.add(name)
                yield name
                todo.extend(self._subclasses.get(name, ()))

    def columns(self, qualified: str, name: str) -> tuple[Column, ...]:
        """The stored fields that an attribute of a class stands for: several where the class is a mixin."""
        attribute = self.attribute(qualified, name)
        if attribute is not None and attribute.kind not in ("column", "synonym"):
            return ()
        found = self._column(qualified, name) if attribute is not None else None
        if found is not None:
            return (found,)
        below = (self._column(sub, name) for sub in self.subclasses(qualified) if self.attribute(sub, name))
        return tuple(dict.fromkeys(column for column in below if column is not None))

    def _column(self, qualified: str, name: str) -> Column | None:
        for cls in self._classes[qualified]:
            attribute = cls.attribute(name)
            if attribute is not None:
                table = attribute.table or cls.table
                if attribute.column is None or table is None or cls.abstract:
                    return None
                return Column(cls.namespace, table, attribute.column)
        return None

    def stored_column(self, table: str, namespace: str | None, name: str) -> tuple[Column, ...]:
        """The column of a Core table that `.c.name` or raw SQL names, where a version has it."""
        for models in (self.models, self.before):
            for cls in models.of_table(table, namespace) if models is not None else ():
                if any(a.column == name and a.kind == "column" for a in cls.attributes):
                    return (Column(namespace, table, name),)
            for core in models.tables if models is not None else ():
                if (core.namespace, core.table) == (namespace, table):
                    return (Column(namespace, table, dict(core.keys).get(name, name)),)
        return ()

    def stored_anywhere(self, table: str, namespace: str | None, name: str) -> tuple[Column, ...]:
        """The column that raw SQL names: without a namespace it may be any table of that name."""
        found = self.stored_column(table, namespace, name)
        if found or namespace is not None:
            return found
        spaces = {c[0].namespace for c in self._classes.values() if c[0].table == table}
        return tuple(
            column
            for space in sorted(filter(None, spaces))
            for column in self.stored_column(table, space, name)
        )

    def table_of(self, value: object) -> tuple[str | None, str] | None:
        """The namespace and name of the table behind a class, a row or a Core table."""
        if isinstance(value, TableOf | StoredColumn):
            return (value.namespace, value.table)
        if isinstance(value, Entity | Instance | ColumnOf | RelationOf):
            cls = self.mapped(value.cls)
            return (cls.namespace, cls.table) if cls is not None and cls.table is not None else None
        return None

    def seeded(self, path: str) -> Value:
        """What the configuration says that an expression holds."""
        qualified = self.types.get(path)
        if qualified is None:
            return UNKNOWN
        if self.mapped(qualified) is not None:
            return Instance(qualified)
        short = self.by_short_name(qualified.rsplit(".", 1)[-1])
        return Instance(short[0]) if len(short) == 1 else UNKNOWN

    def relation_fields(self, qualified: str, name: str) -> tuple[str, ...]:
        """The stored fields of a class's own table that a many-to-one relationship compares: its foreign key."""
        relation = self.attribute(qualified, name)
        own = self.table_of(Entity(qualified))
        other = self.table_of(Entity(relation.target)) if relation is not None and relation.target else None
        if (
            relation is None
            or relation.kind != "relationship"
            or relation.many
            or own is None
            or other is None
        ):
            return ()
        table = self.schema.table(own[1], own[0]) if self.schema is not None else None
        keys = [
            c.fields
            for c in (table.constraints if table is not None else ())
            if c.references is not None and (c.references.namespace, c.references.table) == other
        ]
        return keys[0] if len(keys) == 1 else ()

    def index_names(self, value: object) -> tuple[str, ...]:
        """The names of the indexes of the table behind a class."""
        key = self.table_of(value)
        table = self.schema.table(key[1], key[0]) if self.schema is not None and key is not None else None
        return tuple(index.name for index in table.indexes if index.name) if table is not None else ()

    def unique_fields(self, value: object, name: str) -> tuple[str, ...]:
        """The stored names of the fields that a unique index or constraint of that name holds, if it is known."""
        key = self.table_of(value)
        table = self.schema.table(key[1], key[0]) if self.schema is not None and key is not None else None
        if table is None:
            return ()
        declared = [(c.name, c.fields) for c in table.constraints if c.kind in ("primary_key", "unique")]
        declared += [(index.name, index.fields) for index in table.indexes if index.unique]
        chosen = {name: fields for name, fields in declared if name}
        for given, fields in declared:
            if not given:  # PostgreSQL chooses the name then
                words = ("pkey",) if fields == table.primary_key else (*fields, "key")
                chosen["_".join((table.name, *words))] = fields
        return chosen.get(name, ())

    def primary_key(self, key: tuple[str | None, str]) -> tuple[str, ...]:
        """The stored names of a table's primary key."""
        table = self.schema.table(key[1], key[0]) if self.schema is not None else None
        return table.primary_key if table is not None else ()

    def owners(self, name: str) -> list[str]:
        """The mapped classes that have an attribute of that name, in either version."""
        return self._owners.get(name, [])

    def of_table(self, table: str, namespace: str | None) -> list[str]:
        """The classes that map a table."""
        return [
            q
            for q, found in self._classes.items()
            if any((c.namespace, c.table) == (namespace, table) for c in found)
        ]

    def by_short_name(self, name: str) -> list[str]:
        """The qualified names of the mapped classes called so."""
        return self._short.get(name, [])

    def names_another(self, variable: str) -> bool:
        """Whether a variable is called like some mapped class."""
        if self._snake is None:
            named = [snake(name) for name in self._short]
            self._snake = frozenset((*named, *(name.replace("_", "") for name in named)))
        return snake(variable) in self._snake

    def prefilter(self, watch: Watch) -> Prefilter:
        """What tells which files may have a wanted fact, and on which lines."""
        if watch not in self._prefilters:
            names = () if watch.everything else self.hot_names(watch)
            columns = self._attribute_names(watch.columns)
            self._prefilters[watch] = Prefilter(self.hot(watch), names, self.dynamic(watch), columns)
        return self._prefilters[watch]

    def hot(self, watch: Watch) -> re.Pattern[bytes] | None:
        """A pattern that every file with a wanted fact matches; None where every file may have one."""
        if watch.everything:
            return None
        if watch not in self._patterns:
            self._patterns[watch] = words_of(self.hot_names(watch))
        return self._patterns[watch]

    def dynamic(self, watch: Watch) -> re.Pattern[bytes] | None:
        """A pattern of code that might name any field of a watched table; None where that is not wanted."""
        if not watch.dynamic or watch.everything:
            return None
        tables = {(field[0], field[1]) for field in watch.fields}
        classes = {
            q.rsplit(".", 1)[-1] for namespace, table in tables for q in self.of_table(table, namespace)
        }
        made = "|".join(re.escape(name) for name in sorted(classes)) or "(?!)"
        pattern = (
            r"\b(?:get|set|del)attr\(\s*[^,()\n]+,\s*(?![\"'\s])"
            rf"|\b(?:{made})\([^()]*(?:\([^()]*\)[^()]*)*\*\*|\b(?:filter_by|values)\(\s*\*\*"
        )
        return re.compile(pattern.encode())

    def hot_names(self, watch: Watch) -> frozenset[str]:
        """The words that a wanted fact needs: attributes, stored names, classes and tables, index names."""
        if watch not in self._hot_names:
            self._hot_names[watch] = self._names_of(watch)
        return self._hot_names[watch]

    def _names_of(self, watch: Watch) -> frozenset[str]:
        names = {*watch.indexes, *self._attribute_names(watch.fields)}
        for namespace, table in watch.tables:
            names.add(table)
            for qualified in self.of_table(table, namespace):
                names.add(qualified.rsplit(".", 1)[-1])
                names.update(
                    r.name for c in self._classes.values() for r in _relations(c[0]) if r.target == qualified
                )
        return frozenset(names)

    def _attribute_names(self, fields: Iterable[FieldKey]) -> set[str]:
        """What code calls these stored fields: by their own names, and by their attributes'."""
        names: set[str] = set()
        for namespace, table, field in fields:
            names.add(field)
            for qualified in self.of_table(table, namespace):
                for found in self._classes[qualified]:
                    names.update(a.name for a in found.attributes if a.column == field)
        return names


def _relations(cls: MappedClass) -> Iterator[MappedAttribute]:
    return (a for a in cls.attributes if a.kind == "relationship")
