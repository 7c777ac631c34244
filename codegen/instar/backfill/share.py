"""A worker's share of a run as a value: everything it needs to work in another thread, process or machine."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from instar.backfill.backends import backend_of
from instar.backfill.compute import Codec, load_compute
from instar.backfill.connecting import connect, reading
from instar.backfill.gauges import gauges_of
from instar.backfill.lease import Lease, Leases
from instar.backfill.options import Options
from instar.backfill.statements import ServerSide, Statements
from instar.backfill.table import describe
from instar.backfill.throttle import Gauge, Throttle
from instar.backfill.worker import End, Report, Worker
from instar.schema.operations import BackfillWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from instar.backfill.backends.base import Rewriter


_TURN = 0.0005
"""Seconds that a thread may go on computing while another waits for its turn; Python's own choice is ten times that."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What to work on. The URL holds the password: a share is never shown or stored."""

    work: BackfillWork
    url: str
    options: Options
    run: str
    lease: Lease | None = None


def rewriter_of(engine: sa.Engine, statements: Statements, options: Options) -> Rewriter:
    """What a batch does: a statement of the server's, or Python's values."""
    work = statements.table.work
    if work.compute is None:
        return ServerSide(statements)
    compute = load_compute(work.compute, options.root.resolve())
    codec = Codec(statements.table, engine.dialect)
    return statements.backend.computing(statements.table, compute, codec)


def work_on(share: Share, *, stop: threading.Event | None = None) -> End:
    """Do a share of a run, in a process of its own: who started it stops it by taking its leases away, or by `stop`."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    url = sa.make_url(share.url)
    backend = backend_of(url)
    engine = connect(backend, url, lock_timeout=share.options.lock_timeout)
    try:
        with reading(engine) as connection:
            statements = Statements(backend, describe(connection, share.work))
        return work_here(share, engine, statements, stop=stop or threading.Event())
    finally:
        engine.dispose()


def work_here(
    share: Share,
    engine: sa.Engine,
    statements: Statements,
    *,
    stop: threading.Event,
    tell: Callable[[Report], None] = lambda _: None,
    gauges: Sequence[Gauge] = (),
) -> End:
    """Do a share of a run in this thread."""
    options, backend = share.options, statements.backend
    found = (*gauges_of(backend, engine, options), *gauges)
    worker = Worker(
        engine,
        statements,
        rewriter_of(engine, statements, options),
        Leases(backend, share.work.name, term=options.lease, run=share.run),
        throttle=Throttle(found, every=options.poll, max_load=options.max_load),
        options=options,
        stop=stop,
        tell=tell,
    )
    with _quick_turns(wanted=share.work.compute is not None):
        return worker.run(share.lease)


@contextmanager
def _quick_turns(*, wanted: bool) -> Iterator[None]:
    """Let the thread that writes take its turn at once while another computes: it holds locks meanwhile."""
    usual = sys.getswitchinterval()
    if not wanted or usual <= _TURN:
        yield
        return
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
