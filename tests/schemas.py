"""Small schemas, written in one line."""

from __future__ import annotations

from instar.plan import PlanOptions, make_plan
from instar.schema.diff import diff
from instar.schema.migration import Migration
from instar.schema.model import Constraint, Default, Field, Index, IndexKey, Reference, Schema, Table
from instar.schema.renames import parse_rename
from instar.schema.types import FieldType, IntType, StringType

INT = IntType()
KEY = Field(name="id", type=INT, autoincrement=True)


def text(length: int = 80) -> StringType:
    return StringType(length=length)


def field(name: str, kind: FieldType | None = None, **more: object) -> Field:
    return Field(name=name, type=kind or text(), **more)  # type: ignore[arg-type]  # keywords of Field


def constant(sql: str) -> Default:
    return Default(text=sql, constant=True)


def index(name: str, *columns: str, unique: bool = False) -> Index:
    return Index(name=name, keys=tuple(IndexKey(column) for column in columns), unique=unique)


def unique(*columns: str, name: str | None = None) -> Constraint:
    return Constraint(kind="unique", fields=columns, name=name)


def foreign_key(column: str, table: str, on_delete: str | None = None) -> Constraint:
    to = Reference(table=table, fields=("id",), on_delete=on_delete)
    return Constraint(kind="foreign_key", fields=(column,), references=to)


def table(
    name: str, *fields: Field, indexes: tuple[Index, ...] = (), constraints: tuple[Constraint, ...] = ()
) -> Table:
    key = Constraint(kind="primary_key", fields=("id",))
    return Table(name=name, fields=(KEY, *fields), indexes=indexes, constraints=(key, *constraints))


def schema(*tables: Table) -> Schema:
    return Schema(dialect="sqlalchemy", tables=tables)


def planned(
    before: Schema | Table,
    after: Schema | Table,
    *renames: str,
    backend: str = "postgresql",
    name: str = "",
    options: PlanOptions | None = None,
) -> Migration:
    """The plan from one to the other; a table stands for a schema of it alone."""
    old = before if isinstance(before, Schema) else schema(before)
    new = after if isinstance(after, Schema) else schema(after)
    changes = diff(old, new, [parse_rename(rename) for rename in renames])
    return make_plan(old, new, changes, name=name, backend=backend, options=options)


def outline(migration: Migration) -> list[str]:
    """The plan in lines: deploy, kind and what is done."""
    return [
        f"{deploy.number} {step.kind}: {line}"
        for deploy in migration.deploys
        for step in deploy.steps
        for line in step.title.splitlines()
    ]
