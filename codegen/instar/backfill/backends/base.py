"""What a backend must offer: the one place that knows how the databases differ."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import sqlalchemy as sa

    from instar.backfill.compute import Codec, Compute
    from instar.backfill.keyset import Key, KeyRange
    from instar.backfill.table import Table
    from instar.backfill.transaction import Sent, Transaction


class Fault(Enum):
    """What an error from the database means for the batch."""

    BUSY = "busy"  # a lock or a deadlock: the same rows later, fewer at once
    ROW = "row"  # a value that the database refuses: some row of the batch is to blame
    LOST = "lost"  # the connection or the server is gone: connect again
    FATAL = "fatal"  # anything else: stop and tell


class Turns(msgspec.Struct, frozen=True):
    """Gaps for whoever waits for the one write lock of a database by asking for it again and again.

    Attributes:
        every: After so many seconds without a gap comes one, whether anybody waits or not.
        length: Its length: longer than any pause between two such questions.
    """

    every: float
    length: float


class Rewriter(Protocol):
    """Rewrites the rows of a range; `read` may run ahead of `write`, on a connection of its own."""

    reads_ahead: bool

    def read(self, connection: sa.Connection, rows: KeyRange) -> Any:
        """What `write` needs, computed; None where the database does it all."""
        ...

    def write(self, transaction: Transaction, rows: KeyRange, payload: Any) -> tuple[Sent, int]:
        """Write inside a transaction.

        Returns:
            What was sent, which tells how many rows were rewritten; and how many it should be, unless some have changed
            since they were read. Those were left alone. 0 where nothing was read.
        """
        ...


class Backend(Protocol):
    """One kind of database."""

    name: str
    placeholder: str
    turns: Turns | None
    """How to let others write between batches, where they cannot beside them."""

    def engine(self, url: sa.URL, *, lock_timeout: float) -> sa.Engine:
        """An engine whose transactions suit batches; waits for locks no longer than `lock_timeout` seconds."""
        ...

    def batch(self, engine: sa.Engine, *, hurried: bool) -> AbstractContextManager[Transaction]:
        """The transaction of a batch.

        A crash of the server may lose the last commits of hurried ones, always whole and always the latest: rows and
        cursor together. The transaction that ends a run waits for the disk, and with it all before it are there.
        """
        ...

    def crowded(self, connection: sa.Connection) -> bool:
        """Whether others write meanwhile who can only do so between two batches."""
        ...

    def clock(self) -> str:
        """SQL of the server's time in seconds since 1970, as a float."""
        ...

    def escape(self, sql: str) -> str:
        """The user's SQL as part of a statement with parameters."""
        ...

    def compare(self, columns: tuple[str, ...], operator: str, key: Key) -> tuple[str, tuple[Any, ...]]:
        """A comparison of key columns with a key that the primary key's index serves, and its parameters."""
        ...

    def fault(self, error: BaseException) -> Fault:
        """What an error means."""
        ...

    def estimate(self, connection: sa.Connection, table: Table) -> int | None:
        """About how many rows the table has, without counting them; None where it does not know."""
        ...

    def computing(self, table: Table, compute: Compute, codec: Codec) -> Rewriter:
        """The rewriter for values that Python computes."""
        ...
