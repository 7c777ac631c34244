"""The statements of a batch: where it ends, which rows it rewrites, how many are left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instar.backfill.keyset import Key, KeyRange

if TYPE_CHECKING:
    import sqlalchemy as sa

    from instar.backfill.backends.base import Backend
    from instar.backfill.table import Table
    from instar.backfill.transaction import Sent, Transaction


class Statements:
    """SQL over one table on one backend. Keys travel as parameters; the work's SQL is part of the text."""

    def __init__(self, backend: Backend, table: Table) -> None:
        self.backend = backend
        self.table = table
        self.guard = backend.escape(table.work.guard)
        self.key = ", ".join(table.key)

    def where(self, rows: KeyRange) -> tuple[str, tuple[Any, ...]]:
        """The condition that a row lies in the range, and its parameters."""
        until, parameters = self.backend.compare(self.table.key, "<=", rows.until)
        if rows.after is None:
            return until, parameters
        after, first = self.backend.compare(self.table.key, ">", rows.after)
        return f"{after} AND {until}", first + parameters

    def assignment(self, value: str, alias: str = "") -> str:
        """The SET clause that gives the target a value and leaves automatic timestamps as they are."""
        stamps = "".join(f", {alias}{stamp} = {alias}{stamp}" for stamp in self.table.stamps)
        return f"{alias}{self.table.target} = {value}{stamps}"

    def last_key(self, connection: sa.Connection) -> Key | None:
        """The greatest key of the table."""
        order = ", ".join(f"{column} DESC" for column in self.table.key)
        row = connection.exec_driver_sql(
            f"SELECT {self.key} FROM {self.table.name} ORDER BY {order} LIMIT 1"
        ).one_or_none()
        return None if row is None else tuple(row)

    def boundary(self, connection: sa.Connection, rows: KeyRange, size: int) -> tuple[KeyRange, bool]:
        """The first `size` rows of a range; whether they are fewer than the whole of it."""
        where, parameters = self.where(rows)
        row = connection.exec_driver_sql(
            f"SELECT {self.key} FROM {self.table.name} WHERE {where} "
            f"ORDER BY {self.key} LIMIT 1 OFFSET {size - 1:d}",
            parameters,
        ).one_or_none()
        return (rows, False) if row is None else (KeyRange(rows.after, tuple(row)), True)

    def left(self, connection: sa.Connection) -> int:
        """How many rows still match the guard."""
        sql = f"SELECT count(*) FROM {self.table.name} WHERE {self.guard}"
        return int(connection.exec_driver_sql(sql, ()).scalar_one())

    def left_keys(self, connection: sa.Connection, limit: int) -> tuple[Key, ...]:
        """The keys of the first rows that still match the guard."""
        sql = (
            f"SELECT {self.key} FROM {self.table.name} WHERE {self.guard} ORDER BY {self.key} LIMIT {limit:d}"
        )
        return tuple(tuple(row) for row in connection.exec_driver_sql(sql, ()))


class ServerSide:
    """Rewrites by one UPDATE a batch: the server evaluates the expression, or clears the target."""

    reads_ahead = False

    def __init__(self, statements: Statements) -> None:
        work = statements.table.work
        self._statements = statements
        value = "NULL" if work.clear else statements.backend.escape(f"({work.expression})")
        self._update = f"UPDATE {statements.table.name} SET {statements.assignment(value)} WHERE "

    def read(self, connection: sa.Connection, rows: KeyRange) -> None:
        """Nothing is read."""

    def write(self, transaction: Transaction, rows: KeyRange, payload: None) -> tuple[Sent, int]:  # noqa: ARG002 - nothing was read
        """Rewrite the rows of the range that match the guard, at this moment."""
        where, parameters = self._statements.where(rows)
        update = f"{self._update}{where} AND ({self._statements.guard})"
        return transaction.send(update, parameters), 0
