"""MariaDB: the algorithm and the lock are stated, so that the server refuses what would block writers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from instar.dialects.sqlalchemy import triggers
from instar.dialects.sqlalchemy.ddl.acts import Act, Nullable, Refuse, Run, Unnamed
from instar.dialects.sqlalchemy.ddl.columns import column_sql, default_sql
from instar.dialects.sqlalchemy.ddl.keys import key_list, reference_clause
from instar.dialects.sqlalchemy.ddl.names import object_name, quoted, table_name
from instar.schema.covered import constraint_columns

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.triggers import Pair
    from instar.schema.model import Constraint, Field, Index, Table

BACKEND: Final = "mariadb"

_INSTANT = "ALGORITHM=INSTANT, LOCK=NONE"
_NOCOPY = "ALGORITHM=NOCOPY, LOCK=NONE"
_INPLACE = "ALGORITHM=INPLACE, LOCK=NONE"


def add_field(table: Table, field: Field) -> tuple[Act, ...]:
    """A column, in the catalogue alone."""
    column = column_sql(field, BACKEND)
    add = _alter(table, f"ADD COLUMN IF NOT EXISTS {column}", _INSTANT)
    if field.generated is not None:
        return (add,)
    same = f"ALTER TABLE {_name(table)} MODIFY COLUMN {column}, {_INSTANT}"
    why = "the second changes nothing, and is refused where somebody has added a column of another type"
    return (msgspec.structs.replace(add, why=why, statements=(*add.statements, same)),)


def add_field_back(table: Table, field: Field) -> tuple[Act, ...]:
    """Drop a column that was added."""
    return drop_field(table, field)


def drop_field(table: Table, field: Field) -> tuple[Act, ...]:
    """Drop a column, in the catalogue alone; its indexes have gone before."""
    return (_alter(table, f"DROP COLUMN IF EXISTS {quoted(field.name, BACKEND)}", _INSTANT),)


def relax_field(table: Table, field: Field) -> tuple[Act, ...]:
    """Let the column be NULL: a rebuild that readers and writers do not feel."""
    return (_nullable(table, field, nullable=True),)


def require_field(table: Table, field: Field) -> tuple[Act, ...]:
    """NOT NULL: a rebuild that readers and writers do not feel; it refuses where a row is empty."""
    return (_nullable(table, field, nullable=False),)


def change_type(table: Table, _before: Field, after: Field) -> tuple[Act, ...]:
    """A widening that needs no copy; anything else is refused by the server."""
    return (_alter(table, f"MODIFY COLUMN {column_sql(after, BACKEND)}", _INSTANT),)


def change_type_back(table: Table, _after: Field, before: Field) -> tuple[Act, ...]:
    """The narrower type again, by a copy."""
    why = f"copies {table.name}: its writers wait, and a value that no longer fits is refused"
    action = f"ALTER TABLE {_name(table)} MODIFY COLUMN {column_sql(before, BACKEND)}"
    return (Run(why=why, statements=(f"{action}, ALGORITHM=COPY, LOCK=SHARED",)),)


def change_default(table: Table, field: Field) -> tuple[Act, ...]:
    """Set the default of `field`, or drop it."""
    default = default_sql(field, BACKEND)
    action = f"SET DEFAULT {default}" if default is not None else "DROP DEFAULT"
    return (_alter(table, f"ALTER COLUMN {quoted(field.name, BACKEND)} {action}", _INSTANT),)


def create_index(table: Table, index: Index) -> tuple[Act, ...]:
    """Build an index while writers go on."""
    assert index.name is not None
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    keys = key_list(index.keys, BACKEND)
    return (_alter(table, f"ADD {kind} IF NOT EXISTS {quoted(index.name, BACKEND)} ({keys})", _NOCOPY),)


def drop_index(table: Table, index: Index) -> tuple[Act, ...]:
    """Drop an index, in the catalogue alone."""
    assert index.name is not None
    return (_alter(table, f"DROP INDEX IF EXISTS {quoted(index.name, BACKEND)}", _NOCOPY),)


def add_constraint(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """A unique index or a foreign key; a check would block writers for a copy and is refused."""
    name = quoted(_constraint_name(table, constraint), BACKEND)
    columns = ", ".join(quoted(field, BACKEND) for field in constraint.fields)
    if constraint.kind == "unique":
        return (_alter(table, f"ADD UNIQUE INDEX IF NOT EXISTS {name} ({columns})", _NOCOPY),)
    if constraint.kind == "foreign_key":
        action = f"ADD CONSTRAINT {name} FOREIGN KEY IF NOT EXISTS ({columns}) {reference_clause(constraint, BACKEND)}"
        statements = (
            "SET SESSION foreign_key_checks = 0",
            f"ALTER TABLE {_name(table)} {action}, {_INPLACE}",
            "SET SESSION foreign_key_checks = 1",
        )
        return (Run(why="without a look at the rows, which would copy the table", statements=statements),)
    if constraint.kind == "check":
        return (_checked(table, constraint),)
    return (
        Refuse(reason=f"MariaDB adds a {constraint.kind.replace('_', ' ')} to {table.name} only by a copy"),
    )


def add_constraint_back(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """A constraint that had been there: a check of the table again, by a copy."""
    if constraint.kind != "check":
        return add_constraint(table, constraint)
    named = f"CONSTRAINT IF NOT EXISTS {quoted(constraint.name, BACKEND)} " if constraint.name else ""
    action = f"ALTER TABLE {_name(table)} ADD {named}CHECK ({constraint.expression})"
    why = f"copies {table.name}: its writers wait"
    return (Run(why=why, statements=(f"{action}, ALGORITHM=COPY, LOCK=SHARED",)),)


def _checked(table: Table, constraint: Constraint) -> Run:
    """A check as part of its newest column: that alone is a change of the catalogue."""
    field = table.field(constraint_columns(constraint, table)[-1])
    assert field is not None
    others = (one for one in table.constraints if one.kind == "check" and one != constraint)
    there = [one for one in others if constraint_columns(one, table)[-1:] == (field.name,)]
    checks = [str(one.expression) for one in (*there, constraint)]
    condition = checks[0] if len(checks) == 1 else " AND ".join(f"({check})" for check in checks)
    definition = f"{column_sql(field, BACKEND)} CHECK ({condition})"
    run = _alter(table, f"MODIFY COLUMN {definition}", _INSTANT)
    why = f"a check of the column itself, which no row that is there has to be read for; MariaDB calls it {field.name}"
    return msgspec.structs.replace(run, why=why)


def drop_constraint(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """Drop a constraint, and the index that the server made for a foreign key."""
    drops: list[Act] = []
    columns = constraint.fields or constraint_columns(constraint, table)
    if constraint.name is None and columns:
        why = "the database named it itself"
        drops.append(
            Unnamed(
                why=why,
                table=table.name,
                namespace=table.namespace,
                kind=constraint.kind,
                columns=columns,
            )
        )
    else:
        name = quoted(_constraint_name(table, constraint), BACKEND)
        what = {"unique": "INDEX", "foreign_key": "FOREIGN KEY"}.get(constraint.kind, "CONSTRAINT")
        drops.append(_alter(table, f"DROP {what} IF EXISTS {name}", _NOCOPY))
    own = constraint.name or columns[0]
    if constraint.kind == "foreign_key" and own not in {index.name for index in table.indexes}:
        drop = _alter(table, f"DROP INDEX IF EXISTS {quoted(own, BACKEND)}", _NOCOPY)
        drops.append(msgspec.structs.replace(drop, why="MariaDB made an index for it"))
    return tuple(drops)


def sync(pair: Pair) -> tuple[Act, ...]:
    """The triggers; a write between the two is caught by the backfill, which comes later."""
    why = f"{pair.old.name} and {pair.new.name} are kept in step, whoever writes"
    return (Run(why=why, statements=triggers.create_triggers(pair)),)


def unsync(_table: Table, pair: Pair, dropped: Field | None) -> tuple[Act, ...]:
    """Triggers and column under one table lock: writers meet neither half of it."""
    drops = triggers.drop_triggers(pair)
    if dropped is None:
        return (Run(why="the two columns go their own ways", statements=drops),)
    column = quoted(dropped.name, BACKEND)
    drop = f"ALTER TABLE {pair.table} DROP COLUMN IF EXISTS {column}, ALGORITHM=INSTANT"
    why = f"the triggers and {dropped.name} go together: writers never meet one without the other"
    return (Run(why=why, statements=(*drops, drop), lock=pair.table),)


def _name(table: Table) -> str:
    return table_name(table.name, table.namespace, BACKEND)


def _alter(table: Table, action: str, how: str) -> Run:
    return Run(statements=(f"ALTER TABLE {_name(table)} {action}, {how}",))


def _nullable(table: Table, field: Field, *, nullable: bool) -> Nullable:
    return Nullable(
        why=f"rebuilds {table.name} while its readers and writers go on",
        table=table.name,
        namespace=table.namespace,
        column=field.name,
        nullable=nullable,
    )


def _constraint_name(table: Table, constraint: Constraint) -> str:
    return constraint.name or object_name(table.name, *constraint_columns(constraint, table), constraint.kind)
