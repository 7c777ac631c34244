"""A worker: claims one partition after the other and runs its batches, until nothing is left or it is told to stop."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import msgspec

from instar.backfill.backends.base import Fault, Rewriter
from instar.backfill.batch import Batcher, Done
from instar.backfill.compute import ComputeFailedError
from instar.backfill.keyset import Key, show_key
from instar.backfill.lease import FencedError, Lease, Leases
from instar.backfill.pace import Pace
from instar.errors import InstarError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    import sqlalchemy as sa

    from instar.backfill.options import Options
    from instar.backfill.statements import Statements
    from instar.backfill.throttle import Throttle

End: TypeAlias = Literal["done", "stopped", "limit", "ended"]
"""No partition is left; told to stop; enough rows; the backfill was cancelled or failed elsewhere."""

_T = TypeVar("_T")

_FIRST_BATCH = 2_000
_FIRST_COMPUTED_BATCH = 1_000
_BUSY_PAUSE = 0.02
_IDLE_PAUSE = 0.01
_PATIENCE = 1.5
"""Looks for a partition that others may yet leave behind come ever more rarely, up to the poll interval."""

_MOST_BUSY = 300


class PoisonedRowError(InstarError):
    """A row cannot be rewritten, and the run stops at such rows."""


class Report(msgspec.Struct, frozen=True):
    """What a worker tells after a batch, or while it waits."""

    batch: int
    seconds: float
    waiting: str | None = None


class Worker:
    """One worker of a run.

    Args:
        engine: The database.
        statements: The table's statements.
        rewriter: What a batch does.
        leases: The leases of the backfill.
        throttle: When to wait.
        options: How to run.
        stop: Set to make it stop after the batch under way.
        tell: Gets a report after each batch and while it waits.
    """

    def __init__(
        self,
        engine: sa.Engine,
        statements: Statements,
        rewriter: Rewriter,
        leases: Leases,
        *,
        throttle: Throttle,
        options: Options,
        stop: threading.Event,
        tell: Callable[[Report], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        # A crash that takes a lease back takes back all that was done under it.
        self._hurried = engine.execution_options(instar_hurried=not options.durable_batches)
        self._backend = statements.backend
        self._leases = leases
        self._throttle = throttle
        self._options = options
        self._stop = stop
        self._tell = tell
        self._batcher = Batcher(engine, statements, rewriter, leases, hurried=not options.durable_batches)
        first = _FIRST_COMPUTED_BATCH if statements.table.work.compute else _FIRST_BATCH
        self._pace = Pace(target=options.target, first=first, most=options.batch)
        self._rows = 0
        self._failures = 0
        self._lost_at: float | None = None
        self._idle_pause = _IDLE_PAUSE
        self._turn_at = time.monotonic()
        self._crowded_at = float("-inf")

    def run(self, lease: Lease | None = None) -> End:
        """Work until there is nothing more to do; begins with `lease` where one is held already.

        Raises:
            InstarError: A row cannot be rewritten, or the server does not come back.
            Exception: What else the database refused.
        """
        try:
            while True:
                if self._stop.is_set():
                    if lease:
                        self._release(lease)
                    return "stopped"
                end = self._drive(lease) if lease else self._wait_for_partition()
                if end:
                    return end
                lease = self._guarded(self._claim)
        finally:
            self._batcher.close()

    def _claim(self) -> Lease | None:
        with self._hurried.begin() as connection:
            status, request = self._leases.control(connection)
            return self._leases.claim(connection) if status == "running" and not request else None

    def _wait_for_partition(self) -> End | None:
        """Nothing to claim: it is finished, or others work on the rest and may yet die."""
        status, request, left, owner = self._guarded(self._look) or ("running", None, 1, None)
        if status != "running" or request == "cancel":
            return "ended"
        if not left:
            return "done"
        waiting = "paused" if request else f"{owner} works on the rest" if owner else None
        self._tell(Report(0, 0.0, waiting))
        if request:
            self._stop.wait(self._options.poll)
        elif owner:
            self._stop.wait(self._idle_pause)
            self._idle_pause = min(self._options.poll, self._idle_pause * _PATIENCE)
        return None

    def _look(self) -> tuple[str | None, str | None, int, str | None]:
        with self._engine.begin() as connection:
            status, request = self._leases.control(connection)
            left, owner = self._leases.open(connection)
            return status, request, left, owner

    def _drive(self, lease: Lease) -> End | None:
        """Run the batches of one partition."""
        cursor = lease.cursor
        self._idle_pause = _IDLE_PAUSE
        while not self._stop.is_set():
            if not self._may_go_on(lease):
                return None
            if self._stop.is_set():
                break
            try:
                done = self._batch(lease, cursor)
            except FencedError:
                self._batcher.discard()
                return "stopped" if self._is_revoked(lease) else None
            if done is None:
                continue
            cursor = done.cursor
            if done.finished:
                return None
            if done.request == "cancel":
                self._release(lease)
                return "ended"
            if done.request == "pause":
                self._release(lease)
                return None
            if self._options.limit is not None and self._rows >= self._options.limit:
                self._release(lease)
                return "limit"
            self._stop.wait(max(self._throttle.rest(done.seconds + done.reading), self._turn(done)))
        self._release(lease)
        return "stopped"

    def _turn(self, done: Done) -> float:
        """How long to let others write who cannot do so beside a batch."""
        turns, now = self._backend.turns, time.monotonic()
        if turns is None:
            return 0.0
        if done.crowded:
            self._crowded_at = now
        if now - self._crowded_at < turns.every:
            self._turn_at = now
            return done.seconds
        if now - self._turn_at < turns.every:
            return 0.0
        self._turn_at = now
        return turns.length

    def _batch(self, lease: Lease, cursor: Key | None) -> Done | None:
        """One batch; None where it is to be tried again."""
        size, most = self._pace.size, None
        if self._options.limit is not None:
            most = max(1, self._options.limit - self._rows)
            size = min(size, most)
        try:
            done = self._batcher.run(lease, cursor, size, most)
        except FencedError:
            raise
        except Exception as error:  # noqa: BLE001 - the backend tells what it means
            self._batcher.discard()
            return self._recover(error, lease, size)
        self._failures = 0
        self._lost_at = None
        self._rows += done.rewritten
        if done.scanned:
            self._pace.took(
                seconds=done.seconds, reading=done.reading, scanned=done.scanned, rewritten=done.rewritten
            )
            self._tell(Report(done.scanned, done.seconds))
        return done

    def _recover(self, error: Exception, lease: Lease, size: int) -> Done | None:
        """Decide what an error means: try again, later or with fewer rows; skip the row; or give up."""
        row = isinstance(error, ComputeFailedError)
        fault = Fault.ROW if row else self._backend.fault(error)
        if fault is Fault.FATAL:
            raise error
        if fault is Fault.ROW:
            if size > 1:
                self._pace.refused()
                return None
            return self._poisoned(error, lease)
        self._pace.busy()
        self._again(error, fault)
        return None

    def _poisoned(self, error: Exception, lease: Lease) -> Done:
        """A row that cannot be rewritten: skip it and note why, or stop."""
        assert self._batcher.last is not None
        key = show_key(self._batcher.last.until)
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:500]
        if self._options.on_error == "stop":
            raise PoisonedRowError(
                f"{lease.migration}: the row with key {key} cannot be rewritten: {reason}. "
                "Correct it and run again, or pass over such rows with --on-error skip."
            ) from error
        count, done = self._batcher.skip(lease, reason)
        if count > self._options.most_skipped:
            raise PoisonedRowError(
                f"{lease.migration}: more than {self._options.most_skipped} rows cannot be rewritten, "
                f"the last with key {key}: {reason}. Correct the new value; instar verify lists the rows."
            ) from error
        return done

    def _again(self, error: Exception, fault: Fault) -> None:
        """Wait before another attempt, or give up when there were too many.

        Raises:
            Exception: `error`, at the end of patience.
        """
        self._failures += 1
        if fault is Fault.BUSY:
            if self._failures > _MOST_BUSY:
                raise error
            pause = random.uniform(0.5, 1.5) * min(1.0, _BUSY_PAUSE * self._failures)  # noqa: S311 - jitter
        else:
            now = time.monotonic()
            self._lost_at = self._lost_at or now
            if now - self._lost_at > self._options.reconnect:
                raise error
            self._engine.dispose()
            pause = min(1.0, 0.05 * self._failures)
            self._tell(Report(0, 0.0, "the server is gone; trying again"))
        self._stop.wait(pause)

    def _guarded(self, act: Callable[[], _T]) -> _T | None:
        """Do something with the database; None where it is to be tried again."""
        try:
            result = act()
        except Exception as error:
            fault = self._backend.fault(error)
            if fault not in {Fault.BUSY, Fault.LOST}:
                raise
            self._again(error, fault)
            return None
        self._failures = 0
        self._lost_at = None
        return result

    def _may_go_on(self, lease: Lease) -> bool:
        """Wait while the throttle says so, holding on to the partition; whether it is still ours."""
        held = time.monotonic()
        while (reason := self._throttle.reason()) and not self._stop.is_set():
            self._tell(Report(0, 0.0, reason))
            self._stop.wait(self._options.poll)
            if time.monotonic() - held > self._options.lease / 3:
                if not self._renew(lease):
                    return False
                held = time.monotonic()
        return True

    def _renew(self, lease: Lease) -> bool:
        def renew() -> bool:
            with self._engine.begin() as connection:
                return self._leases.renew(connection, lease)

        return self._guarded(renew) is not False

    def _is_revoked(self, lease: Lease) -> bool:
        def look() -> bool:
            with self._engine.begin() as connection:
                return self._leases.is_revoked(connection, lease)

        return bool(self._guarded(look))

    def _release(self, lease: Lease) -> None:
        def release() -> None:
            with self._engine.begin() as connection:
                self._leases.release(connection, lease)

        self._guarded(release)
