"""Steering a run from another terminal, and who may run at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backfill_cases import computing, connected, create_people, touched, work, wrong
from instar.backfill import Options, Outcome, Progress, cancel, pause, read_progress, resume, run
from instar.errors import InstarError
from servers import needs

NAME = "m/people.full_name"
SLOW = Options(batch=20, max_load=0.1, poll=0.02)


@contextmanager
def running(url: str) -> Iterator[list[Outcome]]:
    """A slow run in another thread; its outcome in the list, at the end."""
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(run(work(url), url, options=SLOW)))
    thread.start()
    deadline = time.monotonic() + 20
    while not done(url):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield outcomes
    thread.join(30)
    assert not thread.is_alive()


def done(url: str) -> int:
    found = read_progress(url, NAME)
    return found[0].processed if found else 0


def test_a_pause_holds_the_workers_until_it_is_taken_back(database: str) -> None:
    create_people(database, 600, counted=True)
    with running(database) as outcomes:
        assert pause(database, NAME)
        deadline = time.monotonic() + 20
        while read_progress(database, NAME)[0].workers:  # until the batch under way has ended
            assert time.monotonic() < deadline
            time.sleep(0.02)
        held = done(database)
        time.sleep(0.3)
        assert done(database) == held < 600
        with pytest.raises(InstarError, match="was paused"):
            run(work(database), database)
        resume(database, NAME)
    assert (outcomes[0].status, outcomes[0].processed) == ("completed", 600)
    assert touched(database) == {1: 600}


def test_a_cancelled_one_ends_and_may_begin_again(database: str) -> None:
    create_people(database, 600, counted=True)
    with running(database) as outcomes:
        assert cancel(database, NAME)
    assert outcomes[0].status == "cancelled"
    assert 0 < outcomes[0].processed < 600
    with pytest.raises(InstarError, match="is cancelled"):
        pause(database, NAME)
    assert run(work(database), database).status == "completed"
    assert touched(database) == {1: 600}


def test_a_running_one_is_refused_and_may_be_joined(database: str) -> None:
    create_people(database, 600, counted=True)
    with running(database):
        with pytest.raises(InstarError, match=r"is already running \(.* pid \d+\)"):
            run(work(database), database)
        assert run(work(database), database, options=Options(join=True)).status == "completed"
    assert (wrong(database), touched(database)) == ([], {1: 600})


def test_an_unknown_name_is_told_with_the_known_ones(sqlite: str) -> None:
    create_people(sqlite, 5)
    run(work(sqlite), sqlite)
    with pytest.raises(InstarError, match=r"There is: m/people\.full_name"):
        pause(sqlite, "nothing")


def test_another_terminal_sees_the_progress(database: str) -> None:
    create_people(database, 600)
    with running(database):
        (progress,) = read_progress(database)
        assert progress.status == "running"
        assert 0 < progress.scanned < progress.total
        assert len(progress.workers) == 1
        assert progress.rate > 0
        cancel(database, NAME)


def test_a_gauge_holds_the_run_until_it_clears(sqlite: str) -> None:
    from instar.backfill.throttle import gauge

    create_people(sqlite, 300)
    values = iter([5.0, 3.0, 2.0, None])
    waited: list[str | None] = []

    def listen(progress: Progress) -> None:
        waited.append(progress.waiting)

    outcome = run(
        work(sqlite),
        sqlite,
        options=Options(poll=0.3),
        gauges=[gauge("queue length", 4, lambda: next(values, 0.0))],
        listener=listen,
    )
    assert outcome.status == "completed"
    assert waited[0] == "queue length 5, above 4"
    assert waited[1] == "queue length 3, above 4"


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgresql), "sqlite"])
def test_a_query_of_the_users_holds_the_run(kind: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(kind)
    create_people(url, 100)
    with connected(url) as connection:
        connection.exec_driver_sql("CREATE TABLE brake (pulled INTEGER)")
        connection.exec_driver_sql("INSERT INTO brake VALUES (1)")

    def listen(progress: Progress) -> None:
        if progress.waiting:
            assert done(url) == 0
            with connected(url) as connection:
                connection.exec_driver_sql("UPDATE brake SET pulled = 0")

    options = Options(throttle_query="SELECT pulled FROM brake", poll=0.05)
    assert run(work(url), url, options=options, listener=listen).status == "completed"


@pytest.mark.postgresql
def test_workers_on_a_dask_cluster(postgresql: str, tmp_path: Path) -> None:
    try:
        from distributed import LocalCluster
    except ModuleNotFoundError:
        needs(False, "dask is not installed: pip install 'instar[dask]'")
    create_people(postgresql, 2_000, counted=True)
    job = computing(postgresql, tmp_path)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        place = cluster.scheduler_address.removeprefix("tcp://")
        options = Options(root=tmp_path, executor=f"dask://{place}", workers=2, partitions=4)
        outcome = run(job, postgresql, options=options)
    assert (outcome.status, outcome.processed, touched(postgresql)) == ("completed", 2_000, {1: 2_000})


@pytest.mark.parametrize("executor", ["ray://here", "dask://"])
def test_an_unknown_executor_is_refused(sqlite: str, executor: str) -> None:
    create_people(sqlite, 10)
    with pytest.raises(InstarError, match="is no executor"):
        run(work(sqlite), sqlite, options=Options(executor=executor, workers=2))
