"""When to wait between batches."""

from __future__ import annotations

import sqlite3
import statistics
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from backfill_cases import create_people, work
from instar.backfill import Options, run
from instar.backfill.backends import backend_of
from instar.backfill.backends.base import Turns
from instar.backfill.backends.sqlite import SQLite
from instar.backfill.gauges import gauges_of
from instar.backfill.pace import Pace, Rate
from instar.backfill.throttle import Throttle, gauge, parse_lag
from instar.errors import InstarError


def reasons(*series: list[float | Exception | None], limit: float = 10) -> list[str | None]:
    """What a throttle says after each reading of gauges with one limit."""

    def reading(values: list[float | Exception | None]):
        remaining = iter(values)

        def read() -> float | None:
            value = next(remaining)
            if isinstance(value, Exception):
                raise value
            return value

        return read

    gauges = [gauge(f"g{number}", limit, reading(values)) for number, values in enumerate(series)]
    throttle = Throttle(gauges, every=0.0)
    return [throttle.reason() for _ in series[0]]


def test_it_stops_above_the_limit_and_goes_on_at_half_of_it() -> None:
    told = reasons([3, 11, 9, 6, 5, 9])
    assert [bool(reason) for reason in told] == [False, True, True, True, False, False]
    assert told[1] == "g0 11, above 10"


def test_any_one_stops_and_all_must_clear() -> None:
    told = reasons([11, 1, 1], [1, 11, 1])
    assert [reason and reason[:2] for reason in told] == ["g0", "g1", None]


@pytest.mark.parametrize("broken", [None, RuntimeError("gone")])
def test_what_cannot_be_read_stops(broken: Exception | None) -> None:
    assert [bool(reason) for reason in reasons([broken, 9, 5])] == [True, True, False]


@pytest.mark.postgresql
def test_a_query_that_fails_tells_why(postgresql: str) -> None:
    (reason,) = asked(postgresql, Options(throttle_query="SELECT queue_length"))
    assert reason == 'the throttle query cannot be read (column "queue_length" does not exist)'


def test_gauges_are_not_asked_all_the_time() -> None:
    asked: list[int] = []
    now = [0.0]

    def read() -> float:
        asked.append(1)
        return 0.0

    throttle = Throttle([gauge("g", 1, read)], every=1.0, clock=lambda: now[0])
    for now[0] in (0.0, 0.5, 0.9, 1.0):
        throttle.reason()
    assert len(asked) == 2


@given(busy=st.floats(0, 10), load=st.floats(0.01, 1))
def test_the_duty_cycle_keeps_the_share(busy: float, load: float) -> None:
    rest = Throttle([], every=1, max_load=load).rest(busy)
    assert busy == pytest.approx((busy + rest) * load)


@pytest.mark.parametrize(
    ("text", "limit"), [("10s", (10.0, False)), ("500ms", (0.5, False)), ("16MB", (16.0 * 1024**2, True))]
)
def test_lags_are_seconds_or_bytes(text: str, limit: tuple[float, bool]) -> None:
    assert parse_lag(text) == limit


@pytest.mark.parametrize("text", ["10", "s", "-1s", "ten seconds"])
def test_other_lags_are_refused(text: str) -> None:
    with pytest.raises(InstarError, match="is no lag"):
        parse_lag(text)


@pytest.mark.postgresql
def test_a_lag_without_a_replica_is_unknown_and_stops(postgresql: str) -> None:
    (reason,) = asked(postgresql, Options(max_lag="10s"))
    assert reason == "replica lag is unknown"
    (reason,) = asked(postgresql, Options(max_lag="1MB"))
    assert reason == "replica lag is unknown"


