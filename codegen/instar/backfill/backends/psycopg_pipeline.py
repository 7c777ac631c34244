"""The transaction of a batch on PostgreSQL: sent together, answered together.

A batch is five statements, begin and commit among them. One after the other they would cost five round trips, and with
each the worker would have to wait for its turn to run, holding locks.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from instar.backfill.transaction import Sent

_UNHURRIED = "SET LOCAL synchronous_commit = off"


class Answer:
    """What came of a statement, as the driver has it."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        """How many rows it wrote."""
        return int(self._cursor.rowcount)

    def one_or_none(self) -> Any:
        """The row that it returned."""
        return self._cursor.fetchone()


class Pipelined:
    """A transaction in psycopg's pipeline mode."""

    def __init__(self, connection: sa.Connection, pipeline: Any, compiled: dict[sa.Executable, Any]) -> None:
        self.connection = connection
        self._driver: Any = connection.connection.driver_connection
        self._pipeline = pipeline
        self._compiled = compiled

    def send(self, statement: sa.Executable | str, parameters: Any) -> Sent:
        """Queue a statement."""
        if isinstance(statement, str):
            return Answer(self._driver.execute(statement, parameters))
        compiled = self._compiled.get(statement)
        if compiled is None:
            compiled = self._compiled[statement] = statement.compile(dialect=self.connection.dialect)  # type: ignore[attr-defined]  # whatever is executable compiles
        return Answer(self._driver.execute(str(compiled), compiled.construct_params(parameters)))

    def wait(self) -> None:
        """Send what is queued, and wait for the answers."""
        self._pipeline.sync()


class Pipelines:
    """Opens pipelined transactions; remembers how SQLAlchemy's statements are spelled."""

    def __init__(self) -> None:
        self._compiled: dict[sa.Executable, Any] = {}

    @contextmanager
    def transaction(self, engine: sa.Engine, *, hurried: bool) -> Iterator[Pipelined]:
        """A transaction whose commit goes out together with the last statements."""
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.pipeline() as pipeline, connection.begin():
                if hurried:
                    driver.execute(_UNHURRIED)
                yield Pipelined(connection, pipeline, self._compiled)
