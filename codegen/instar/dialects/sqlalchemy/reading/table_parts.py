"""Indexes and constraints of one table: from column flags, `__table_args__`, `Table(...)` and module level."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, get_args

from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.naming import Named, name_of
from instar.dialects.sqlalchemy.reading.sql_text import SqlText
from instar.dialects.sqlalchemy.reading.values import Applied, Member, SqlOperation, Symbol, Unknown, Value
from instar.dialects.sqlalchemy.reading.vocabulary import COLUMNS
from instar.schema.model import Constraint, Index, IndexKey, IndexKind, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft, ForeignKeyDraft, TableDraft
    from instar.dialects.sqlalchemy.reading.project import Project

_KINDS: dict[str, IndexKind] = {
    "hnsw": "vector",
    "ivfflat": "vector",
    "sp-gist": "spgist",
    "rum": "search",
    "zombodb": "search",
}
_ORDERS = frozenset({"desc", "asc", "nullslast", "nulls_last", "nullsfirst", "nulls_first"})
_ORDERED = re.compile(r'\s*"?(\w+)"?(\s+desc)?\s*', re.IGNORECASE)


class Parts:
    """Reads the indexes and constraints of one table.

    Args:
        project: The project.
        table: The table, its columns complete.
        rules: The naming convention of its metadata.
        refer: Gives table and columns that a foreign key's target means, and None where that is not known.
    """

    def __init__(
        self,
        project: Project,
        table: TableDraft,
        rules: dict[str, str],
        refer: Callable[[Value, TableDraft], Reference | None],
    ) -> None:
        self._project = project
        self._table = table
        self._rules = rules
        self._refer = refer
        self._sources = {
            id(column.source): column for column in table.columns.values() if column.source is not None
        }
        self._sql = SqlText(project, self.column)
        self.unknown: list[str] = []

    def column(self, value: Value) -> str | None:
        """The stored name of the column that a value refers to."""
        found: ColumnDraft | None = None
        if isinstance(value, Applied):
            found = self._sources.get(id(value))
            if found is None and self._project.vocabulary.meaning(value.callee) in COLUMNS:
                named = value.arguments[0] if value.arguments else None  # `func.lower(Column("email"))`
                found = self._table.columns.get(named) if isinstance(named, str) else None
        elif isinstance(value, Member) and isinstance(value.owner, ClassValue):
            found = self._table.attributes.get(value.name)
        elif (
            isinstance(value, Member)
            and isinstance(value.owner, Member)
            and value.owner.name in {"c", "columns"}
        ):
            found = self._table.attributes.get(value.name) or self._table.columns.get(value.name)
        return found.name if found is not None else None

    def read(self) -> tuple[tuple[Index, ...], tuple[Constraint, ...]]:
        """All indexes and constraints: those of columns first, then the arguments in order."""
        indexes: list[Index] = []
        constraints = [self._primary_key(), *self._of_columns(indexes)]
        for value, _ in self._table.arguments:
            if isinstance(value, Applied):
                found = self._argument(value)
                if isinstance(found, Index):
                    indexes.append(found)
                elif isinstance(found, Constraint):
                    constraints.append(found)
            elif isinstance(value, Unknown):
                self.unknown.append(value.reason)
        if any(constraint.kind == "primary_key" for constraint in constraints[1:]):
            constraints = constraints[1:]
        return tuple(indexes), tuple(c for c in constraints if c.kind != "primary_key" or c.fields)

    def _primary_key(self) -> Constraint:
        fields = tuple(column.name for column in self._table.columns.values() if column.primary_key)
        return Constraint(
            kind="primary_key", name=self._name("pk", fields), fields=fields, place=self._table.place
        )

    def _of_columns(self, indexes: list[Index]) -> Iterator[Constraint]:
        for column in self._table.columns.values():
            fields = (column.name,)
            if column.index:
                name = self._name("ix", fields)
                indexes.append(
                    Index(name=name, keys=(IndexKey(column.name),), unique=column.unique, place=column.place)
                )
            elif column.unique:
                yield Constraint(
                    kind="unique", name=self._name("uq", fields), fields=fields, place=column.place
                )
            for key in (each for each in column.foreign_keys if not each.type_only):
                yield self._foreign_key(column, key)
            for check in column.checks:
                found = self._argument(check)
                if isinstance(found, Constraint):
                    yield found

    def _foreign_key(self, column: ColumnDraft, key: ForeignKeyDraft) -> Constraint:
        reference = self._refer(key.target, self._table)
        if reference is None:
            column.opaque = column.opaque or "what its foreign key points at is not known"
        else:
            reference = Reference(
                table=reference.table,
                fields=reference.fields,
                namespace=reference.namespace,
                on_delete=key.on_delete,
                on_update=key.on_update,
            )
        name = self._name("fk", (column.name,), key.name, reference)
        return Constraint(
            kind="foreign_key",
            name=name,
            fields=(column.name,),
            references=reference,
            place=key.place or column.place,
        )

    def _name(
        self, kind: str, fields: tuple[str, ...], given: Value = None, reference: Reference | None = None
    ) -> str | None:
        text = given if isinstance(given, str) else None
        if isinstance(given, Applied) and given.arguments and isinstance(given.arguments[0], str):
            if getattr(given.callee, "name", "") in {"conv", "f"}:
                return given.arguments[0]
            text = given.arguments[0]
        named = Named(
            kind,
            self._table.name,
            self._table.namespace,
            fields,
            text,
            reference.table if reference else "",
            reference.fields if reference else (),
        )
        return name_of(self._rules, named)

    def _argument(self, value: Applied) -> Index | Constraint | None:
        match self._project.vocabulary.meaning(value.callee):
            case "Index":
                return self._index(value)
            case "UniqueConstraint":
                fields = self._fields(value.arguments)
                return self._constraint("unique", "uq", value, fields) if fields is not None else None
            case "PrimaryKeyConstraint":
                fields = self._fields(value.arguments)
                if fields is None:
                    return None
                for name in fields:
                    self._table.columns[name].primary_key, self._table.columns[name].optional = True, False
                return self._constraint("primary_key", "pk", value, fields) if fields else None
            case "CheckConstraint":
                return self._check(value)
            case "ForeignKeyConstraint":
                return self._foreign_keys(value)
            case _:
                return None

    def _constraint(self, kind: str, short: str, value: Applied, fields: tuple[str, ...]) -> Constraint:
        name = self._name(short, fields, value.keywords.get("name"))
        return Constraint(kind=kind, name=name, fields=fields, place=value.place)  # type: ignore[arg-type]  # called with its literals only

    def _check(self, value: Applied) -> Constraint:
        first = value.arguments[0] if value.arguments else value.keywords.get("sqltext")
        text = first if isinstance(first, str) else self._sql.render(first)
        name = self._name("ck", (), value.keywords.get("name"))
        return Constraint(kind="check", name=name, expression=text or "?", place=value.place)

    def _foreign_keys(self, value: Applied) -> Constraint | None:
        columns = value.arguments[0] if value.arguments else value.keywords.get("columns")
        targets = value.arguments[1] if len(value.arguments) > 1 else value.keywords.get("refcolumns")
        if not isinstance(columns, list | tuple) or not isinstance(targets, list | tuple):
            self.unknown.append("a foreign key is computed")
            return None
        fields = self._fields(tuple(columns))
        found = [self._refer(target, self._table) for target in targets]
        references = [reference for reference in found if reference is not None]
        if fields is None or not references or len(references) != len(found):
            self.unknown.append("a foreign key is computed")
            return None
        on_delete, on_update = value.keywords.get("ondelete"), value.keywords.get("onupdate")
        reference = Reference(
            table=references[0].table,
            namespace=references[0].namespace,
            fields=tuple(each.fields[0] for each in references),
            on_delete=on_delete if isinstance(on_delete, str) else None,
            on_update=on_update if isinstance(on_update, str) else None,
        )
        name = self._name("fk", fields, value.keywords.get("name"), reference)
        return Constraint(
            kind="foreign_key", name=name, fields=fields, references=reference, place=value.place
        )

    def _fields(self, values: tuple[Value, ...]) -> tuple[str, ...] | None:
        names = [self._field(value) for value in values]
        known = [name for name in names if name is not None]
        if len(known) != len(names):
            self.unknown.append("the columns of a constraint are computed")
            return None
        return tuple(known)

    def _field(self, value: Value) -> str | None:
        if isinstance(value, str):
            if value in self._table.columns:
                return value
            found = self._table.attributes.get(value)
            return found.name if found is not None else None
        return self.column(value)

    def _index(self, value: Applied) -> Index | None:
        given, *parts = value.arguments or (None,)
        keys = [self._key(part) for part in parts]
        known = [key for key in keys if key is not None]
        if len(known) != len(keys) or not known:
            self.unknown.append("the columns of an index are computed")
            return None
        where = next(
            (
                value.keywords[k]
                for k in ("postgresql_where", "sqlite_where", "mssql_where")
                if k in value.keywords
            ),
            None,
        )
        include = value.keywords.get("postgresql_include")
        fields = tuple(key.text for key in known)
        return Index(
            name=self._name("ix", fields, given),
            keys=tuple(known),
            unique=value.keywords.get("unique") is True,
            kind=_kind(value),
            predicate=self._predicate(where),
            include=(self._fields(tuple(include)) or ()) if isinstance(include, list | tuple) else (),
            place=value.place,
        )

    def _predicate(self, where: Value) -> str | None:
        if where is None:
            return None
        return where if isinstance(where, str) else self._sql.render(where) or "?"

    def _key(self, value: Value) -> IndexKey | None:
        inner, descending, nulls = _without_order(value)
        name = self._field(inner)
        if name is not None:
            return IndexKey(name, descending=descending, nulls=nulls)
        if isinstance(inner, Applied | SqlOperation | Symbol | Member):
            text = self._sql.render(inner)
            if text is None:
                return None
            plain = _ORDERED.fullmatch(text)
            if plain is not None and plain[1] in self._table.columns:
                return IndexKey(plain[1], descending=descending or plain[2] is not None, nulls=nulls)
            return IndexKey(text, expression=True, descending=descending, nulls=nulls)
        known = isinstance(inner, str) and bool(self._table.opaque)  # a column that the table may have
        return IndexKey(str(inner), descending=descending) if known else None


def _without_order(value: Value) -> tuple[Value, bool, Literal["first", "last"] | None]:
    """An index's part without what orders it (`.desc()`, `desc(...)`, `nulls_last(...)`), and how it is ordered."""
    descending = False
    nulls: Literal["first", "last"] | None = None
    while isinstance(value, Applied):
        name = getattr(value.callee, "name", "")
        if name not in _ORDERS or ".func." in getattr(value.callee, "path", ""):
            break
        inner = value.callee.owner if isinstance(value.callee, Member) else (value.arguments or (None,))[0]
        descending = descending or name == "desc"
        if name.startswith("nulls"):
            nulls = "first" if name.endswith("first") else "last"
        value = inner
    return value, descending, nulls


def _kind(value: Applied) -> IndexKind:
    using = value.keywords.get("postgresql_using") or value.keywords.get("mysql_using")
    if not isinstance(using, str):
        prefix = value.keywords.get("mysql_prefix") or value.keywords.get("mariadb_prefix")
        return "search" if prefix == "FULLTEXT" else "btree"
    lowered = using.lower()
    if lowered in _KINDS:
        return _KINDS[lowered]
    return lowered if lowered in get_args(IndexKind) else "other"  # type: ignore[return-value]  # checked on this line
