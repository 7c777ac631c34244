"""The table that a backfill rewrites, as the database itself describes it."""

from __future__ import annotations

import warnings
from typing import Any

import msgspec
import sqlalchemy as sa

from instar.errors import InstarError
from instar.schema.operations import BackfillWork


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What the runner has to know about a table.

    Attributes:
        work: What is done to it.
        name: The qualified name, quoted.
        key: The primary key columns, quoted, in the order of the key.
        target: The column that is filled, quoted.
        reads: The columns that `compute` gets: the declared ones, or all but the target.
        types: The SQLAlchemy type of every column, by its stored name.
        stamps: Columns, quoted, that the server would touch on every update and that must keep their value.
    """

    work: BackfillWork
    name: str
    key: tuple[str, ...]
    target: str
    reads: tuple[str, ...]
    types: dict[str, Any]
    stamps: tuple[str, ...] = ()


def describe(connection: sa.Connection, work: BackfillWork) -> Table:
    """Look the table of `work` up.

    Raises:
        InstarError: The table, its primary key, the target or a column that is read is missing, or the work
            does not say what to write.
    """
    inspector = sa.inspect(connection)
    shown = f"{work.namespace}.{work.table}" if work.namespace else work.table
    try:
        with warnings.catch_warnings():
            # A type that SQLAlchemy does not know is no matter: its values pass as they are.
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            columns = inspector.get_columns(work.table, schema=work.namespace)
        key = inspector.get_pk_constraint(work.table, schema=work.namespace)["constrained_columns"]
    except sa.exc.NoSuchTableError:
        raise InstarError(
            f'{work.name}: there is no table "{shown}" in this database. '
            "Apply the expand revision first (alembic upgrade)."
        ) from None
    if not key:
        raise InstarError(
            f'{work.name}: table "{shown}" has no primary key, so that its rows cannot be walked in batches. '
            "Give it one, or rewrite it with a statement of your own."
        )
    types = {column["name"]: column["type"] for column in columns}
    for name in (work.target, *work.reads):
        if name not in types:
            raise InstarError(
                f'{work.name}: table "{shown}" has no column "{name}". '
                "Apply the expand revision first (alembic upgrade)."
            )
    if (work.expression is not None) + (work.compute is not None) + work.clear != 1:
        raise InstarError(f"{work.name}: give exactly one of expression, compute and clear.")
    quote = connection.dialect.identifier_preparer.quote_identifier
    return Table(
        work=work,
        name=f"{quote(work.namespace)}.{quote(work.table)}" if work.namespace else quote(work.table),
        key=tuple(quote(name) for name in key),
        target=quote(work.target),
        reads=work.reads or tuple(name for name in types if name != work.target),
        types=types,
        stamps=_stamps(connection, work),
    )


def _stamps(connection: sa.Connection, work: BackfillWork) -> tuple[str, ...]:
    """The columns with `ON UPDATE CURRENT_TIMESTAMP`, which only MariaDB and MySQL have."""
    if connection.dialect.name not in {"mysql", "mariadb"}:
        return ()
    found = connection.execute(
        sa.text(
            "SELECT column_name FROM information_schema.columns WHERE table_name = :table "
            "AND table_schema = COALESCE(:namespace, DATABASE()) AND extra LIKE '%on update%'"
        ),
        {"table": work.table, "namespace": work.namespace},
    )
    quote = connection.dialect.identifier_preparer.quote_identifier
    return tuple(quote(name) for (name,) in found if name != work.target)
