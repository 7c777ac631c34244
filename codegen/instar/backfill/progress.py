"""What a run tells while it works, and how far every backfill in a database is. Drawing it is the terminal's part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec
import sqlalchemy as sa

from instar.backfill.backends import backend_of
from instar.backfill.connecting import connect, parse_url, reading
from instar.backfill.lease import show_owner
from instar.backfill.tracking import MIGRATIONS, PARTITIONS, Request, Status, has_tables


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a backfill is.

    Attributes:
        name: Its name.
        status: Where it stands; a "running" one without workers was killed, and resumes when it is run again.
        request: What another terminal asked of it and it has not done yet.
        scanned: Rows walked over in this pass.
        total: About how many rows a pass walks over.
        processed: Rows rewritten.
        rate: Rows walked over a second, by all workers.
        left_seconds: How long the rest will take at that rate.
        workers: Host and process of every worker that has a partition.
        skipped: How many rows could not be rewritten.
        sweep: Whether it walks over the table again, for rows that came in behind the cursor.
        batch: The size of the last batch, where this run made it.
        batch_seconds: How long its transaction took.
        waiting: Why the worker waits, where it does.
        error: Why it failed.
    """

    name: str
    status: Status
    scanned: int
    total: int
    processed: int
    request: Request | None = None
    rate: float = 0.0
    left_seconds: float | None = None
    workers: tuple[str, ...] = ()
    skipped: int = 0
    sweep: bool = False
    batch: int | None = None
    batch_seconds: float | None = None
    waiting: str | None = None
    error: str | None = None


Listener: TypeAlias = Callable[[Progress], None]


def read_progress(url: str, name: str | None = None) -> tuple[Progress, ...]:
    """How far every backfill in a database is, or the one called `name`; nothing is written.

    Raises:
        InstarError: The database cannot be reached.
    """
    target = parse_url(url)
    engine = connect(backend_of(target), target, lock_timeout=1.0)
    try:
        with reading(engine) as connection:
            return progress_of(connection, backend_of(target).clock(), name) if has_tables(connection) else ()
    finally:
        engine.dispose()


def progress_of(connection: sa.Connection, clock: str, name: str | None = None) -> tuple[Progress, ...]:
    """How far the backfills are, in a database that has the tracking tables."""
    query = sa.select(MIGRATIONS).order_by(MIGRATIONS.c.started_at, MIGRATIONS.c.name)
    if name is not None:
        query = query.where(MIGRATIONS.c.name == name)
    rows = connection.execute(query).mappings().all()
    return tuple(_of(connection, row, clock) for row in rows)


def _of(connection: sa.Connection, row: sa.RowMapping, clock: str) -> Progress:
    parts = PARTITIONS.c
    live = sa.case((parts.lease_until > sa.literal_column(clock, sa.Double), parts.owner))
    found = connection.execute(
        sa.select(live, parts.processed, parts.scanned, parts.rate, parts.skipped).where(
            parts.migration == row["name"]
        )
    ).all()
    scanned = sum(part.scanned for part in found)
    total = max(row["total"], scanned) if row["status"] != "completed" else scanned
    rate = sum(part.rate for part in found if part[0])
    running = row["status"] == "running"
    return Progress(
        name=row["name"],
        status=row["status"],
        request=row["request"],
        scanned=scanned,
        total=total,
        processed=sum(part.processed for part in found),
        rate=rate if running else 0.0,
        left_seconds=(total - scanned) / rate if running and rate else None,
        workers=tuple(show_owner(part[0]) for part in found if part[0]),
        skipped=sum(len(msgspec.json.decode(part.skipped)) for part in found if part.skipped),
        sweep=row["pass"] > 1,
        error=row["error"],
    )
