"""SQLite: one writer at a time, so a batch holds the write lock from its first read on."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from instar.backfill.backends.base import Fault
from instar.backfill.compute import Codec, Compute, ComputeFailedError, describe_error
from instar.backfill.keyset import Key, KeyRange, compare_rows
from instar.backfill.statements import Statements

if TYPE_CHECKING:
    from instar.backfill.table import Table

_FUNCTION = "instar_compute"
_PREPARING = ("no such", "near ", "misuse of", "wrong number of", "unrecognized token", "incomplete input")


class SQLite:
    """The backend of `sqlite:///` URLs."""

    name = "sqlite"
    placeholder = "?"

    def engine(self, url: sa.URL, *, lock_timeout: float) -> sa.Engine:  # noqa: ARG002 - for servers
        """An engine whose transactions take the write lock when they begin.

        Waiting for that lock holds no other, so it may take longer than the lock timeout of the servers.
        """
        connect_args = {"timeout": 5.0, "check_same_thread": False, "isolation_level": None}
        engine = sa.create_engine(url.set(drivername="sqlite"), connect_args=connect_args)

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            # Only writers ask for the lock; a reader's snapshot begins by itself.
            if not connection.get_execution_options().get("instar_reads"):
                connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    def clock(self) -> str:
        """The clock of the machine: there is no server."""
        return "((julianday('now') - 2440587.5) * 86400.0)"

    def escape(self, sql: str) -> str:
        """As it is: the driver parses the statement."""
        return sql

    def compare(self, columns: tuple[str, ...], operator: str, key: Key) -> tuple[str, tuple[Any, ...]]:
        """A row comparison."""
        return compare_rows(columns, operator, self.placeholder), key

    def fault(self, error: BaseException) -> Fault:
        """By the primary result code; code 1 stands for bad SQL and for errors while it runs."""
        original = getattr(error, "orig", None) or error
        code = (getattr(original, "sqlite_errorcode", None) or 0) & 0xFF
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return Fault.BUSY
        if code in {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}:
            return Fault.ROW
        if code == sqlite3.SQLITE_ERROR and not str(original).startswith(_PREPARING):
            return Fault.ROW
        return Fault.FATAL

    def estimate(self, connection: sa.Connection, table: Table) -> int | None:
        """The span of an integer key, which two seeks give; nothing for other keys."""
        if len(table.key) > 1:
            return None
        sql = f"SELECT (SELECT max({table.key[0]}) FROM {table.name}), (SELECT min({table.key[0]}) FROM {table.name})"
        last, first = connection.exec_driver_sql(sql).one()
        return last - first + 1 if isinstance(last, int) and isinstance(first, int) else None

    def computing(self, table: Table, compute: Compute, codec: Codec) -> _Computing:
        """An UPDATE that calls Python as a SQL function: no value leaves the process."""
        return _Computing(Statements(self, table), compute, codec)


class _Computing:
    reads_ahead = False

    def __init__(self, statements: Statements, compute: Compute, codec: Codec) -> None:
        table = statements.table
        self._statements = statements
        self._call = _calling(compute, codec, table.reads)
        self._raised: list[BaseException] = []
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in table.reads)
        value = statements.assignment(f"{_FUNCTION}({quoted})")
        self._update = f"UPDATE {table.name} SET {value} WHERE "

    def _function(self, *values: Any) -> Any:
        try:
            return self._call(values)
        except Exception as error:
            self._raised.append(error)
            raise

    def read(self, connection: sa.Connection, rows: KeyRange) -> None:
        """Nothing is read ahead."""

    def write(self, connection: sa.Connection, rows: KeyRange, payload: None) -> tuple[int, int]:  # noqa: ARG002 - nothing was read
        """Read, compute and write under the write lock, so that no row changes in between."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.create_function(_FUNCTION, len(self._statements.table.reads), self._function)
        self._raised.clear()
        where, parameters = self._statements.where(rows)
        try:
            update = f"{self._update}{where} AND ({self._statements.guard})"
            return connection.exec_driver_sql(update, parameters).rowcount, 0
        except sa.exc.DBAPIError as error:
            if self._raised:
                raise ComputeFailedError(describe_error(self._raised[0])) from error
            raise


def _calling(compute: Compute, codec: Codec, names: tuple[str, ...]) -> Any:
    """The shortest call from the server's values to the server's value."""
    if codec.trivial:
        return lambda values: compute(dict(zip(names, values, strict=True)))
    return lambda values: codec.encode_one(compute(dict(zip(names, codec.decode_row(values), strict=True))))
