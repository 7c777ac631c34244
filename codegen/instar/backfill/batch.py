"""One batch: a transaction that holds the lease, rewrites a range of rows and moves the cursor."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec

from instar.backfill.connecting import reading, writing_batch
from instar.backfill.keyset import Key, KeyRange
from instar.backfill.lease import Lease, Leases, Skipped
from instar.backfill.tracking import Request

if TYPE_CHECKING:
    import sqlalchemy as sa

    from instar.backfill.backends.base import Rewriter
    from instar.backfill.statements import Statements

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
    """A batch after its commit. Times are in seconds; `request` is what was asked of us when it began."""

    cursor: Key | None
    finished: bool
    rewritten: int
    scanned: int
    seconds: float
    reading: float
    request: Request | None


class Batcher:
    """Runs the batches of one worker; reads and computes ahead where the backend can.

    Attributes:
        last: The rows of the batch that was begun last, to name the culprit when it fails.
    """

    def __init__(self, engine: sa.Engine, statements: Statements, rewriter: Rewriter, leases: Leases) -> None:
        self._engine = engine
        self._statements = statements
        self._rewriter = rewriter
        self._leases = leases
        self._pool = ThreadPoolExecutor(1, "instar-reader") if rewriter.reads_ahead else None
        self._ahead: tuple[Key | None, int, Future[Prepared]] | None = None
        self._dense = False
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

    def run(self, lease: Lease, cursor: Key | None, size: int) -> Done:
        """The next batch of about `size` rows behind `cursor`.

        Raises:
            FencedError: The lease is somebody else's; nothing was written.
            Exception: Whatever the database or `compute` raised; nothing was written.
        """
        prepared = self._next(lease, cursor, size) if self._pool else None
        begun = time.perf_counter()
        with writing_batch(self._engine) as connection:
            request, stored = self._leases.hold(connection, lease)
            if stored != cursor:
                self.discard()
                return Done(stored, stored == lease.rows.until, 0, 0, 0.0, 0.0, request)
            prepared = prepared or self._prepare(connection, lease, cursor, size)
            self.last = prepared.rows
            rewritten = self._write(connection, prepared)
            self._learn(prepared.rows, rewritten)
            scanned = prepared.size if prepared.more else rewritten
            elapsed = time.perf_counter() - begun
            self._leases.checkpoint(
                connection,
                lease,
                cursor=prepared.rows.until,
                done=not prepared.more,
                processed=rewritten,
                scanned=scanned,
                rate=scanned / max(elapsed + (0 if self._pool else prepared.seconds), 1e-6),
            )
        return Done(
            cursor=prepared.rows.until,
            finished=not prepared.more,
            rewritten=rewritten,
            scanned=scanned,
            seconds=time.perf_counter() - begun,
            reading=prepared.seconds if self._pool else 0.0,
            request=request,
        )

    def skip(self, lease: Lease, reason: str) -> tuple[int, Done]:
        """Pass over the one row of the last batch and note it; returns how many were skipped so far."""
        assert self.last is not None
        self.discard()
        key = self.last.until
        finished = key == lease.rows.until
        with self._engine.begin() as connection:
            request, _ = self._leases.hold(connection, lease)
            count = self._leases.skip(connection, lease, Skipped(key, reason))
            self._leases.checkpoint(
                connection, lease, cursor=key, done=finished, processed=0, scanned=1, rate=0.0
            )
        return count, Done(key, finished, 0, 1, 0.0, 0.0, request)

    def _next(self, lease: Lease, cursor: Key | None, size: int) -> Prepared:
        """What was read ahead, when it begins here; and the reader sent on."""
        assert self._pool is not None
        if self._ahead and self._ahead[:1] == (cursor,) and self._ahead[1] <= 2 * size:
            future = self._ahead[2]
        else:
            self.discard()
            future = self._pool.submit(self._read_ahead, lease, cursor, size)
        self._ahead = None
        try:
            prepared = future.result()
        except Exception:
            self.last = self._reading
            raise
        if prepared.more:
            ahead = self._pool.submit(self._read_ahead, lease, prepared.rows.until, size)
            self._ahead = (prepared.rows.until, size, ahead)
        return prepared

    def _read_ahead(self, lease: Lease, cursor: Key | None, size: int) -> Prepared:
        with reading(self._engine) as connection:
            return self._prepare(connection, lease, cursor, size)

    def _prepare(self, connection: sa.Connection, lease: Lease, cursor: Key | None, size: int) -> Prepared:
        begun = time.perf_counter()
        rest = KeyRange(cursor if cursor is not None else lease.rows.after, lease.rows.until)
        rows, more = self._range(connection, rest, size)
        self._reading = rows
        payload = self._rewriter.read(connection, rows)
        return Prepared(rows, size, more, payload, time.perf_counter() - begun)

    def _range(self, connection: sa.Connection, rest: KeyRange, size: int) -> tuple[KeyRange, bool]:
        """The next rows, and whether more follow.

        So many consecutive integers are the keys of at most so many rows; while most of them are, nobody has to
        look where the batch ends.
        """
        after, last = rest.after, rest.until[0]
        if self._dense and after is not None and len(after) == 1 and type(after[0]) is int is type(last):
            until = min(after[0] + size, last)
            return KeyRange(after, (until,)), until < last
        rows, more = self._statements.boundary(connection, rest, size)
        return rows, more and rows.until != rest.until

    def _learn(self, rows: KeyRange, rewritten: int) -> None:
        """Whether the integers of a range were mostly keys of rows that had work."""
        first, last = rows.after and rows.after[0], rows.until[0]
        integers = type(first) is int is type(last) and len(rows.until) == 1
        self._dense = integers and rewritten * 2 >= last - first

    def _write(self, connection: sa.Connection, prepared: Prepared) -> int:
        """Write, and read those rows again that changed since they were read."""
        rewritten, changed = self._rewriter.write(connection, prepared.rows, prepared.payload)
        for _ in range(_ROUNDS):
            if not changed:
                break
            payload = self._rewriter.read(connection, prepared.rows)
            again, changed = self._rewriter.write(connection, prepared.rows, payload)
            rewritten += again
        return rewritten
