"""Nothing breaks a backfill: real processes are killed, frozen, cut off and contradicted, and every row ends right.

After each fault the table is what one UPDATE under the same guard would have left, no row was written twice, the
count is right, and no lease stays behind.
"""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backfill_cases import add_people, backend, computing, connected, create_people, touched, work, wrong
from backfill_process import Process
from instar.backfill import Options, read_progress, run
from instar.schema.operations import BackfillWork
from servers import MariaDB, Postgres, fresh_database, text

ROWS = 3_000
LEASE = 1.0


def start(job: BackfillWork, url: str, root: Path, **options: Any) -> Process:
    """A run in a process of its own, with small batches that leave time for accidents."""
    given = {"lease": LEASE, "poll": 0.05, "batch": 60, "join": True} | options
    return Process(job, url, root, **given)


@pytest.fixture(params=["expression", "compute"])
def job(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> BackfillWork:
    """Both ways to find the new value, on each backend."""
    create_people(database, ROWS, counted=True)
    return work(database) if request.param == "expression" else computing(database, tmp_path)


def assert_exact(url: str, rows: int = ROWS) -> None:
    """Every row right, written once, counted once; nothing leased."""
    assert wrong(url) == []
    assert touched(url) == {1: rows}
    (progress,) = read_progress(url)
    assert (progress.status, progress.processed, progress.workers) == ("completed", rows, ())


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def processed(url: str) -> int:
    found = read_progress(url)
    return found[0].processed if found else 0


def rescue(job: BackfillWork, url: str, root: Path) -> None:
    """Run again, as a person would, until the lease of the dead has lapsed."""
    outcome = run(job, url, options=Options(root=root, join=True, lease=LEASE, poll=0.05))
    assert outcome.status == "completed"


def test_kill_nine(job: BackfillWork, database: str, tmp_path: Path) -> None:
    kill_and_resume(job, database, tmp_path, random.Random(job.name), times=2)


def kill_and_resume(job: BackfillWork, url: str, root: Path, rng: random.Random, times: int) -> None:
    for _ in range(times):
        process = start(job, url, root, max_load=0.3)
        seen = processed(url)
        process.works_until(lambda seen=seen: processed(url) > seen or processed(url) == ROWS)  # type: ignore[misc]  # binds the loop's variable
        time.sleep(rng.random() * 0.2)
        process.kill()
    if processed(url) < ROWS or read_progress(url)[0].status != "completed":
        rescue(job, url, root)
    assert_exact(url)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(24))
def test_kill_nine_two_hundred_times(seed: int, database: str, tmp_path: Path) -> None:
    """24 seeds on three databases, three kills each."""
    rng = random.Random(seed)
    create_people(database, ROWS, counted=True)
    job = work(database) if rng.random() < 0.5 else computing(database, tmp_path)
    kill_and_resume(job, database, tmp_path, rng, times=3)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_frozen_worker_wakes_up_after_its_lease(
    seed: int, job: BackfillWork, database: str, tmp_path: Path
) -> None:
    """SIGSTOP in mid-batch, the lease lapses, another finishes; then the first wakes up and must not write."""
    rng = random.Random(seed)
    frozen = start(job, database, tmp_path, max_load=0.2, partitions=1)
    wait_until(lambda: processed(database) > 200)
    time.sleep(rng.random() * 0.1)
    frozen.signal(signal.SIGSTOP)
    try:
        if stuck_in_a_transaction(database):
            # It was frozen with its partition locked: whoever comes waits for it, so that it must wake up first.
            time.sleep(LEASE)
        else:
            rescue(job, database, tmp_path)
            assert_exact(database)
    finally:
        frozen.signal(signal.SIGCONT)
    frozen.wait()
    assert_exact(database)