@pytest.mark.mariadb
def test_a_server_that_is_no_replica_stops(mariadb: str) -> None:
    (reason,) = asked(mariadb, Options(max_lag="10s", replicas=(mariadb,)))
    assert reason == "replica lag is unknown"


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def test_blocked_sessions_are_counted(kind: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(kind)
    create_people(url, 1)
    engine = sa.create_engine(url)
    update = "UPDATE people SET last_name = 'x' WHERE id = 1"

    def blocked() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(update)

    waiting = threading.Thread(target=blocked)
    with engine.begin() as holder:
        holder.exec_driver_sql(update)
        waiting.start()
        deadline = time.monotonic() + 10
        while asked(url, Options(max_blocked=0)) != ["blocked sessions 1, above 0"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    waiting.join()
    assert asked(url, Options(max_blocked=0)) == [None]
    engine.dispose()


@pytest.mark.parametrize("options", [Options(max_lag="10s"), Options(max_blocked=1)])
def test_sqlite_has_no_such_gauges(sqlite: str, options: Options) -> None:
    create_people(sqlite, 1)
    with pytest.raises(InstarError, match="SQLite has no"):
        run(work(sqlite), sqlite, options=options)


def asked(url: str, options: Options) -> list[str | None]:
    """What the gauges of the options say now, each on its own."""
    target = sa.make_url(url)
    backend = backend_of(target)
    engine = backend.engine(target, lock_timeout=1.0)
    try:
        return [Throttle([one], every=0).reason() for one in gauges_of(backend, engine, options)]
    finally:
        engine.dispose()


@given(costs=st.lists(st.floats(1e-6, 1e-2), min_size=60, max_size=60))
def test_the_pace_never_holds_locks_for_long_at_a_steady_cost(costs: list[float]) -> None:
    """With a cost per row that at most doubles between batches, a batch takes under four times its target."""
    pace = Pace(target=0.05, first=1, most=100_000)
    cost = costs[0]
    for wish in costs:
        cost = min(wish, cost * 2)
        seconds = pace.size * cost
        assert seconds <= 4 * 0.05 or pace.size == 1
        pace.took(seconds=seconds, reading=0.0, scanned=pace.size, rewritten=pace.size)


def test_a_stretch_without_work_does_not_inflate_the_batch() -> None:
    pace = Pace(target=0.05, first=1_000, most=100_000)
    pace.took(seconds=0.05, reading=0.0, scanned=1_000, rewritten=1_000)
    steady = pace.size
    for _ in range(20):
        pace.took(seconds=0.001, reading=0.0, scanned=pace.size, rewritten=0)
    assert pace.size == steady


def test_writers_on_sqlite_get_their_turn(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for the write lock only asks for it now and then: batch upon batch would leave no moment to get it."""
    create_people(sqlite, 1_500)
    (tmp_path / "slow.py").write_text(
        "import time\ndef slow(row):\n    time.sleep(0.002)\n    return row['last_name']\n"
    )
    job = work(sqlite, compute="slow.py:slow", reads=("last_name",))
    monkeypatch.setattr(SQLite, "turns", Turns(every=0.4, length=0.11))
    writes: list[float] = []
    over = threading.Event()

    def write() -> None:
        with sqlite3.connect(str(sa.make_url(sqlite).database), timeout=60, isolation_level=None) as file:
            while not over.is_set():
                file.execute("UPDATE people SET touched = touched + 1 WHERE id = 7")
                writes.append(time.monotonic())
                time.sleep(0.005)
        file.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert run(job, sqlite, options=Options(root=tmp_path, batch=30)).processed == 1_500
    finally:
        over.set()
        writer.join()
    waits = [later - sooner for sooner, later in pairwise(writes)]
    assert len(waits) > 8
    assert statistics.median(waits) < 0.5


def test_a_rate_counts_the_rests_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of 50 ms and a rest of 450: 1,000 rows every half second."""
    now = [0.0]
    monkeypatch.setattr("instar.backfill.pace.time.monotonic", lambda: now[0])
    rate = Rate()
    for _ in range(20):
        now[0] += 0.5
        told = rate.after(1_000)
    assert told == pytest.approx(2_000)


def test_a_first_batch_without_a_rest_does_not_count_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("instar.backfill.pace.time.monotonic", lambda: now[0])
    rate = Rate()
    told = []
    for seconds in (0.01, 0.49, 0.5):
        now[0] += seconds
        told.append(rate.after(1_000))
    assert told == pytest.approx([100_000, 4_000, 3_000])


def test_slow_computing_makes_small_batches() -> None:
    pace = Pace(target=0.05, first=200, most=100_000)
    for _ in range(20):
        pace.took(seconds=0.001, reading=pace.size * 0.01, scanned=pace.size, rewritten=pace.size)
    assert 10 <= pace.size <= 25
