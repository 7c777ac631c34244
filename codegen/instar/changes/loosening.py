"""Letting inserts leave a column out, in the cheapest way that its backend has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.model import Default
from instar.schema.operations import ChangeServerDefault, RelaxField
from instar.schema.types import BoolType, DecimalType, FloatType, IntType, StringType

if TYPE_CHECKING:
    from instar.changes.drafts import Line
    from instar.schema.model import Field, Table
    from instar.schema.operations import Operation


def must_loosen(field: Field) -> bool:
    """Whether an insert that leaves the column out fails."""
    filled = field.server_default is not None or field.generated is not None or field.autoincrement
    return not field.optional and not filled


def loosened(field: Field, table: Table, backend: str) -> tuple[tuple[Operation, ...], tuple[Line, ...]]:
    """The operations, and the lines that say so.

    MariaDB relaxes a column by rebuilding the table, and sets a default in the catalogue alone: there a column
    gets an empty default where no constraint could object to it.
    """
    title = ".".join(part for part in (table.namespace, table.name, field.name) if part)
    default = _empty(field) if backend == "mariadb" and not _constrained(field, table) else None
    if default is None:
        return (relaxed(field, table),), ((title, "relaxed to nullable"),)
    act = ChangeServerDefault(
        table=table.name, namespace=table.namespace, field=field, before=field.server_default, after=default
    )
    return (act,), ((title, f"given the default {default.text} for inserts without it"),)


def relaxed(field: Field, table: Table) -> Operation:
    """The column made nullable, where a default would not do: NULL itself is going to be written."""
    return RelaxField(table=table.name, namespace=table.namespace, field=field)


def _empty(field: Field) -> Default | None:
    match field.type:
        case StringType(text=False):
            return Default(text="''", constant=True)
        case IntType() | DecimalType() | FloatType() | BoolType():
            return Default(text="0", constant=True)
        case _:
            return None


def _constrained(field: Field, table: Table) -> bool:
    constraints = any(field.name in one.fields or one.kind == "check" for one in table.constraints)
    return constraints or any(index.unique and field.name in index.fields for index in table.indexes)