def stuck_in_a_transaction(url: str) -> bool:
    """Whether a partition is locked, by trying to lock it."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    update = "UPDATE instar_partitions SET number = number"
    try:
        with engine.connect() as connection:
            if backend(url) == "postgresql":
                connection.exec_driver_sql("SET lock_timeout = 300")
            elif backend(url) == "mariadb":
                connection.exec_driver_sql("SET innodb_lock_wait_timeout = 1")
            else:
                connection.exec_driver_sql("PRAGMA busy_timeout = 300")
            connection.exec_driver_sql(update)
            connection.rollback()
            return False
    except sa.exc.OperationalError:
        return True


@pytest.mark.parametrize("processes", [2, 3])
def test_several_processes_on_one_partition(
    processes: int, job: BackfillWork, database: str, tmp_path: Path
) -> None:
    crowd = [start(job, database, tmp_path, partitions=1) for _ in range(processes)]
    for process in crowd:
        process.wait()
    assert_exact(database)


def test_processes_that_only_know_the_database_share_its_partitions(
    job: BackfillWork, database: str, tmp_path: Path
) -> None:
    crowd = [start(job, database, tmp_path, partitions=7) for _ in range(3)]
    crowd[0].kill()
    for process in crowd[1:]:
        process.wait()
    assert_exact(database)


@pytest.mark.parametrize("seed", [7, 8])
def test_writers_under_the_backfill(seed: int, job: BackfillWork, database: str, tmp_path: Path) -> None:
    """Application code changes rows under the backfill, inserts behind the cursor and deletes ahead of it."""
    rng = random.Random(seed)
    stop = threading.Event()
    written: dict[int, str] = {}

    def write() -> None:
        engine = sa.create_engine(database, poolclass=sa.NullPool)
        with engine.connect() as connection:
            if backend(database) == "sqlite":
                connection.exec_driver_sql("PRAGMA busy_timeout = 5000")
                connection.commit()
            new = ROWS
            for number in count():
                if stop.is_set():
                    return
                key = rng.randint(1, ROWS)
                match rng.randint(0, 3):
                    case 0:
                        connection.exec_driver_sql(
                            f"UPDATE people SET last_name = 'New{number}' WHERE id = {key} AND full_name IS NULL"
                        )
                    case 1:
                        sql = f"UPDATE people SET full_name = 'chosen' WHERE id = {key} AND full_name IS NULL"
                        if connection.exec_driver_sql(sql).rowcount:
                            written[key] = "chosen"
                    case 2:
                        connection.exec_driver_sql(f"DELETE FROM people WHERE id = {key}")
                        written.pop(key, None)
                    case _:
                        new += 1
                        add_people(connection, [-new])
                connection.commit()
                time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        run(job, database, options=Options(root=tmp_path, batch=150, max_load=0.3))
    finally:
        stop.set()
        writer.join()
    assert run(job, database, options=Options(root=tmp_path, sweep=True)).status == "completed"
    assert set(wrong(database)) == set(written)
    assert set(touched(database)) == {1}


SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_a_writer_that_provokes_deadlocks(
    kind: str, computed: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Locks two rows of a batch in the order against that of the batch, and holds them for a while."""
    database: str = request.getfixturevalue(kind)
    counted = kind == "postgresql"  # MariaDB's trigger would count the writer's updates
    create_people(database, ROWS, counted=counted)
    job = computing(database, tmp_path) if computed else work(database)
    stop = threading.Event()

    def write() -> None:
        rng = random.Random(3)
        engine = sa.create_engine(database, poolclass=sa.NullPool)
        while not stop.is_set():
            high = rng.randint(100, ROWS)
            try:
                with engine.begin() as connection:
                    for key in (high, high - 60):
                        connection.exec_driver_sql(
                            f"UPDATE people SET last_name = last_name WHERE id = {key}"
                        )
                        time.sleep(0.03)
            except sa.exc.OperationalError:
                continue  # it was the victim

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        outcome = run(job, database, options=Options(root=tmp_path, batch=200, target=0.05))
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert (outcome.status, outcome.processed, wrong(database)) == ("completed", ROWS, [])
    assert touched(database) == {1 if counted else 0: ROWS}


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_the_server_restarts_under_the_backfill(
    kind: str, computed: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Postgres | MariaDB = request.getfixturevalue(f"{kind}_server")
    with fresh_database(text(server.url)) as url:
        create_people(url, ROWS, counted=True)
        job = computing(url, tmp_path) if computed else work(url)
        process = start(job, url, tmp_path, max_load=0.2)
        for done in (100, 1_000, 2_000):
            wait_until(lambda done=done: processed(url) > done)  # type: ignore[misc]  # binds the loop's variable
            server.restart()
        process.wait()
        assert_exact(url)


@pytest.mark.parametrize("kind", SERVERS)
def test_the_connection_is_cut_again_and_again(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue(kind)
    create_people(url, ROWS, counted=True)
    process = start(computing(url, tmp_path), url, tmp_path, max_load=0.3)
    wait_until(lambda: processed(url) > 100)
    for _ in range(10):
        time.sleep(0.05)
        with connected(url) as connection:
            if kind == "postgresql":
                others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            else:
                others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            for pid in connection.exec_driver_sql(others).scalars().all():
                kill = f"SELECT pg_terminate_backend({pid})" if kind == "postgresql" else f"KILL {pid}"
                with contextlib.suppress(sa.exc.OperationalError):  # it went by itself
                    connection.exec_driver_sql(kill)
    process.wait()
    assert_exact(url)


@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_the_disk_is_full(sqlite: str, computed: bool, tmp_path: Path) -> None:
    """The file may not grow: the batch is rolled back, the user is told, and the next run resumes; time and again."""
    create_people(sqlite, ROWS, counted=True)
    with connected(sqlite) as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    job = computing(sqlite, tmp_path) if computed else work(sqlite)
    done = 0
    for _ in range(5):
        most = Path(sa.make_url(sqlite).database or "").stat().st_size + 40_000
        code, errors = start(job, sqlite, tmp_path, most=most).end()
        assert code == 1
        assert "the database refused" in errors
        assert errors.count("\n") == 1
        assert ("failure is recorded" in errors) == (read_progress(sqlite)[0].status == "failed")
        assert done < processed(sqlite) < ROWS
        done = processed(sqlite)
        assert touched(sqlite) == {0: ROWS - done, 1: done}
    rescue(job, sqlite, tmp_path)
    assert_exact(sqlite)


def test_a_clock_that_goes_back_locks_nobody_out(job: BackfillWork, database: str, tmp_path: Path) -> None:
    """A lease that a dead worker took an hour from now, by a clock that has been set back since; twice."""
    for _ in range(2):
        seen = processed(database)
        process = start(job, database, tmp_path, max_load=0.2)
        wait_until(lambda seen=seen: processed(database) > seen + 100)  # type: ignore[misc]  # binds the loop's variable
        process.kill()
        with connected(database) as connection:
            later = (
                "UPDATE instar_partitions SET leased_at = leased_at + 3600, lease_until = lease_until + 3600"
            )
            connection.exec_driver_sql(f"{later} WHERE owner IS NOT NULL")
    begun = time.monotonic()
    rescue(job, database, tmp_path)
    assert time.monotonic() - begun < 30
    assert_exact(database)


def test_a_lease_lapses_after_its_term(database: str, tmp_path: Path) -> None:
    create_people(database, ROWS)
    process = start(work(database), database, tmp_path, max_load=0.2, partitions=1)
    wait_until(lambda: processed(database) > 100)
    process.kill()
    begun = time.monotonic()
    rescue(work(database), database, tmp_path)
    assert time.monotonic() - begun < LEASE + 5


@pytest.mark.mariadb
@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_automatic_timestamps_keep_their_value(mariadb: str, computed: bool, tmp_path: Path) -> None:
    create_people(mariadb, 500)
    with connected(mariadb) as connection:
        connection.exec_driver_sql(
            "ALTER TABLE people ADD seen TIMESTAMP NOT NULL DEFAULT '2020-02-02 02:02:02' ON UPDATE CURRENT_TIMESTAMP"
        )
    job = computing(mariadb, tmp_path) if computed else work(mariadb)
    run(job, mariadb, options=Options(root=tmp_path))
    with connected(mariadb) as connection:
        seen = connection.exec_driver_sql("SELECT DISTINCT CAST(seen AS CHAR) FROM people").scalars().all()
    assert (seen, wrong(mariadb)) == (["2020-02-02 02:02:02"], [])
