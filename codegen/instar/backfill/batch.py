"""One batch: a transaction that holds the lease, rewrites a range of rows and moves the cursor."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec

from instar.backfill.connecting import reading
from instar.backfill.keyset import Key, KeyRange
from instar.backfill.lease import Lease, Leases, Skipped
from instar.backfill.pace import Rate
from instar.backfill.tracking import Request
from instar.backfill.transaction import Stepwise

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from instar.backfill.backends.base import Rewriter
    from instar.backfill.statements import Statements
    from instar.backfill.transaction import Transaction

_ROUNDS = 3
"""How often a batch reads rows again that changed while it computed; the final sweep finds the rest."""


class Prepared(msgspec.Struct, frozen=True):
    """A batch before its transaction: its rows, how many at most, whether more follow, what to write, the time."""

    rows: KeyRange
    size: int
    more: bool
    payload: Any
    seconds: float


class Done(msgspec.Struct, frozen=True):
    """A batch after its commit.

    Times are in seconds; `request` is what was asked of us when it began; `crowded` is whether others write as well.
    """

    cursor: Key | None
    finished: bool
    rewritten: int
    scanned: int
    seconds: float
    reading: float
    request: Request | None
    crowded: bool = False


class _MovedError(Exception):
    """The cursor stands elsewhere: a commit came through whose answer was lost."""

    def __init__(self, cursor: Key | None, request: Request | None) -> None:
        super().__init__()
        self.cursor = cursor
        self.request = request


class Batcher:
    """Runs the batches of one worker; reads and computes ahead where the backend can.

    Args:
        engine: The database.
        statements: The table's statements.
        rewriter: What a batch does.
        leases: The leases of the backfill.
        hurried: Whether a batch's commit need not wait for the disk.

    Attributes:
        last: The rows of the batch that was begun last, to name the culprit when it fails.
    """

    def __init__(
        self,
        engine: sa.Engine,
        statements: Statements,
        rewriter: Rewriter,
        leases: Leases,
        *,
        hurried: bool,
    ) -> None:
        self._engine = engine
        self._hurried = hurried
        self._statements = statements
        self._rewriter = rewriter
        self._leases = leases
        self._pool = ThreadPoolExecutor(1, "instar-reader") if rewriter.reads_ahead else None
        self._ahead: tuple[Key | None, int, Future[Prepared]] | None = None
        self._dense = False
        self._rate = Rate()
        self.last: KeyRange | None = None

    def close(self) -> None:
        """Drop what was read ahead."""
        self.discard()
        if self._pool:
            self._pool.shutdown()

    def discard(self) -> None:
        """Forget what was read ahead, since the next batch begins elsewhere or is smaller."""
        if self._ahead:
            self._ahead[2].cancel()
            self._ahead = None

    def run(self, lease: Lease, cursor: Key | None, size: int, most: int | None = None) -> Done:
        """The next batch of about `size` rows behind `cursor`.

        Args:
            lease: The partition.
            cursor: Where the last batch ended; None at the start of the partition.
            size: How many rows.
            most: How many at the most; twice as many as `size` without it, since they may have been read already.

        Raises:
            FencedError: The lease is somebody else's; nothing was written.
            Exception: Whatever the database or `compute` raised; nothing was written.
        """
        prepared = (
            self._next(lease, cursor, size, most or 2 * size)
            if self._pool
            else self._prepare(lease, cursor, size)
        )
        self.last = prepared.rows
        begun = time.perf_counter()
        try:
            with self._statements.backend.batch(self._engine, hurried=self._hurried) as transaction:
                held = self._leases.hold(transaction, lease)
                sent, expected = self._rewriter.write(transaction, prepared.rows, prepared.payload)
                transaction.wait()
                request = _in_place(held, cursor)
                crowded = self._statements.backend.crowded(transaction.connection)
                rewritten = sent.rowcount
                if rewritten < expected:
                    rewritten += self._write_changed(transaction, prepared.rows)
                scanned = prepared.size if prepared.more else rewritten
                self._leases.checkpoint(
                    transaction,
                    lease,
                    cursor=prepared.rows.until,
                    done=not prepared.more,
                    processed=rewritten,
                    scanned=scanned,
                    rate=self._rate.after(scanned),
                )
        except _MovedError as moved:
            self.discard()
            finished = moved.cursor == lease.rows.until
            return Done(moved.cursor, finished, 0, 0, 0.0, 0.0, moved.request)
        self._learn(prepared.rows, rewritten)
        return Done(
            cursor=prepared.rows.until,
            finished=not prepared.more,
            rewritten=rewritten,
            scanned=scanned,
            seconds=time.perf_counter() - begun,
            reading=prepared.seconds,
            request=request,
            crowded=crowded,
        )

    def skip(self, lease: Lease, reason: str) -> tuple[int, Done]:
        """Pass over the one row of the last batch and note it; returns how many were skipped so far."""
        assert self.last is not None
        self.discard()
        key = self.last.until
        finished = key == lease.rows.until
        with self._engine.begin() as connection:
            transaction = Stepwise(connection)
            request, _ = self._leases.hold(transaction, lease)()
            count = self._leases.skip(connection, lease, Skipped(key, reason))
            self._leases.checkpoint(
                transaction, lease, cursor=key, done=finished, processed=0, scanned=1, rate=0.0
            )
        return count, Done(key, finished, 0, 1, 0.0, 0.0, request)

    def _next(self, lease: Lease, cursor: Key | None, size: int, most: int) -> Prepared:
        """What was read ahead, when it begins here; and the reader sent on."""
        assert self._pool is not None
        if self._ahead and self._ahead[:1] == (cursor,) and self._ahead[1] <= most:
            future = self._ahead[2]
        else:
            self.discard()
            future = self._pool.submit(self._prepare, lease, cursor, size)
        self._ahead = None
        try:
            prepared = future.result()
        except Exception:
            self.last = self._reading
            raise
        if prepared.more:
            ahead = self._pool.submit(self._prepare, lease, prepared.rows.until, size)
            self._ahead = (prepared.rows.until, size, ahead)
        return prepared

    def _prepare(self, lease: Lease, cursor: Key | None, size: int) -> Prepared:
        begun = time.perf_counter()
        rest = KeyRange(cursor if cursor is not None else lease.rows.after, lease.rows.until)
        rows, more = self._range(rest, size)
        self._reading = rows
        payload = None
        if self._rewriter.reads_ahead:
            with reading(self._engine) as connection:
                payload = self._rewriter.read(connection, rows)
        return Prepared(rows, size, more, payload, time.perf_counter() - begun)

    def _range(self, rest: KeyRange, size: int) -> tuple[KeyRange, bool]:
        """The next rows, and whether more follow.

        So many consecutive integers are the keys of at most so many rows; while most of them are, nobody has to
        look where the batch ends.
        """
        after, last = rest.after, rest.until[0]
        if self._dense and after is not None and len(after) == 1 and type(after[0]) is int is type(last):
            until = min(after[0] + size, last)
            return KeyRange(after, (until,)), until < last
        with reading(self._engine) as connection:
            rows, more = self._statements.boundary(connection, rest, size)
        return rows, more and rows.until != rest.until

    def _learn(self, rows: KeyRange, rewritten: int) -> None:
        """Whether the integers of a range were mostly keys of rows that had work."""
        first, last = rows.after and rows.after[0], rows.until[0]
        integers = type(first) is int is type(last) and len(rows.until) == 1
        self._dense = integers and rewritten * 2 >= last - first

    def _write_changed(self, transaction: Transaction, rows: KeyRange) -> int:
        """Read those rows again that changed since they were read, and write them; how many were written."""
        rewritten = 0
        for _ in range(_ROUNDS):
            payload = self._rewriter.read(transaction.connection, rows)
            sent, expected = self._rewriter.write(transaction, rows, payload)
            transaction.wait()
            rewritten += sent.rowcount
            if sent.rowcount == expected:
                break
        return rewritten


def _in_place(held: Callable[[], tuple[Request | None, Key | None]], cursor: Key | None) -> Request | None:
    """What is asked of us, where the cursor stands as we left it."""
    request, stored = held()
    if stored != cursor:
        raise _MovedError(stored, request)
    return request
