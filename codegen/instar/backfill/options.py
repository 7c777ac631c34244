"""How a backfill is run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

OnError: TypeAlias = Literal["stop", "skip"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a backfill is run. The defaults suit a production database that serves users.

    Attributes:
        workers: How many workers this run has.
        executor: `dask://HOST:PORT` of a cluster that runs the workers.
        root: The repository root, which `compute` is relative to.
        target: How long a batch should take, in seconds.
        batch: The greatest number of rows in a batch.
        lease: After how many seconds without a sign others take a worker's partition.
        partitions: Into how many ranges of keys the table is cut; found from the number of workers.
        on_error: Whether a row that cannot be rewritten stops the backfill or is noted and skipped.
        most_skipped: How many rows a partition may skip before the backfill fails all the same.
        limit: Stop after about so many rewritten rows.
        join: Help a run that is under way elsewhere.
        sweep: Walk over a completed one again, for rows that came in since.
        restart: Forget how far it got.
        max_load: The share of the time that batches may take, from 0 to 1.
        max_lag: How far replicas may fall behind: `"10s"`, or `"16MB"` on PostgreSQL.
        replicas: URLs of replicas to ask for their lag; PostgreSQL's primary knows it itself.
        max_blocked: How many sessions may wait for a lock.
        throttle_query: SQL with one number; batches wait while it is above 0.
        poll: Seconds between two looks at probes, at other workers' leases and at a pause.
        durable_batches: Let the commit of every batch wait for the disk, and for synchronous replicas; otherwise only
            the one that ends a run does, and a crash of the server takes the last batches back, rows and cursor together.
        reconnect: For how many seconds to try again when the server is gone.
    """

    workers: int = 1
    executor: str | None = None
    root: Path = Path()
    target: float = 0.05
    batch: int = 100_000
    lease: float = 30.0
    partitions: int | None = None
    on_error: OnError = "stop"
    most_skipped: int = 1_000
    limit: int | None = None
    join: bool = False
    sweep: bool = False
    restart: bool = False
    max_load: float = 1.0
    max_lag: str | None = None
    replicas: tuple[str, ...] = ()
    max_blocked: int | None = None
    throttle_query: str | None = None
    poll: float = 0.5
    reconnect: float = 60.0
    durable_batches: bool = False

    @property
    def lock_timeout(self) -> float:
        """How long a batch waits for a lock while it holds others, in seconds."""
        return 2 * self.target
