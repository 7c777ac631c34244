"""PostgreSQL: server-side range updates, and computed values sent as binary arrays.

A computed value is written only to the row version that it was computed from: a row is addressed by its `ctid` and
must still have its `xmin`. That compares the whole row with what was read, whatever its types, and costs no
index look-up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import sqlalchemy as sa

from instar.backfill.backends.base import Fault, Turns
from instar.backfill.backends.psycopg_pipeline import Answer, Pipelines
from instar.backfill.compute import Codec, Compute, compute_all
from instar.backfill.keyset import Key, KeyRange, compare_rows
from instar.backfill.statements import Statements
from instar.backfill.transaction import NOTHING, Sent, Transaction
from instar.errors import InstarError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from instar.backfill.table import Table


SAME_VERSION = " AND t.xmin = u.x"
"""The compare-and-set: a row is as it was when it was read."""


_Load: TypeAlias = Callable[[list[str | None]], list[Any]]


class _Payload(msgspec.Struct, frozen=True):
    """Arrays ready to be sent, how the statement spells that of the values, and how many rows they are."""

    arrays: tuple[Any, ...]
    spelled: str
    count: int


_BUSY = {"40001", "40P01", "55P03", "57014"}
_LOST = {"57P01", "57P02", "57P03", "53300"}


class PostgreSQL:
    """The backend of `postgresql://` URLs, through psycopg."""

    name = "postgresql"
    placeholder = "%s"
    turns: Turns | None = None

    def __init__(self) -> None:
        self._pipelines = Pipelines()

    def engine(self, url: sa.URL, *, lock_timeout: float) -> sa.Engine:
        """An engine in READ COMMITTED, where an UPDATE sees a row as the last writer left it."""
        try:
            from instar.backfill.backends.psycopg_arrays import register  # noqa: PLC0415 - psycopg is an extra
        except ModuleNotFoundError:
            raise InstarError("PostgreSQL needs psycopg: pip install 'instar[postgresql]'.") from None
        engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="READ COMMITTED")

        @sa.event.listens_for(engine, "connect")
        def _connect(driver: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy passes it
            register(driver)
            driver.autocommit = True
            driver.execute(f"SET lock_timeout = {int(lock_timeout * 1000)}")
            # A plan made for the arrays at hand would read the whole table and join it, batch after batch.
            driver.execute("SET plan_cache_mode = force_generic_plan")
            driver.autocommit = False

        return engine

    def batch(self, engine: sa.Engine, *, hurried: bool) -> AbstractContextManager[Transaction]:
        """Two round trips: to lock and rewrite, and to move the cursor and commit."""
        return self._pipelines.transaction(engine, hurried=hurried)

    def crowded(self, connection: sa.Connection) -> bool:  # noqa: ARG002 - rows are locked, not the database
        """Others write beside a batch."""
        return False

    def clock(self) -> str:
        """The clock at this moment, not at the start of the transaction."""
        return "extract(epoch FROM clock_timestamp())::float8"

    def escape(self, sql: str) -> str:
        """Percent signs doubled."""
        return sql.replace("%", "%%")

    def compare(self, columns: tuple[str, ...], operator: str, key: Key) -> tuple[str, tuple[Any, ...]]:
        """A row comparison."""
        return compare_rows(columns, operator, self.placeholder), key

    def fault(self, error: BaseException) -> Fault:
        """By the SQLSTATE; an error without one came from the connection."""
        original = getattr(error, "orig", None) or error
        if not type(original).__module__.startswith("psycopg"):
            return Fault.FATAL
        state: str | None = getattr(original, "sqlstate", None)
        if getattr(error, "connection_invalidated", False) or state in _LOST or (state or "")[:2] == "08":
            return Fault.LOST
        if state is None:
            return Fault.LOST if type(original).__name__ == "OperationalError" else Fault.ROW
        if state in _BUSY:
            return Fault.BUSY
        return Fault.ROW if state[:2] in {"22", "23"} or state == "P0001" else Fault.FATAL

    def estimate(self, connection: sa.Connection, table: Table) -> int | None:
        """The planner's count; None before the first ANALYZE."""
        sql = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
        rows = connection.exec_driver_sql(sql, (table.name.replace("%%", "%"),)).scalar_one()
        return int(rows) if rows > 0 else None

    def computing(self, table: Table, compute: Compute, codec: Codec) -> _Computing:
        """Binary arrays of row addresses, row versions and values."""
        return _Computing(Statements(self, table), compute, codec)


