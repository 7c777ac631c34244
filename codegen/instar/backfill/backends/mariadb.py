"""MariaDB and MySQL: server-side range updates, and computed values sent as a joined list of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from instar.backfill.backends.base import Fault, Turns
from instar.backfill.compute import Codec, Compute, ComputeFailedError, compute_all, describe_error
from instar.backfill.keyset import Key, KeyRange, compare_columns
from instar.backfill.statements import Statements
from instar.backfill.transaction import NOTHING, Sent, Transaction, stepwise
from instar.errors import InstarError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from instar.backfill.table import Table

_BUSY = {1205, 1213, 1020, 3024, 1969, 1153}
_LOST = {2006, 2013, 2002, 2003, 2055, 1053, 1040, 1927, 4031}
_ROW = {1048, 1062, 1216, 1217, 1264, 1265, 1292, 1364, 1365, 1366, 1367, 1406, 1411, 1441, 1451, 1452}
_ROW |= {1644, 1690, 1916, 3140, 3819, 4025, 4038}

_Payload: TypeAlias = list[tuple[Any, ...]]


class MariaDB:
    """The backend of `mariadb://` and `mysql://` URLs, through PyMySQL."""

    name = "mariadb"
    placeholder = "%s"
    turns: Turns | None = None

    def engine(self, url: sa.URL, *, lock_timeout: float) -> sa.Engine:
        """An engine in READ COMMITTED, so that a batch locks no gaps and lets others insert.

        Where the binary log holds statements the server refuses that level, and the default one stays.
        """
        try:
            engine = sa.create_engine(url.set(drivername=f"{url.get_backend_name()}+pymysql"))
        except ModuleNotFoundError:
            raise InstarError("MariaDB needs PyMySQL: pip install 'instar[mysql]'.") from None

        @sa.event.listens_for(engine, "connect")
        def _connect(driver: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy passes it
            with driver.cursor() as cursor:
                cursor.execute("SET SESSION innodb_lock_wait_timeout = %s", (max(1, round(lock_timeout)),))
                cursor.execute("SELECT @@log_bin AND @@binlog_format = 'STATEMENT'")
                if not cursor.fetchone()[0]:
                    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

        return engine

    def batch(self, engine: sa.Engine, *, hurried: bool) -> AbstractContextManager[Transaction]:
        """One statement after the other."""
        return stepwise(engine, hurried=hurried)

    def crowded(self, connection: sa.Connection) -> bool:  # noqa: ARG002 - rows are locked, not the database
        """Others write beside a batch."""
        return False

    def clock(self) -> str:
        """UTC, whatever the time zone of the session and its summer time."""
        return "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1e6)"

    def escape(self, sql: str) -> str:
        """Percent signs doubled."""
        return sql.replace("%", "%%")

    def compare(self, columns: tuple[str, ...], operator: str, key: Key) -> tuple[str, tuple[Any, ...]]:
        """Spelled out by columns: the optimiser finds no range in a row comparison."""
        return compare_columns(columns, operator, key, self.placeholder)

    def fault(self, error: BaseException) -> Fault:
        """By the error number."""
        original = getattr(error, "orig", None) or error
        if not type(original).__module__.startswith("pymysql"):
            return Fault.FATAL
        number = original.args[0] if original.args and isinstance(original.args[0], int) else None
        if number in _BUSY:
            return Fault.BUSY
        if getattr(error, "connection_invalidated", False) or number in _LOST or number == 0:
            return Fault.LOST
        return Fault.ROW if number in _ROW else Fault.FATAL

    def estimate(self, connection: sa.Connection, table: Table) -> int | None:
        """InnoDB's estimate."""
        sql = (
            "SELECT table_rows FROM information_schema.tables "
            "WHERE table_name = %s AND table_schema = COALESCE(%s, DATABASE())"
        )
        rows = connection.exec_driver_sql(sql, (table.work.table, table.work.namespace)).scalar()
        return int(rows) if rows else None

    def computing(self, table: Table, compute: Compute, codec: Codec) -> _Computing:
        """A list of keys, digests of what was read, and values, joined to the table."""
        return _Computing(Statements(self, table), compute, codec)


