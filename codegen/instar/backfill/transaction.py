"""The transaction of a batch, one statement after the other; a backend may send several at once instead."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa


class Sent(Protocol):
    """What came of a statement; to be asked only after `Transaction.wait`."""

    @property
    def rowcount(self) -> int:
        """How many rows it wrote."""
        ...

    def one_or_none(self) -> Any:
        """The row that it returned."""
        ...


class _Done:
    def __init__(self, rowcount: int, row: sa.Row[Any] | None) -> None:
        self.rowcount = rowcount
        self._row = row

    def one_or_none(self) -> sa.Row[Any] | None:
        """The row that it returned."""
        return self._row


NOTHING: Sent = _Done(0, None)
"""What came of a statement that did not have to be sent."""


class Transaction(Protocol):
    """A transaction that is open. It commits at the end of its `with`, or is rolled back by an exception.

    Attributes:
        connection: The connection, for what is no part of every batch.
    """

    connection: sa.Connection

    def send(self, statement: sa.Executable | str, parameters: Any) -> Sent:
        """Send a statement: SQLAlchemy's with named parameters, or the driver's SQL with its own."""
        ...

    def wait(self) -> None:
        """Wait until all that was sent is done.

        Raises:
            Exception: What the database refused.
        """
        ...


class Stepwise:
    """Waits for every statement at once."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def send(self, statement: sa.Executable | str, parameters: Any) -> Sent:
        """Execute it."""
        if isinstance(statement, str):
            result = self.connection.exec_driver_sql(statement, parameters)
        else:
            result = self.connection.execute(statement, parameters)
        # Read at once: SQLite keeps a statement open, and its lock, until its rows were read.
        return _Done(result.rowcount, result.one_or_none() if result.returns_rows else None)

    def wait(self) -> None:
        """Nothing is under way."""


@contextmanager
def stepwise(engine: sa.Engine, *, hurried: bool) -> Iterator[Stepwise]:
    """A transaction for a batch.

    Args:
        engine: The database.
        hurried: Whether the commit may return before it is on the disk, where the backend can do that.
    """
    with engine.connect() as connection:
        batch = connection.execution_options(instar_hurried=hurried)
        with batch.begin():
            yield Stepwise(batch)
