"""The workers of one run: this thread alone, threads, processes, or an executor that is given.

Where Python needs long to compute, all workers but the first are processes; that one works here while they start.
"""

from __future__ import annotations

import time
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from instar.backfill.cluster import cluster
from instar.backfill.connecting import reading
from instar.backfill.process import work_apart
from instar.backfill.share import Share, rewriter_of, work_here, work_on
from instar.backfill.worker import End, Report
from instar.errors import InstarError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from instar.backfill.lease import Lease, Leases
    from instar.backfill.statements import Statements
    from instar.backfill.throttle import Gauge

_ORDER: tuple[End, ...] = ("stopped", "ended", "limit", "done")
_LOOK_EVERY = 0.2

_TRIED = (20, 1_000)
"""Rows that are computed to see how long that takes; the first few alone, since a row may take seconds."""

_LONG = 0.1
_SECONDS_A_ROW = 3e-6
"""What the server needs for a computed row, about; all workers' Python must fit in."""


class Crew:
    """Runs the workers of a pass and waits for them.

    Args:
        engine: The database.
        statements: The table's statements.
        leases: The leases of the backfill, to take back when the run stops.
        executor: Runs the workers, where it is given.
    """

    def __init__(
        self,
        engine: sa.Engine,
        statements: Statements,
        leases: Leases,
        *,
        executor: Executor | None,
    ) -> None:
        self._engine = engine
        self._statements = statements
        self._leases = leases
        self._executor = executor

    def work(
        self,
        share: Share,
        *,
        stop: threading.Event,
        tell: Callable[[Report], None],
        gauges: Sequence[Gauge],
    ) -> End:
        """Work until nothing is left, or the run is to stop; how it ended."""
        count = share.options.workers
        alone = self._executor is None and share.options.executor is None
        if alone and (count < 2 or self._statements.backend.name == "sqlite"):
            return work_here(share, self._engine, self._statements, stop=stop, tell=tell, gauges=gauges)
        shares = _shares(share, count)
        if alone:
            apart = share.work.compute is not None and self._computes_slowly(share)
            with ThreadPoolExecutor(count, "instar-worker") as threads:
                futures = [
                    threads.submit(work_apart, one, stop)
                    if position and apart
                    else threads.submit(
                        work_here, one, self._engine, self._statements, stop=stop, gauges=gauges
                    )
                    for position, one in enumerate(shares)
                ]
                return self._await(futures, share, stop, tell, stop.set)
        with self._executors(share) as executor:
            futures = [executor.submit(work_on, one) for one in shares]
            return self._await(futures, share, stop, tell, lambda: None)

    def _computes_slowly(self, share: Share) -> bool:
        """Whether Python's part of a row is so long that threads would wait for each other.

        A process takes as long to start as a thread to rewrite a few hundred thousand rows.
        """
        if share.lease is None:
            return True
        try:
            return self._seconds_a_row(share, share.lease) * share.options.workers > _SECONDS_A_ROW
        except Exception:  # noqa: BLE001 - the workers meet it again, and know what to do
            return True

    def _seconds_a_row(self, share: Share, lease: Lease) -> float:
        """How long this thread takes to read and compute a row; infinite where that cannot be told quickly."""
        rewriter = rewriter_of(self._engine, self._statements, share.options)
        seconds = float("inf")
        for count in _TRIED:
            with reading(self._engine) as connection:
                rows, _ = self._statements.boundary(connection, lease.remaining, count)
                begun, computing = time.monotonic(), time.thread_time()
                payload = rewriter.read(connection, rows)
                seconds = (time.thread_time() - computing) / count
            if payload is None or time.monotonic() - begun > _LONG:
                return float("inf")
        return seconds

    @contextmanager
    def _executors(self, share: Share) -> Iterator[Executor]:
        if self._executor is not None:
            yield self._executor
            return
        assert share.options.executor is not None
        with cluster(share.options.executor) as executor:
            yield executor

    def _await(
        self,
        futures: list[Future[End]],
        share: Share,
        stop: threading.Event,
        tell: Callable[[Report], None],
        halt: Callable[[], None],
    ) -> End:
        """Wait for the workers; when one fails, or the run stops, the others stop after their batch."""
        pending = set(futures)
        failed = False
        while pending:
            finished, pending = wait(pending, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
            failed = failed or any(future.exception() for future in finished)
            if failed:
                halt()
            if failed or stop.is_set():
                self._revoke(share)
            tell(Report(0, 0.0))
        errors = [error for future in futures if (error := future.exception())]
        if errors:
            raise next((error for error in errors if isinstance(error, InstarError)), errors[0])
        ends = {future.result() for future in futures}
        return next(end for end in _ORDER if end in ends)

    def _revoke(self, share: Share) -> None:
        try:
            with self._engine.begin() as connection:
                self._leases.revoke(connection, share.run)
        except sa.exc.DBAPIError:
            pass  # a batch holds the row, or the server is away: again in a moment


def _shares(share: Share, count: int) -> list[Share]:
    """One share a worker; the first takes the partition that is held already, all divide the limit."""
    limit = share.options.limit
    options = (
        share.options
        if limit is None
        else msgspec.structs.replace(share.options, limit=max(1, -(-limit // count)))
    )
    first = msgspec.structs.replace(share, options=options)
    return [first, *[msgspec.structs.replace(first, lease=None)] * (count - 1)]