class _Computing:
    reads_ahead = True

    def __init__(self, statements: Statements, compute: Compute, codec: Codec) -> None:
        table = statements.table
        self._statements = statements
        self._compute = compute
        self._codec = codec
        self._width = len(table.key)
        reads = [_quoted(name) for name in table.reads]
        self._select = (
            f"SELECT {statements.key}, {_digest(reads)}, {', '.join(reads)} FROM {table.name} WHERE "
        )
        self._update = ""

    def read(self, connection: sa.Connection, rows: KeyRange) -> _Payload | None:
        """Read the rows that match the guard, each with a digest of what was read, and compute their values."""
        if not self._update:
            self._update = self._write_sql(connection)
        where, parameters = self._statements.where(rows)
        sql = f"{self._select}{where} AND ({self._statements.guard})"
        found = connection.exec_driver_sql(sql, parameters).fetchall()
        if not found:
            return None
        start = self._width + 1
        names = self._statements.table.reads
        values = compute_all(self._compute, self._codec, names, (row[start:] for row in found))
        return [(*row[:start], value) for row, value in zip(found, values, strict=True)]

    def write(
        self,
        transaction: Transaction,
        rows: KeyRange,  # noqa: ARG002 - the payload says which rows
        payload: _Payload | None,
    ) -> tuple[Sent, int]:
        """Write the values to the rows whose columns still have the digest that was read."""
        if payload is None:
            return NOTHING, 0
        one = f"({', '.join(['%s'] * (self._width + 2))})"
        update = self._update.replace("{rows}", ", ".join([one] * len(payload)), 1)
        try:
            sent = transaction.send(update, tuple(v for row in payload for v in row))
        except TypeError as error:  # PyMySQL has no spelling for a value that compute returned
            raise ComputeFailedError(describe_error(error)) from error
        return sent, len(payload)

    def _write_sql(self, connection: sa.Connection) -> str:
        """The UPDATE, with `{rows}` where the values go; text keys are compared in their column's collation."""
        statements, table = self._statements, self._statements.table
        found = connection.exec_driver_sql(
            "SELECT column_name, character_set_name, collation_name FROM information_schema.columns "
            "WHERE table_name = %s AND table_schema = COALESCE(%s, DATABASE()) AND collation_name IS NOT NULL",
            (table.work.table, table.work.namespace),
        )
        collations = {_quoted(name): (charset, collation) for name, charset, collation in found}
        names = [f"instar_key{position}" for position in range(self._width)]
        keys = [
            f"CONVERT(v.{name} USING {collations[column][0]}) COLLATE {collations[column][1]} AS {name}"
            if column in collations
            else f"v.{name}"
            for name, column in zip(names, table.key, strict=True)
        ]
        join = " AND ".join(f"t.{column} = u.{name}" for name, column in zip(names, table.key, strict=True))
        reads = [f"t.{_quoted(name)}" for name in table.reads]
        return (
            f"UPDATE (WITH v({', '.join(names)}, instar_digest, instar_value) AS (VALUES {{rows}}) "
            f"SELECT {', '.join(keys)}, v.instar_digest, v.instar_value FROM v) AS u STRAIGHT_JOIN {table.name} AS t ON {join} "
            f"SET {statements.assignment('u.instar_value', 't.')} "
            f"WHERE {_digest(reads)} = u.instar_digest AND ({statements.guard})"
        )


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


def _digest(columns: list[str]) -> str:
    """SQL of a digest of columns that tells NULL from empty and keeps their borders apart."""
    parts = ", ".join(f"COALESCE(HEX(CAST({column} AS BINARY)), '-')" for column in columns)
    return f"MD5(CONCAT_WS(',', {parts}))"
