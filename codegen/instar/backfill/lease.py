"""Leases on partitions: who may write where, decided in the database and by its clock alone.

A lease is held by an owner, which is new for every claim, so that a worker that wakes up late cannot mistake
another's lease for its own. Every batch first locks its partition as its owner and moves the cursor in the same
transaction; without the lease the transaction is rolled back.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from instar.backfill.keyset import Key, KeyRange, decode_key, encode_key
from instar.backfill.tracking import MIGRATIONS, PARTITIONS, Request, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar.backfill.backends.base import Backend
    from instar.backfill.transaction import Transaction

_CLOCK_TOLERANCE = 1.0


class FencedError(Exception):
    """The lease went to somebody else, or the backfill is no longer running."""


class Skipped(msgspec.Struct, frozen=True):
    """A row that could not be rewritten, and why."""

    key: Key
    reason: str


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A partition that is ours until the lease lapses."""

    migration: str
    number: int
    owner: str
    rows: KeyRange
    cursor: Key | None

    @property
    def remaining(self) -> KeyRange:
        """The rows that are still to be walked over."""
        return KeyRange(self.cursor if self.cursor is not None else self.rows.after, self.rows.until)


def new_owner(run: str) -> str:
    """A name for one claim of one worker of a run, which says where that is."""
    return f"{socket.gethostname()[:100]} pid {os.getpid()} {run}/{uuid.uuid4().hex[:8]}"


def show_owner(owner: str) -> str:
    """The owner as a person wants to know it: host and process."""
    return owner.rpartition(" ")[0]


def _revoked(run: str) -> str:
    return f"stopped {run}/"


