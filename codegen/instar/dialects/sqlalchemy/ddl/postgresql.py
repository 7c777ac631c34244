"""PostgreSQL: every strong lock is asked for briefly and again, every long statement lets writers go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from instar.dialects.sqlalchemy import triggers
from instar.dialects.sqlalchemy.ddl.acts import Act, Online, Refuse, Run
from instar.dialects.sqlalchemy.ddl.columns import column_sql, default_sql, type_sql
from instar.dialects.sqlalchemy.ddl.keys import key_list, reference_clause
from instar.dialects.sqlalchemy.ddl.names import literal, object_name, quoted, table_name
from instar.schema.covered import constraint_columns
from instar.schema.types import EnumType

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.triggers import Pair
    from instar.schema.model import Constraint, Field, Index, Table

BACKEND: Final = "postgresql"


def add_field(table: Table, field: Field) -> tuple[Act, ...]:
    """A column; its enum type first, where it has one of its own."""
    acts: list[Act] = []
    if isinstance(field.type, EnumType) and field.type.native and field.type.name:
        values = ", ".join(literal(value, BACKEND) for value in field.type.values)
        create = f"CREATE TYPE {type_sql(field, BACKEND)} AS ENUM ({values})"
        guarded = f"DO $instar$ BEGIN {create}; EXCEPTION WHEN duplicate_object THEN NULL; END $instar$"
        acts.append(Run(why="the enum type, unless it is there", statements=(guarded,)))
    add = f"ALTER TABLE {_name(table)} ADD COLUMN IF NOT EXISTS {column_sql(field, BACKEND)}"
    acts.append(Run(why=_OWN, statements=(_of_its_type(table, field), add)))
    if field.comment:
        column = f"{_name(table)}.{quoted(field.name, BACKEND)}"
        acts.append(Run(statements=(f"COMMENT ON COLUMN {column} IS {literal(field.comment, BACKEND)}",)))
    return tuple(acts)


def add_field_back(table: Table, field: Field) -> tuple[Act, ...]:
    """Drop a column that was added; one of that name and another type is somebody else's and stays."""
    drop = f"ALTER TABLE {_name(table)} DROP COLUMN IF EXISTS {quoted(field.name, BACKEND)}"
    return (Run(why=_OWN, statements=(_of_its_type(table, field), drop)),)


_OWN = "a column of that name and another type is somebody else's"


def _of_its_type(table: Table, field: Field) -> str:
    """A block that raises where the column is there with another type.

    The server itself says what the type is: that of a temporary table, where the role may make one.
    """
    column, kind = quoted(field.name, BACKEND), type_sql(field, BACKEND)
    title = literal(f"{table.name}.{field.name}", BACKEND)
    says = literal(
        "% is there already with the type %, and this revision adds it with the type %: rename or drop it, then run this again",
        BACKEND,
    )
    there, wanted = (f"format_type({side}.atttypid, {side}.atttypmod)" for side in ("there", "wanted"))
    return (
        "DO $instar$ DECLARE held text; asked text; BEGIN "  # noqa: S608 - quoted names
        f"CREATE TEMP TABLE instar_wanted ({column} {kind}) ON COMMIT DROP; "
        f"SELECT {there}, {wanted} INTO held, asked FROM pg_attribute AS there JOIN pg_attribute AS wanted "
        "ON wanted.attrelid = 'pg_temp.instar_wanted'::regclass AND wanted.attname = there.attname "
        f"WHERE there.attrelid = {literal(_name(table), BACKEND)}::regclass AND there.attnum > 0; "
        "DROP TABLE pg_temp.instar_wanted; "
        f"IF held <> asked THEN RAISE EXCEPTION {says}, {title}, held, asked USING ERRCODE = 'duplicate_column'; END IF; "
        "EXCEPTION WHEN insufficient_privilege THEN NULL; END $instar$"
    )


def drop_field(table: Table, field: Field) -> tuple[Act, ...]:
    """Drop a column: a change of the catalogue alone."""
    return (_alter(table, f"DROP COLUMN IF EXISTS {quoted(field.name, BACKEND)}"),)


def relax_field(table: Table, field: Field) -> tuple[Act, ...]:
    """Let the column be NULL."""
    return (_alter(table, f"ALTER COLUMN {quoted(field.name, BACKEND)} DROP NOT NULL"),)


def require_field(table: Table, field: Field) -> tuple[Act, ...]:
    """NOT NULL by way of a check that is validated while writers go on, so that the lock scans nothing."""
    column, name = quoted(field.name, BACKEND), _name(table)
    check = quoted(object_name("instar", table.name, field.name, "filled"), BACKEND)
    return (
        Run(
            why="every new row is checked from here on; old rows are not looked at yet",
            statements=(
                f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {check}",
                f"ALTER TABLE {name} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID",
            ),
        ),
        Online(
            why="reads the table while writers go on",
            statement=f"ALTER TABLE {name} VALIDATE CONSTRAINT {check}",
        ),
        Run(
            why="the validated check is proof enough: no scan under the lock",
            statements=(
                f"ALTER TABLE {name} ALTER COLUMN {column} SET NOT NULL",
                f"ALTER TABLE {name} DROP CONSTRAINT {check}",
            ),
        ),
    )


def change_type(table: Table, _before: Field, after: Field) -> tuple[Act, ...]:
    """A widening that PostgreSQL makes in the catalogue alone."""
    column = quoted(after.name, BACKEND)
    return (_alter(table, f"ALTER COLUMN {column} TYPE {type_sql(after, BACKEND)}"),)


