"""Who may run a backfill now: the first to start it, whoever resumes it, and those who join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from instar.backfill import partition, tracking
from instar.backfill.lease import Lease, Leases, show_owner
from instar.errors import InstarError

if TYPE_CHECKING:
    from instar.backfill.options import Options
    from instar.backfill.statements import Statements

_ATTEMPTS = 10


def admit(engine: sa.Engine, statements: Statements, leases: Leases, options: Options) -> Lease | None:
    """Record that the backfill runs, and claim a partition in the same transaction.

    Two processes that start at once meet at the row in `instar_migrations`: one inserts it, the other sees it.

    Returns:
        The claimed partition; None where the table is empty, or others hold all of them.

    Raises:
        InstarError: It is completed, or running elsewhere, or paused, or its definition was changed.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with engine.begin() as connection:
                _record(connection, statements, leases, options)
                return leases.claim(connection)
        except sa.exc.DBAPIError as error:
            again = isinstance(error, sa.exc.IntegrityError | sa.exc.OperationalError)
            if not again or error.connection_invalidated or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError


def _record(connection: sa.Connection, statements: Statements, leases: Leases, options: Options) -> None:
    work = statements.table.work
    record = tracking.fetch(connection, work.name, lock=True)
    if record is not None and (options.restart or record.status == "cancelled"):
        _refuse_running(connection, leases, work.name)
        tracking.forget(connection, work.name)
        record = None
    if record is None:
        total = size_of(connection, statements)
        tracking.insert(connection, work, total)
        add_pass(connection, statements, options, total)
        return
    if tracking.encode_work(record.work) != tracking.encode_work(work):
        raise InstarError(
            f"{work.name} was started with another definition. "
            "Finish it with that one, or begin again with --restart; rows that are done stay done."
        )
    if record.request == "pause":
        raise InstarError(f"{work.name} was paused. Let it go on with: instar resume {work.name}")
    if record.status == "completed":
        _sweep_again(connection, statements, options, record)
        return
    if not options.join:
        _refuse_running(connection, leases, work.name)
    tracking.change(connection, work.name, status="running", error=None, request=None)


def _refuse_running(connection: sa.Connection, leases: Leases, name: str) -> None:
    _, owner = leases.open(connection)
    if owner:
        raise InstarError(
            f"{name} is already running ({show_owner(owner)}). To work on it from here as well: --join. "
            "If that process is gone, its lease lapses by itself; run again in a moment."
        )


def _sweep_again(
    connection: sa.Connection, statements: Statements, options: Options, record: tracking.Record
) -> None:
    if options.join:
        return
    if not options.sweep:
        raise InstarError(
            f"{record.name} is completed ({record.processed:,} rows). "
            "For rows that came in since, use --sweep; to check it: instar verify."
        )
    tracking.change(
        connection,
        record.name,
        status="running",
        completed_at=None,
        **{"pass": record.number_of_pass + 1},
    )
    add_pass(connection, statements, options, record.total)


def size_of(connection: sa.Connection, statements: Statements) -> int:
    """About how many rows the table has."""
    estimate = statements.backend.estimate(connection, statements.table)
    if estimate is not None:
        return estimate
    sql = f"SELECT count(*) FROM {statements.table.name}"
    return int(connection.exec_driver_sql(sql).scalar_one())


def add_pass(connection: sa.Connection, statements: Statements, options: Options, total: int) -> None:
    """Freeze the upper end of a pass over the table, and store its partitions."""
    last = statements.last_key(connection)
    if last is None:
        return
    shared = options.join or options.executor is not None
    count = partition.how_many(total, workers=options.workers, shared=shared, wanted=options.partitions)
    ranges = partition.cut(
        connection,
        statements,
        last=last,
        count=count,
        total=total,
        walk=shared or options.workers > 1 or options.partitions is not None,
    )
    partition.store(connection, statements.table.work.name, ranges)
