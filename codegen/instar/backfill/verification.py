"""Checking a backfill against the data: what is left, and whether the values are what they should be."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from instar.backfill import tracking
from instar.backfill.backends import backend_of
from instar.backfill.compute import Codec, compute_all, load_compute
from instar.backfill.connecting import connect, parse_url, reading
from instar.backfill.keyset import Key
from instar.backfill.lease import Skipped, skipped_rows
from instar.backfill.options import Options
from instar.backfill.statements import Statements
from instar.backfill.table import describe
from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.backfill.backends.base import Backend
    from instar.schema.operations import BackfillWork

_SHOWN = 10
_RANDOM = {"sqlite": "random()", "postgresql": "random()", "mariadb": "RAND()"}
_DIFFERS = {
    "sqlite": "{} IS NOT {}",
    "postgresql": "{} IS DISTINCT FROM {}",
    "mariadb": "NOT ({} <=> {})",
}


class Verification(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a check found.

    Attributes:
        name: The backfill.
        left: Rows that still match the guard.
        left_keys: Keys of the first of them.
        disagree: Rows whose value is wrong by the `agrees` of the work; None where it has none.
        disagree_keys: Keys of the first of them.
        sampled: How many rows were computed again.
        differ: How many of those hold another value; application code may have written it since.
        differ_keys: Keys of the first of them.
        skipped: Rows that the runs could not rewrite.
    """

    name: str
    left: int
    left_keys: tuple[Key, ...] = ()
    disagree: int | None = None
    disagree_keys: tuple[Key, ...] = ()
    sampled: int = 0
    differ: int = 0
    differ_keys: tuple[Key, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing is left and nothing is wrong."""
        return not self.left and not self.disagree


def verify(
    work: BackfillWork, url: str, *, options: Options | None = None, sample: int = 1_000
) -> Verification:
    """Count what is left, and compare values with what they should be. Nothing is written.

    With an `agrees` in the work every row is held against it. Without one, a random sample of the rows that are
    done is computed again; a difference there may be a later write of the application's.

    Raises:
        InstarError: The database, the table or the work is not as it must be.
    """
    options = options or Options()
    try:
        with _looking(work, url, options) as (connection, statements):
            skipped = skipped_rows(connection, work.name) if tracking.has_tables(connection) else ()
            found = Verification(
                name=work.name,
                left=statements.left(connection),
                left_keys=statements.left_keys(connection, _SHOWN),
                skipped=skipped,
            )
            if work.agrees is not None:
                return _held_against_agreement(connection, statements, found)
            if work.clear:
                return found
            return _sampled(connection, statements, found, options, sample)
    except sa.exc.DBAPIError as error:
        reason = " ".join(str(error.orig or error).split())
        raise InstarError(
            f"{work.name} cannot be checked: {reason[:500]}. "
            "A column that it reads is gone since, or is another one here."
        ) from error


def left_over(work: BackfillWork, url: str, *, options: Options | None = None) -> Verification:
    """Count the rows that match the guard, and name the first of them; no value is looked at.

    Raises:
        InstarError: The database, the table or the work is not as it must be.
    """
    with _looking(work, url, options or Options()) as (connection, statements):
        left = statements.left(connection)
        keys = statements.left_keys(connection, _SHOWN) if left else ()
        return Verification(name=work.name, left=left, left_keys=keys)


@contextmanager
def _looking(work: BackfillWork, url: str, options: Options) -> Iterator[tuple[sa.Connection, Statements]]:
    """A connection that only reads, and the statements of the work; the engine is gone afterwards."""
    target = parse_url(url)
    backend = backend_of(target)
    engine = connect(backend, target, lock_timeout=options.lock_timeout)
    try:
        with reading(engine) as connection:
            yield connection, Statements(backend, describe(connection, work))
    finally:
        engine.dispose()


def _held_against_agreement(
    connection: sa.Connection, statements: Statements, found: Verification
) -> Verification:
    """Every row that is done, by `agrees`; an unknown answer is a disagreement."""
    table = statements.table
    agrees = statements.backend.escape(str(table.work.agrees))
    wrong = f"NOT COALESCE(({agrees}), {_no(statements.backend)}) AND NOT COALESCE(({statements.guard}), {_no(statements.backend)})"
    count = connection.exec_driver_sql(f"SELECT count(*) FROM {table.name} WHERE {wrong}", ()).scalar_one()
    keys = f"SELECT {statements.key} FROM {table.name} WHERE {wrong} ORDER BY {statements.key} LIMIT {_SHOWN}"
    first = tuple(tuple(row) for row in connection.exec_driver_sql(keys, ())) if count else ()
    return msgspec.structs.replace(found, disagree=int(count), disagree_keys=first)


def _no(backend: Backend) -> str:
    return "FALSE" if backend.name == "postgresql" else "0"


def _sampled(
    connection: sa.Connection, statements: Statements, found: Verification, options: Options, sample: int
) -> Verification:
    table, backend = statements.table, statements.backend
    width = len(table.key)
    quote = connection.dialect.identifier_preparer.quote_identifier
    rest = f"NOT COALESCE(({statements.guard}), {_no(backend)}) ORDER BY {_RANDOM[backend.name]} LIMIT {sample:d}"
    if table.work.expression is not None:
        differs = _DIFFERS[backend.name].format(table.target, f"({backend.escape(table.work.expression)})")
        sql = f"SELECT {statements.key}, {differs} FROM {table.name} WHERE {rest}"
        rows = connection.exec_driver_sql(sql, ()).all()
        wrong = [tuple(row[:width]) for row in rows if row[width]]
    else:
        columns = ", ".join([statements.key, table.target, *[quote(name) for name in table.reads]])
        sql = f"SELECT {columns} FROM {table.name} WHERE {rest}"
        rows = connection.exec_driver_sql(sql, ()).all()
        codec = Codec(table, connection.dialect)
        compute = load_compute(str(table.work.compute), options.root.resolve())
        values = compute_all(compute, codec, table.reads, [row[width + 1 :] for row in rows])
        wrong = [
            tuple(row[:width])
            for row, value in zip(rows, values, strict=True)
            if not _same(row[width], value)
        ]
    return msgspec.structs.replace(
        found, sampled=len(rows), differ=len(wrong), differ_keys=tuple(sorted(wrong, key=str)[:_SHOWN])
    )


def _same(stored: Any, value: Any) -> bool:
    """Whether a stored value is the one that was computed, whichever of two forms the driver gave it."""
    if isinstance(stored, dict | list):
        return bool(stored == (msgspec.json.decode(value) if isinstance(value, str) else value))
    return bool(stored == value) or str(stored) == str(value)
