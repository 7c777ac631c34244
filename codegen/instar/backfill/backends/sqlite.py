"""SQLite: one writer at a time, so a batch holds the write lock from its first read on."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from instar.backfill.backends.base import Fault, Turns
from instar.backfill.backends.sqlite_log import Log
from instar.backfill.compute import Codec, Compute, by_position, compute_all
from instar.backfill.keyset import Key, KeyRange, compare_rows
from instar.backfill.statements import Statements
from instar.backfill.transaction import Sent, Transaction, stepwise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instar.backfill.table import Table

_CACHE_KB = 32_000
"""A batch fits in it, so that its pages are written once, when it commits."""

_LONGEST_LOG = 32_000
"""Pages in the write-ahead log after which a batch does not go on before they are in the file, so that the log starts
over: it is otherwise moved beside the batches and never comes to its end."""

_FUNCTION = "instar_compute"
_PREPARING = ("no such", "near ", "misuse of", "wrong number of", "unrecognized token", "incomplete input")


class SQLite:
    """The backend of `sqlite:///` URLs."""

    name = "sqlite"
    placeholder = "?"
    turns: Turns | None = Turns(
        every=3.0, length=0.11
    )  # a waiting writer asks at least every 100 ms, and often gives up after 5 s

    def engine(self, url: sa.URL, *, lock_timeout: float) -> sa.Engine:  # noqa: ARG002 - for servers
        """An engine whose transactions take the write lock when they begin.

        Waiting for that lock holds no other, so it may take longer than the lock timeout of the servers.
        """
        connect_args = {"timeout": 5.0, "check_same_thread": False, "isolation_level": None}
        engine = sa.create_engine(url.set(drivername="sqlite"), connect_args=connect_args)
        positional, named = engine.dialect.create_connect_args(engine.url)
        log = Log(lambda: engine.dialect.connect(*positional, **{**named, **connect_args}))

        @sa.event.listens_for(engine, "connect")
        def _connect(driver: sqlite3.Connection, record: Any) -> None:
            # Without the log, a commit that does not wait could leave a damaged file.
            logged = driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            record.info["instar_log"] = log if logged else None
            driver.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
            driver.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG}")

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            # Only writers ask for the lock; a reader's snapshot begins by itself.
            options = connection.get_execution_options()
            if not options.get("instar_reads"):
                quick = options.get("instar_hurried") and connection.info.get("instar_log")
                connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if quick else 'FULL'}")
                connection.exec_driver_sql("BEGIN IMMEDIATE")

        @sa.event.listens_for(engine, "engine_disposed")
        def _disposed(engine: sa.Engine) -> None:  # noqa: ARG001 - the event's signature
            log.close()

        return engine

    @contextmanager
    def batch(self, engine: sa.Engine, *, hurried: bool) -> Iterator[Transaction]:
        """One statement after the other."""
        with stepwise(engine, hurried=hurried) as transaction:
            log: Log | None = transaction.connection.info.get("instar_log")
            yield transaction
        if log:
            log.grew()

    def crowded(self, connection: sa.Connection) -> bool:
        """Whether another connection has written since this one last asked."""
        (version,) = connection.exec_driver_sql("PRAGMA data_version").one()
        before = connection.info.get("instar_version", version)
        connection.info["instar_version"] = version
        return bool(version != before)

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
        self._compute = compute
        self._codec = codec
        self._function = _calling(compute, codec, table.reads)
        reads = ", ".join('"' + name.replace('"', '""') + '"' for name in table.reads)
        value = statements.assignment(f"{_FUNCTION}({reads})")
        self._update = f"UPDATE {table.name} SET {value} WHERE "
        self._select = f"SELECT {reads} FROM {table.name} WHERE "

    def read(self, connection: sa.Connection, rows: KeyRange) -> None:
        """Nothing is read ahead."""

    def write(self, transaction: Transaction, rows: KeyRange, payload: None) -> tuple[Sent, int]:  # noqa: ARG002 - nothing was read
        """Read, compute and write under the write lock, so that no row changes in between."""
        connection = transaction.connection
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        table = self._statements.table
        driver.create_function(_FUNCTION, len(table.reads), self._function)
        where, parameters = self._statements.where(rows)
        condition = f"{where} AND ({self._statements.guard})"
        try:
            return transaction.send(self._update + condition, parameters), 0
        except sa.exc.OperationalError as error:
            if "user-defined function" in str(error):
                # SQLite does not pass on what was raised; the same calls in Python raise it again.
                found = connection.exec_driver_sql(self._select + condition, parameters).all()
                compute_all(self._compute, self._codec, table.reads, found)
            raise


def _calling(compute: Compute, codec: Codec, names: tuple[str, ...]) -> Callable[..., Any]:
    """The SQL function. The calls of Python are most of what a row costs."""
    if not codec.trivial:
        return lambda *values: codec.encode_one(
            compute(dict(zip(names, codec.decode_row(values), strict=True)))
        )
    return by_position(compute, names)