class _Computing:
    reads_ahead = True

    def __init__(self, statements: Statements, compute: Compute, codec: Codec) -> None:
        self._statements = statements
        self._compute = compute
        self._codec = codec
        self._sql: _Sql | None = None

    def read(self, connection: sa.Connection, rows: KeyRange) -> _Payload | None:
        """Read the rows that match the guard, with their addresses and versions, and compute their values.

        The server gives each column as one array: it costs the driver a third of what rows do, and addresses and
        versions go back as they came.
        """
        driver: Any = connection.connection.driver_connection
        if self._sql is None:
            self._sql = _write_sql(driver, self._statements)
        where, parameters = self._statements.where(rows)
        cursor = driver.cursor(binary=True)
        cursor.execute(f"{self._sql.select} WHERE {where} AND ({self._statements.guard})", parameters)
        count, places, versions, *columns = cursor.fetchone()
        if not count:
            return None
        from instar.backfill.backends.psycopg_arrays import Packed, sendable  # noqa: PLC0415 - psycopg is an extra

        tables, read = columns[: self._sql.tables], columns[self._sql.tables :]
        read = [load(values) if load else values for load, values in zip(self._sql.loads, read, strict=True)]
        names = self._statements.table.reads
        values = compute_all(self._compute, self._codec, names, zip(*read, strict=True))
        sent, spelled = sendable(driver, values, array=self._sql.array)
        return _Payload((Packed.places(places), Packed.versions(versions), *tables, sent), spelled, count)

    def write(
        self,
        transaction: Transaction,
        rows: KeyRange,  # noqa: ARG002 - the payload says which rows
        payload: _Payload | None,
    ) -> tuple[Sent, int]:
        """Write the values to the row versions that they were computed from."""
        if payload is None:
            return NOTHING, 0
        assert self._sql is not None
        driver: Any = transaction.connection.connection.driver_connection
        cursor = driver.cursor(binary=True)
        update = f"{self._sql.update}{payload.spelled}{self._sql.match}"
        cursor.execute(update, payload.arrays, prepare=True)
        return Answer(cursor), payload.count


class _Sql(msgspec.Struct, frozen=True):
    """The two statements, around what changes.

    Attributes:
        select: Reads everything but the rows' condition.
        update: Writes, up to the array of values.
        match: Writes, after it.
        tables: How many columns tell the table: 1 where it has partitions.
        loads: For each column that is read, what makes Python's values of its texts, where that is needed.
        array: Whether the target holds arrays.
    """

    select: str
    update: str
    match: str
    tables: int
    loads: tuple[_Load | None, ...]
    array: bool


def _write_sql(driver: Any, statements: Statements) -> _Sql:
    """Look up the column types and write the statements.

    A type is spelled without a length: `character` alone would be that of one character.
    """
    table = statements.table
    name = table.name.replace("%%", "%")
    found = driver.execute(
        "SELECT attname, COALESCE(NULLIF(typbasetype, 0), atttypid), "
        "format_type(COALESCE(NULLIF(typbasetype, 0), atttypid), -1), typcategory = 'A' "
        "FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        (name,),
    )
    kinds = {column: (oid, kind, array) for column, oid, kind, array in found}
    partitioned = driver.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", (name,))
    shared = partitioned.fetchone() == (True,)
    _, target, array = kinds[table.work.target]
    read = [
        _readable(driver, column, kinds[column][0], kinds[column][1], array=kinds[column][2])
        for column in table.reads
    ]
    columns = ["ctid", "xmin", *(["tableoid::bigint"] if shared else []), *[sql for sql, _ in read]]
    tables, aliases, same = (
        (", %b::bigint[]", "k, x, o", " AND t.tableoid = u.o::oid") if shared else ("", "k, x", "")
    )
    return _Sql(
        select=f"SELECT count(*), {', '.join(f'array_agg({column})' for column in columns)} FROM {table.name}",
        update=f"UPDATE {table.name} AS t SET {statements.assignment(f'u.v::{target}')} "
        f"FROM unnest(%b, %b{tables}, ",
        match=f") AS u({aliases}, v) WHERE t.ctid = u.k{SAME_VERSION}{same}",
        tables=int(shared),
        loads=tuple(load for _, load in read),
        array=array,
    )


def _readable(driver: Any, column: str, oid: int, kind: str, *, array: bool) -> tuple[str, _Load | None]:
    """A column as it is gathered, and what to make of its values.

    An array of arrays would have to be rectangular, so that arrays come as text; and so do types that psycopg does not
    read, which `compute` gets as text.
    """
    quoted = '"' + column.replace('"', '""').replace("%", "%%") + '"'
    known = driver.adapters.types.get(oid)
    if not array and known and known.array_oid and driver.adapters.get_loader(oid, 1):
        return f"{quoted}::{kind}", None
    loader = driver.adapters.get_loader(oid, 0) if array else None
    if loader is None:
        return f"{quoted}::text", None
    load = loader(oid, driver).load
    return f"{quoted}::text", lambda values: [None if one is None else load(one.encode()) for one in values]