def change_type_back(table: Table, _after: Field, before: Field) -> tuple[Act, ...]:
    """The narrower type again, by a rewrite."""
    column = quoted(before.name, BACKEND)
    action = f"ALTER TABLE {_name(table)} ALTER COLUMN {column} TYPE {type_sql(before, BACKEND)}"
    why = f"rewrites {table.name}: its readers and writers wait, and a value that no longer fits is refused"
    return (Run(why=why, statements=(action,)),)


def change_default(table: Table, field: Field) -> tuple[Act, ...]:
    """Set the default of `field`, or drop it."""
    default = default_sql(field, BACKEND)
    action = f"SET DEFAULT {default}" if default is not None else "DROP DEFAULT"
    return (_alter(table, f"ALTER COLUMN {quoted(field.name, BACKEND)} {action}"),)


def create_index(table: Table, index: Index) -> tuple[Act, ...]:
    """Build an index while writers go on; an invalid leftover of a failed build goes first."""
    assert index.name is not None
    name = quoted(index.name, BACKEND)
    method = "" if index.kind in {"btree", "search", "vector", "other"} else f" USING {index.kind}"
    include = f" INCLUDE ({', '.join(quoted(f, BACKEND) for f in index.include)})" if index.include else ""
    where = f" WHERE {index.predicate}" if index.predicate else ""
    unique = "UNIQUE " if index.unique else ""
    statement = (
        f"CREATE {unique}INDEX CONCURRENTLY IF NOT EXISTS {name} ON {_name(table)}{method} "
        f"({key_list(index.keys, BACKEND)}){include}{where}"
    )
    return (
        Online(
            why="built while writers go on",
            statement=statement,
            leftover=table_name(index.name, table.namespace, BACKEND),
        ),
    )


def drop_index(table: Table, index: Index) -> tuple[Act, ...]:
    """Drop an index while readers and writers go on."""
    assert index.name is not None
    name = table_name(index.name, table.namespace, BACKEND)
    return (
        Online(
            why="dropped while readers and writers go on",
            statement=f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        ),
    )


def add_constraint(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """Not valid first, then validated; a unique one over an index that is built concurrently."""
    name, bare = quoted(_constraint_name(table, constraint), BACKEND), _constraint_name(table, constraint)
    columns = ", ".join(quoted(field, BACKEND) for field in constraint.fields)
    drop = f"ALTER TABLE {_name(table)} DROP CONSTRAINT IF EXISTS {name}"
    match constraint.kind:
        case "unique":
            index = f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {_name(table)} ({columns})"
            attach = f"ALTER TABLE {_name(table)} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}"
            return (
                Online(
                    why="built while writers go on",
                    statement=index,
                    leftover=table_name(bare, table.namespace, BACKEND),
                ),
                Run(why="the index becomes the constraint: no scan", statements=(attach,)),
            )
        case "foreign_key":
            add = f"FOREIGN KEY ({columns}) {reference_clause(constraint, BACKEND)}"
        case "check":
            add = f"CHECK ({constraint.expression})"
        case _:
            return (Refuse(reason=f"a primary key of {table.name} is not built online"),)
    return (
        Run(
            why="new rows are checked from here on",
            statements=(drop, f"ALTER TABLE {_name(table)} ADD CONSTRAINT {name} {add} NOT VALID"),
        ),
        Online(
            why="reads the table while writers go on",
            statement=f"ALTER TABLE {_name(table)} VALIDATE CONSTRAINT {name}",
        ),
    )


def add_constraint_back(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """A constraint that had been there, as any other."""
    return add_constraint(table, constraint)


def drop_constraint(table: Table, constraint: Constraint) -> tuple[Act, ...]:
    """Drop a constraint."""
    return (
        _alter(table, f"DROP CONSTRAINT IF EXISTS {quoted(_constraint_name(table, constraint), BACKEND)}"),
    )


def sync(pair: Pair) -> tuple[Act, ...]:
    """The triggers, in one transaction: no write escapes between them."""
    return (Run(why=_why(pair), statements=triggers.create_triggers(pair)),)


def unsync(_table: Table, pair: Pair, dropped: Field | None) -> tuple[Act, ...]:
    """Triggers and column together: writers meet neither half of it."""
    statements = [*triggers.drop_triggers(pair)]
    why = "the two columns go their own ways"
    if dropped is not None:
        statements.append(f"ALTER TABLE {pair.table} DROP COLUMN IF EXISTS {quoted(dropped.name, BACKEND)}")
        why = f"the triggers and {dropped.name} go together: writers never meet one without the other"
    return (Run(why=why, statements=(*statements, *triggers.drop_remains(pair))),)


def _why(pair: Pair) -> str:
    return f"{pair.old.name} and {pair.new.name} are kept in step, whoever writes"


def _name(table: Table) -> str:
    return table_name(table.name, table.namespace, BACKEND)


def _alter(table: Table, action: str) -> Run:
    return Run(statements=(f"ALTER TABLE {_name(table)} {action}",))


def _constraint_name(table: Table, constraint: Constraint) -> str:
    return constraint.name or object_name(
        table.name, *constraint_columns(constraint, table), _SUFFIX[constraint.kind]
    )


_SUFFIX = {"unique": "key", "foreign_key": "fkey", "check": "check", "primary_key": "pkey"}
