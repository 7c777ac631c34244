"""SQLite: the native `ALTER` where the version has it, a copy of the table otherwise.

A revision for SQLite is one `BEGIN IMMEDIATE` transaction, its version row included: a half-applied one cannot
be left behind, and writers wait until it is through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from instar.dialects.sqlalchemy import triggers
from instar.dialects.sqlalchemy.ddl.acts import Act, Rebuild, Run
from instar.dialects.sqlalchemy.ddl.columns import column_sql, default_sql
from instar.dialects.sqlalchemy.ddl.keys import key_list
from instar.dialects.sqlalchemy.ddl.names import object_name, quoted, table_name
from instar.dialects.sqlalchemy.python_text import string
from instar.errors import InstarError
from instar.schema.covered import constraint_columns

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.triggers import Pair
    from instar.schema.model import Constraint, Field, Index, Table

BACKEND: Final = "sqlite"


def add_field(table: Table, field: Field) -> tuple[Act, ...]:
    """A column; one whose default is computed, by a copy."""
    default = field.server_default
    if default is not None and default_sql(field, BACKEND) == "CURRENT_TIMESTAMP":
        column = f'sa.Column({string(field.name)}, {_python_type(field)}, nullable={field.optional}, server_default=sa.text("CURRENT_TIMESTAMP"))'
        return (_rebuild(table, f"add_column({column})"),)
    return (_alter(table, f"ADD COLUMN {column_sql(field, BACKEND)}"),)


def add_field_back(table: Table, field: Field) -> tuple[Act, ...]:
    """Drop a column that was added."""
    return drop_field(table, field)


def drop_field(table: Table, field: Field) -> tuple[Act, ...]:
    """Drop a column: natively, unless a constraint of the table names it and has to go with it."""
    if any(field.name in constraint_columns(constraint, table) for constraint in table.constraints):
        copied = _rebuild(table, f"drop_column({string(field.name)})")
        return (msgspec.structs.replace(copied, without=(field.name,)),)
    return (_alter(table, f"DROP COLUMN {quoted(field.name, BACKEND)}"),)


def relax_field(table: Table, field: Field) -> tuple[Act, ...]:
    """Let the column be NULL."""
    return (_nullable(table, field, nullable=True),)


def require_field(table: Table, field: Field) -> tuple[Act, ...]:
    """NOT NULL; it refuses where a row is empty."""
    return (_nullable(table, field, nullable=False),)


def change_type(table: Table, _before: Field, after: Field) -> tuple[Act, ...]:
    """Another declared type, by a copy."""
    return (_rebuild(table, f"alter_column({string(after.name)}, type_={_python_type(after)})"),)


def change_type_back(table: Table, after: Field, before: Field) -> tuple[Act, ...]:
    """The narrower type again; SQLite holds no value against it."""
    return change_type(table, after, before)


def change_default(table: Table, field: Field) -> tuple[Act, ...]:
    """Set the default of `field`, or drop it, by a copy."""
    default = default_sql(field, BACKEND)
    value = "None" if default is None else f"sa.text({string(default)})"
    return (_rebuild(table, f"alter_column({string(field.name)}, server_default={value})"),)


def create_index(table: Table, index: Index) -> tuple[Act, ...]:
    """An index."""
    assert index.name is not None
    unique = "UNIQUE " if index.unique else ""
    where = f" WHERE {index.predicate}" if index.predicate else ""
    name = table_name(index.name, table.namespace, BACKEND)
    on = quoted(table.name, BACKEND)
    statement = f"CREATE {unique}INDEX IF NOT EXISTS {name} ON {on} ({key_list(index.keys, BACKEND)}){where}"
    return (Run(statements=(statement,)),)


def drop_index(table: Table, index: Index) -> tuple[Act, ...]:
    """Drop an index."""
    assert index.name is not None
    return (Run(statements=(f"DROP INDEX IF EXISTS {table_name(index.name, table.namespace, BACKEND)}",)),)


def add_constraint(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """A constraint, by a copy of the table."""
    name = _constraint_name(table, constraint)
    names = _listed(constraint.fields)
    match constraint.kind:
        case "unique":
            call = f"create_unique_constraint({string(name)}, {names})"
        case "check":
            call = f"create_check_constraint({string(name)}, sa.text({string(constraint.expression or '')}))"
        case "foreign_key" if constraint.references is not None:
            target = constraint.references
            arguments = [string(name), string(target.table), names, _listed(target.fields)]
            arguments += [f"ondelete={string(target.on_delete)}"] if target.on_delete else []
            arguments += [f"onupdate={string(target.on_update)}"] if target.on_update else []
            call = f"create_foreign_key({', '.join(arguments)})"
        case _:
            raise InstarError(
                f'a primary key of "{table.name}" is not changed in place; SQLite has no way to.'
            )
    return (_rebuild(table, call),)


def add_constraint_back(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """A constraint that had been there, as any other."""
    return add_constraint(table, constraint)


def drop_constraint(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """Drop a constraint, by a copy of the table."""
    return (_rebuild(table, f"drop_constraint({string(_constraint_name(table, constraint))})"),)


def sync(pair: Pair) -> tuple[Act, ...]:
    """The triggers and their guard table."""
    why = f"{pair.old.name} and {pair.new.name} are kept in step, whoever writes"
    return (Run(why=why, statements=triggers.create_triggers(pair)),)


def unsync(table: Table, pair: Pair, dropped: Field | None) -> tuple[Act, ...]:
    """Triggers, guard table and column in the one transaction of the revision."""
    statements = (*triggers.drop_triggers(pair), *triggers.drop_remains(pair))
    why = "the triggers go first: SQLite drops no column that one names"
    if dropped is None:
        return (Run(why="the two columns go their own ways", statements=statements),)
    return (Run(why=why, statements=statements), *drop_field(table, dropped))


def _alter(table: Table, action: str) -> Run:
    return Run(statements=(f"ALTER TABLE {table_name(table.name, table.namespace, BACKEND)} {action}",))


def _nullable(table: Table, field: Field, *, nullable: bool) -> Rebuild:
    action = "DROP NOT NULL" if nullable else "SET NOT NULL"
    name = table_name(table.name, table.namespace, BACKEND)
    native = f"ALTER TABLE {name} ALTER COLUMN {quoted(field.name, BACKEND)} {action}"
    return _rebuild(table, f"alter_column({string(field.name)}, nullable={nullable})", native)


def _rebuild(table: Table, call: str, *native: str) -> Rebuild:
    return Rebuild(
        why=f"SQLite copies {table.name} for this; its triggers and indexes are put back",
        table=table.name,
        calls=(call,),
        native=native,
    )


def _python_type(field: Field) -> str:
    """The type as Python source over `sqlalchemy as sa`."""
    from instar.dialects.sqlalchemy.ddl.sqlalchemy_types import (  # noqa: PLC0415 - as in `columns.type_sql`
        sqlalchemy_type,
    )

    known = sqlalchemy_type(field.type)
    if known is None or not type(known).__module__.startswith("sqlalchemy.sql"):
        raise InstarError(
            f'the column "{field.name}" has a type that SQLite has no name for; give it a plain one.'
        )
    return f"sa.{known!r}"


def _constraint_name(table: Table, constraint: Constraint) -> str:
    return constraint.name or object_name(table.name, *constraint_columns(constraint, table), constraint.kind)


def _listed(names: tuple[str, ...]) -> str:
    """Names as a list in Python."""
    return "[" + ", ".join(string(name) for name in names) + "]"
