"""Running a backfill from its start, or from where it stopped, to its end."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from typing import TYPE_CHECKING, TypeVar

import msgspec
import sqlalchemy as sa

from instar.backfill import tracking
from instar.backfill.admission import admit
from instar.backfill.backends import backend_of
from instar.backfill.connecting import connect, parse_url, reading, refused
from instar.backfill.crew import Crew
from instar.backfill.keyset import Key
from instar.backfill.lease import Lease, Leases, Skipped, skipped_rows
from instar.backfill.options import Options
from instar.backfill.patience import patiently
from instar.backfill.progress import Listener, Progress, progress_of
from instar.backfill.share import Share, rewriter_of
from instar.backfill.statements import Statements
from instar.backfill.sweep import settle
from instar.backfill.table import describe
from instar.backfill.tracking import Status
from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from instar.backfill.backends.base import Backend, Rewriter
    from instar.backfill.throttle import Gauge
    from instar.backfill.worker import End, Report
    from instar.schema.operations import BackfillWork

_T = TypeVar("_T")

_TELL_EVERY = 0.25


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended.

    Attributes:
        name: The backfill.
        status: Where it stands now; "running" where others go on with it, "paused" with rows left where others
            added rows during every pass.
        processed: Rows rewritten, by all runs together.
        left: Rows that still match the guard; None where the run ended before the end of the table.
        skipped: Rows that could not be rewritten.
        checkpoint: The last key of the first range that is not finished; None where all are, or none has begun.
        seconds: How long this run took.
    """

    name: str
    status: Status
    processed: int
    left: int | None
    skipped: tuple[Skipped, ...]
    checkpoint: Key | None
    seconds: float


def run(
    work: BackfillWork,
    url: str,
    *,
    options: Options | None = None,
    listener: Listener | None = None,
    executor: Executor | None = None,
    gauges: Sequence[Gauge] = (),
    stop: threading.Event | None = None,
) -> Outcome:
    """Start or resume a backfill and work until it is completed, or stopped.

    Args:
        work: What to rewrite.
        url: The database, as SQLAlchemy spells it.
        options: How to run; the defaults suit a production database.
        listener: Gets the progress a few times a second, in this thread.
        executor: Runs the workers: any executor of `concurrent.futures` whose workers can import instar and
            reach the database. Without one, workers are threads; where Python computes, all but the first are processes.
        gauges: Further reasons to wait between batches; workers in other processes do not see them.
        stop: Set from elsewhere, ends the run after the batch under way; the next run resumes there.

    Raises:
        InstarError: The database, the table or the work is not as it must be, the backfill is running or
            completed, or a row cannot be rewritten. The failure is recorded in the database.
    """
    options = options or Options()
    target = parse_url(url)
    backend = backend_of(target)
    engine = connect(backend, target, lock_timeout=options.lock_timeout)
    try:
        statements = patiently(
            engine, backend, lambda: _prepared(engine, backend, work), seconds=options.reconnect
        )
        rewriter = rewriter_of(engine, statements, options)
        share = Share(work=work, url=url, options=options, run=uuid.uuid4().hex[:12])
        the_run = _Run(share, engine, statements, rewriter, listener)
        return the_run.to_the_end(executor, gauges, stop or threading.Event())
    except sa.exc.DBAPIError as error:
        raise refused(work.name, error, recorded=False) from error
    finally:
        engine.dispose()


def _prepared(engine: sa.Engine, backend: Backend, work: BackfillWork) -> Statements:
    """Look the table up, and see to it that the tracking tables are there."""
    with reading(engine) as connection:
        statements = Statements(backend, describe(connection, work))
    tracking.create_tables(engine)
    return statements


