"""Leases: one owner at a time, by the database's clock, and a late sleeper writes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from backfill_cases import create_people, work
from instar.backfill import Options, run
from instar.backfill.backends import backend_of
from instar.backfill.keyset import Key
from instar.backfill.lease import FencedError, Lease, Leases
from instar.backfill.transaction import Transaction


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    """A database with a backfill of which one partition is half done."""
    create_people(database, 100)
    run(work(database), database, options=Options(limit=10))
    engine = backend_of(sa.make_url(database)).engine(sa.make_url(database), lock_timeout=1.0)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE instar_migrations SET status = 'running'")
    yield engine
    engine.dispose()


def leases(engine: sa.Engine, term: float) -> Leases:
    return Leases(backend_of(engine.url), "m/people.full_name", term=term, run="test")


def hold(leases: Leases, transaction: Transaction, lease: Lease) -> tuple[str | None, Key | None]:
    verdict = leases.hold(transaction, lease)
    transaction.wait()
    return verdict()


def claim(engine: sa.Engine, term: float) -> Lease | None:
    with engine.begin() as connection:
        return leases(engine, term).claim(connection)


def test_a_partition_has_one_owner_until_the_lease_lapses(engine: sa.Engine) -> None:
    assert claim(engine, 60.0) is not None
    assert claim(engine, 60.0) is None


def test_a_late_sleeper_can_neither_hold_nor_move_nor_renew(engine: sa.Engine) -> None:
    late, heir = claim(engine, -1.0), claim(engine, 60.0)
    assert late is not None
    assert heir is not None
    assert (heir.number, heir.cursor) == (late.number, late.cursor) == (1, (10,))
    mine = leases(engine, 60.0)
    with pytest.raises(FencedError), backend_of(engine.url).batch(engine, hurried=True) as transaction:
        hold(mine, transaction, late)
    with backend_of(engine.url).batch(engine, hurried=True) as transaction:
        mine.checkpoint(transaction, late, cursor=(20,), done=False, processed=10, scanned=10, rate=1.0)
    with engine.begin() as connection:
        assert not mine.renew(connection, late)
    with backend_of(engine.url).batch(engine, hurried=True) as transaction:
        assert hold(mine, transaction, heir) == (None, (10,))


def test_a_lease_from_the_future_has_lapsed(engine: sa.Engine) -> None:
    assert claim(engine, 60.0) is not None
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE instar_partitions SET leased_at = leased_at + 3600")
    assert claim(engine, 60.0) is not None


@pytest.mark.parametrize(
    "database",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)
def test_a_claimed_row_that_is_being_decided_is_passed_over(engine: sa.Engine) -> None:
    """Two workers that ask at once: the second does not wait for the first one's transaction."""
    with engine.begin() as first:
        assert leases(engine, 60.0).claim(first) is not None
        assert claim(engine, 60.0) is None


def test_release_lets_the_next_one_in(engine: sa.Engine) -> None:
    held = claim(engine, 60.0)
    assert held is not None
    with engine.begin() as connection:
        leases(engine, 60.0).release(connection, held)
    assert claim(engine, 60.0) is not None