class Leases:
    """The leases of one backfill."""

    def __init__(self, backend: Backend, name: str, *, term: float, run: str) -> None:
        self._name = name
        self._run = run
        self._now = sa.literal_column(backend.clock(), sa.Double)
        self._until = self._now + term
        parts, migration = PARTITIONS.c, MIGRATIONS.c
        # Scalar subqueries, because a lock on the row of the backfill would let workers wait for each other.
        own = sa.select(migration.status).where(migration.name == name).scalar_subquery()
        asked = sa.select(migration.request).where(migration.name == name).scalar_subquery()
        self._hold = (
            sa.select(parts.cursor_key, own.label("status"), asked.label("request"))
            .where(parts.migration == name, parts.number == sa.bindparam("held"))
            .where(parts.owner == sa.bindparam("holder"))
            .with_for_update()
        )
        bound = sa.bindparam
        self._checkpoint = (
            PARTITIONS.update()
            .where(parts.migration == name, parts.number == bound("held"), parts.owner == bound("holder"))
            .values(
                cursor_key=bound("at"),
                done=bound("finished"),
                processed=parts.processed + bound("rewritten"),
                scanned=parts.scanned + bound("walked"),
                rate=bound("speed"),
                leased_at=self._now,
                lease_until=self._until,
                owner=bound("next_owner"),
            )
        )

    def claim(self, connection: sa.Connection) -> Lease | None:
        """Take the first partition that is free, or whose lease has lapsed; None where there is none.

        A lease from the future means that the clock went back, and counts as lapsed.
        """
        parts = PARTITIONS.c
        lapsed = sa.or_(
            parts.owner.is_(None),
            parts.lease_until <= self._now,
            parts.leased_at > self._now + _CLOCK_TOLERANCE,
        )
        row = connection.execute(
            sa.select(parts.number, parts.after_key, parts.until_key, parts.cursor_key)
            .where(parts.migration == self._name, sa.not_(parts.done), lapsed)
            .order_by(parts.number)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        number, after, until, cursor = row
        owner = new_owner(self._run)
        connection.execute(
            self._of(number).values(owner=owner, leased_at=self._now, lease_until=self._until, rate=0.0)
        )
        return Lease(
            migration=self._name,
            number=number,
            owner=owner,
            rows=KeyRange(decode_key(after) if after else None, decode_key(until)),
            cursor=decode_key(cursor) if cursor else None,
        )

    def hold(self, transaction: Transaction, lease: Lease) -> Callable[[], tuple[Request | None, Key | None]]:
        """Lock our partition until the end of the transaction, and see what is asked of us.

        Returns:
            To be called once the transaction has waited: the request, and where the cursor stands. It raises
            `FencedError` where the partition is no longer ours, or the backfill no longer runs.
        """
        sent = transaction.send(self._hold, {"held": lease.number, "holder": lease.owner})

        def verdict() -> tuple[Request | None, Key | None]:
            row = sent.one_or_none()
            if row is None:
                raise FencedError
            cursor, status, request = row
            if status != "running":
                raise FencedError
            return request, decode_key(cursor) if cursor else None

        return verdict

    def control(self, connection: sa.Connection) -> tuple[Status | None, Request | None]:
        """The status of the backfill and what is asked of its workers."""
        row = connection.execute(
            sa.select(MIGRATIONS.c.status, MIGRATIONS.c.request).where(MIGRATIONS.c.name == self._name)
        ).one_or_none()
        return (None, None) if row is None else (row[0], row[1])

    def checkpoint(
        self,
        transaction: Transaction,
        lease: Lease,
        *,
        cursor: Key,
        done: bool,
        processed: int,
        scanned: int,
        rate: float,
    ) -> None:
        """Move the cursor, count, and renew the lease, in the transaction that holds it."""
        values = {
            "held": lease.number,
            "holder": lease.owner,
            "at": encode_key(cursor),
            "finished": done,
            "rewritten": processed,
            "walked": scanned,
            "speed": rate,
            "next_owner": None if done else lease.owner,
        }
        transaction.send(self._checkpoint, values)

    def skip(self, connection: sa.Connection, lease: Lease, skipped: Skipped) -> int:
        """Store a row that could not be rewritten; returns how many there are in this partition."""
        parts = PARTITIONS.c
        query = sa.select(parts.skipped).where(parts.migration == self._name, parts.number == lease.number)
        known = json.loads(connection.execute(query).scalar_one() or "[]")
        known.append([encode_key(skipped.key), skipped.reason])
        connection.execute(self._ours(lease).values(skipped=json.dumps(known, ensure_ascii=False)))
        return len(known)

    def renew(self, connection: sa.Connection, lease: Lease) -> bool:
        """Hold on to a partition between two batches; whether it is still ours."""
        values = self._ours(lease).values(leased_at=self._now, lease_until=self._until, rate=0.0)
        return connection.execute(values).rowcount == 1

    def release(self, connection: sa.Connection, lease: Lease) -> None:
        """Let others have the partition."""
        connection.execute(self._ours(lease).values(owner=None, lease_until=0.0, rate=0.0))

    def revoke(self, connection: sa.Connection, run: str) -> None:
        """Take the partitions of a run from its workers. A batch under way ends first: it holds the row."""
        parts = PARTITIONS.c
        connection.execute(
            PARTITIONS.update()
            .where(parts.migration == self._name, parts.owner.like(f"%{run}/%"), parts.lease_until > 0)
            .values(owner=_revoked(run), lease_until=0.0, rate=0.0)
        )

    def is_revoked(self, connection: sa.Connection, lease: Lease) -> bool:
        """Whether a partition was taken from us because our run stops."""
        query = sa.select(PARTITIONS.c.owner).where(
            PARTITIONS.c.migration == self._name, PARTITIONS.c.number == lease.number
        )
        return connection.execute(query).scalar_one_or_none() == _revoked(self._run)

    def open(self, connection: sa.Connection) -> tuple[int, str | None]:
        """How many partitions are not done, and one owner with a lease that has not lapsed."""
        parts = PARTITIONS.c
        mine = sa.and_(parts.migration == self._name, sa.not_(parts.done))
        count = connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one()
        live = sa.and_(
            mine,
            parts.owner.is_not(None),
            parts.lease_until > self._now,
            parts.leased_at <= self._now + _CLOCK_TOLERANCE,
        )
        return count, connection.execute(sa.select(parts.owner).where(live).limit(1)).scalar_one_or_none()

    def checkpointed(self, connection: sa.Connection) -> Key | None:
        """The last key that was committed in the first partition that is not done."""
        parts = PARTITIONS.c
        query = (
            sa.select(sa.func.coalesce(parts.cursor_key, parts.after_key))
            .where(parts.migration == self._name, sa.not_(parts.done))
            .order_by(parts.number)
            .limit(1)
        )
        text = connection.execute(query).scalar_one_or_none()
        return decode_key(text) if text else None

    def _of(self, number: int) -> sa.Update:
        return PARTITIONS.update().where(PARTITIONS.c.migration == self._name, PARTITIONS.c.number == number)

    def _ours(self, lease: Lease) -> sa.Update:
        return self._of(lease.number).where(PARTITIONS.c.owner == lease.owner)


def skipped_rows(connection: sa.Connection, name: str) -> tuple[Skipped, ...]:
    """Every row that was skipped, once, in the order of the partitions."""
    query = (
        sa.select(PARTITIONS.c.skipped)
        .where(PARTITIONS.c.migration == name, PARTITIONS.c.skipped.is_not(None))
        .order_by(PARTITIONS.c.number)
    )
    found = {key: reason for (text,) in connection.execute(query) for key, reason in json.loads(text)}
    return tuple(Skipped(decode_key(key), reason) for key, reason in found.items())