class _Run:
    def __init__(
        self,
        share: Share,
        engine: sa.Engine,
        statements: Statements,
        rewriter: Rewriter,
        listener: Listener | None,
    ) -> None:
        self._engine = engine
        self._backend = statements.backend
        self._statements = statements
        self._rewriter = rewriter
        self._listener = listener
        self._told_at = 0.0
        self._begun = time.monotonic()
        self._share = share
        self._leases = Leases(self._backend, share.work.name, term=share.options.lease, run=share.run)

    def to_the_end(
        self, executor: Executor | None, gauges: Sequence[Gauge], stop: threading.Event
    ) -> Outcome:
        lease = self._patiently(
            lambda: admit(self._engine, self._statements, self._leases, self._share.options)
        )
        try:
            end, left = self._passes(lease, executor, gauges, stop)
            return self._patiently(lambda: self._outcome(end, left))
        except Exception as error:
            recorded = self._record_failure(error)
            if isinstance(error, InstarError):
                raise
            raise refused(self._share.work.name, error, recorded=recorded) from error

    def _passes(
        self, lease: Lease | None, executor: Executor | None, gauges: Sequence[Gauge], stop: threading.Event
    ) -> tuple[End, int | None]:
        for passes in itertools.count(1):
            crew = Crew(self._engine, self._statements, self._leases, executor=executor)
            share = msgspec.structs.replace(self._share, lease=lease)
            end = crew.work(share, stop=stop, tell=self._tell, gauges=gauges)
            if end != "done":
                return end, None
            settled, left = self._patiently(
                lambda passes=passes: settle(  # type: ignore[misc]  # binds the loop's variable
                    self._engine,
                    self._statements,
                    self._rewriter,
                    self._leases,
                    self._share.options,
                    passes=passes,
                )
            )
            if settled in {"completed", "left"}:
                return "done", left
            lease = None
        raise AssertionError

    def _patiently(self, act: Callable[[], _T]) -> _T:
        return patiently(self._engine, self._backend, act, seconds=self._share.options.reconnect)

    def _tell(self, report: Report) -> None:
        """Pass progress on, a few times a second."""
        now = time.monotonic()
        if self._listener is None or now - self._told_at < _TELL_EVERY:
            return
        self._told_at = now
        try:
            progress = self._progress()
        except sa.exc.DBAPIError:
            return  # the server is away; the worker is trying again
        if progress is not None:
            self._listener(
                msgspec.structs.replace(
                    progress,
                    batch=report.batch or None,
                    batch_seconds=report.seconds or None,
                    waiting=report.waiting,
                )
            )

    def _progress(self) -> Progress | None:
        with reading(self._engine) as connection:
            found = progress_of(connection, self._backend.clock(), self._share.work.name)
        return found[0] if found else None

    def _outcome(self, end: End, left: int | None) -> Outcome:
        name = self._share.work.name
        with self._engine.begin() as connection:
            record = tracking.fetch(connection, name, lock=True)
            if record is not None and record.request == "cancel":
                tracking.finish(connection, name, "cancelled")
            elif end in {"stopped", "limit"} and self._leases.open(connection)[1] is None:
                tracking.finish(connection, name, "paused")
            skipped = skipped_rows(connection, name)
            checkpoint = self._leases.checkpointed(connection)
        progress = self._progress()
        if progress is None:
            raise InstarError(f"{name} was removed from instar_migrations while it ran. Run it again.")
        if progress.status == "failed" and end == "ended":
            raise InstarError(f"{name} failed in another process: {progress.error}")
        if self._listener is not None:
            self._listener(progress)
        return Outcome(
            name=name,
            status=progress.status,
            processed=progress.processed,
            left=left,
            skipped=skipped,
            checkpoint=checkpoint,
            seconds=time.monotonic() - self._begun,
        )

    def _record_failure(self, error: Exception) -> bool:
        """In a transaction of its own, so that the rollback of the batch does not take it along; whether that went."""
        try:
            with self._engine.begin() as connection:
                tracking.finish(connection, self._share.work.name, "failed", str(refused("", error))[:2000])
                self._leases.revoke(connection, self._share.run)
        except Exception:  # noqa: BLE001 - the first error is the one to tell; the lease lapses by itself
            return False
        return True
