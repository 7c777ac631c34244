"""A backfill from start to end on every backend: what is written, what is counted, what is refused."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from backfill_cases import (
    PEOPLE,
    add_people,
    backend,
    computing,
    connected,
    create_people,
    names,
    touched,
    work,
    wrong,
)
from instar.backfill import Options, Progress, dry_run, read_progress, run, verify
from instar.backfill.sweep import MOST_PASSES
from instar.backfill.throttle import gauge
from instar.errors import InstarError


def test_an_expression_fills_every_row_once(database: str) -> None:
    create_people(database, 5_000, counted=True)
    outcome = run(work(database), database)
    assert (outcome.status, outcome.processed, outcome.left) == ("completed", 5_000, 0)
    assert wrong(database) == []
    assert touched(database) == {1: 5_000}


def test_a_function_fills_every_row_once(database: str, tmp_path: Path) -> None:
    create_people(database, 5_000, counted=True)
    outcome = run(computing(database, tmp_path), database, options=Options(root=tmp_path))
    assert (outcome.status, outcome.processed, outcome.left) == ("completed", 5_000, 0)
    assert wrong(database) == []
    assert touched(database) == {1: 5_000}


def test_clearing_empties_the_column(database: str) -> None:
    create_people(database, 300)
    run(work(database), database)
    clear = work(database, "m/clear", clear=True, guard="full_name IS NOT NULL")
    assert run(clear, database).processed == 300
    assert set(names(database).values()) == {None}


def test_a_filled_value_is_never_overwritten(database: str, tmp_path: Path) -> None:
    create_people(database, 100)
    with connected(database) as connection:
        connection.exec_driver_sql("UPDATE people SET full_name = 'chosen' WHERE id = 7")
    assert run(computing(database, tmp_path), database, options=Options(root=tmp_path)).processed == 99
    assert wrong(database) == [7]


KEYS = {
    "uuid": ("id UUID NOT NULL", lambda number: uuid.UUID(int=number * 7919 << 64)),
    "string": ("id VARCHAR(60) NOT NULL", lambda number: f"né-{number % 97}-{number}"),
    "decimal": ("id NUMERIC(12, 2) NOT NULL", lambda number: number + 0.25),
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_any_kind_of_key(database: str, kind: str, computed: bool, tmp_path: Path) -> None:
    column, key = KEYS[kind]
    if kind == "uuid" and backend(database) != "postgresql":
        column = "id CHAR(36) NOT NULL"
        make: Any = lambda number: str(key(number))  # noqa: E731 - a key as the driver takes it
    else:
        make = key
    with connected(database) as connection:
        connection.exec_driver_sql(PEOPLE.format(key=column, primary=", PRIMARY KEY (id)"))
        add_people(connection, [make(number) for number in range(1, 1_501)])
    job = computing(database, tmp_path) if computed else work(database)
    outcome = run(job, database, options=Options(root=tmp_path, batch=100, partitions=4))
    assert (outcome.processed, wrong(database)) == (1_500, [])


@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_composite_keys(database: str, computed: bool, tmp_path: Path) -> None:
    columns = "region VARCHAR(20) NOT NULL, id INTEGER NOT NULL"
    with connected(database) as connection:
        connection.exec_driver_sql(PEOPLE.format(key=columns, primary=", PRIMARY KEY (region, id)"))
        insert = sa.text("INSERT INTO people (region, id, first_name, last_name) VALUES (:r, :i, 'a', 'b')")
        connection.execute(insert, [{"r": region, "i": i} for region in ("n", "s", "ö") for i in range(500)])
    job = computing(database, tmp_path) if computed else work(database)
    outcome = run(job, database, options=Options(root=tmp_path, batch=70, partitions=5))
    assert (outcome.processed, wrong(database)) == (1_500, [])


@pytest.mark.postgresql
def test_compute_gets_the_values_of_any_type(postgresql: str, tmp_path: Path) -> None:
    """The values are those that a query of the application's would give; types unknown to the driver are text."""
    columns = {
        "tags": ("text[]", "'{a,b}'", ["a", "b"]),
        "matrix": ("integer[]", "'{{1,2},{3,4}}'", [[1, 2], [3, 4]]),
        "mood": ("mood", "'sad'", "sad"),
        "age": ("age", "7", 7),
        "price": ("numeric(9, 2)", "1.50", Decimal("1.50")),
        "extra": ("jsonb", """'{"a": [1, null]}'""", {"a": [1, None]}),
        "at": ("timestamptz", "'2026-01-02 03:04:05+00'", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        "raw": ("bytea", r"'\x00ff'", b"\x00\xff"),
        "who": ("uuid", "'00000000-0000-0000-0000-000000000007'", uuid.UUID(int=7)),
        "flag": ("boolean", "true", True),
        "spot": ("point", "'(1,2)'", "(1,2)"),
        'odd "%" name': ("char(3)", "'x'", "x  "),
    }
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in columns}
    kinds = ", ".join(f"{quoted[name]} {kind}" for name, (kind, _, _) in columns.items())
    with connected(postgresql) as connection:
        for statement in (
            "CREATE TYPE mood AS ENUM ('sad', 'glad')",
            "CREATE DOMAIN age AS integer CHECK (value > 0)",
            f"CREATE TABLE things (id integer PRIMARY KEY, full_name text, {kinds}, code char(5))",
            f"INSERT INTO things VALUES (1, NULL, {', '.join(value for _, value, _ in columns.values())})",
            "INSERT INTO things (id, tags) VALUES (2, NULL), (3, '{c}'), (4, '{}')",
        ):
            connection.exec_driver_sql(statement.replace("%", "%%"), ())
    (tmp_path / "shown.py").write_text("def shown(row):\n    return repr(sorted(row.items()))\n")
    job = work(
        postgresql,
        table="things",
        guard="full_name IS NULL",
        compute="shown.py:shown",
        reads=tuple(columns),
    )
    assert run(job, postgresql, options=Options(root=tmp_path)).processed == 4
    (tmp_path / "code.py").write_text("def code(row):\n    return 'abc'\n")
    padded = work(
        postgresql, "m/code", table="things", target="code", guard="code IS NULL", compute="code.py:code"
    )
    assert run(padded, postgresql, options=Options(root=tmp_path)).processed == 4
    with connected(postgresql) as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT code FROM things").scalars().all() == ["abc  "]
        query = "SELECT full_name FROM things ORDER BY id"
        first, *others = [
            eval(text, {"Decimal": Decimal, "datetime": dt, "UUID": uuid.UUID, "zoneinfo": zoneinfo})
            for text in connection.exec_driver_sql(query).scalars()
        ]
    assert dict(first) == {name: value for name, (_, _, value) in columns.items()}
    assert [dict(other) for other in others] == [
        dict.fromkeys(columns) | {"tags": tags} for tags in (None, ["c"], [])
    ]


def test_a_table_without_primary_key_is_refused(database: str) -> None:
    with connected(database) as connection:
        connection.exec_driver_sql(PEOPLE.format(key="id INTEGER", primary=""))
    with pytest.raises(InstarError, match="has no primary key"):
        run(work(database), database)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"table": "peoples"}, 'there is no table "peoples"'),
        ({"target": "fullname"}, 'has no column "fullname"'),
        ({"clear": True, "expression": "1"}, "exactly one of expression, compute and clear"),
        ({"compute": "nowhere.py:f"}, "was not found"),
    ],
)
def test_work_that_does_not_fit_is_refused(sqlite: str, changes: dict[str, Any], sentence: str) -> None:
    create_people(sqlite, 1)
    with pytest.raises(InstarError, match=sentence):
        run(work(sqlite, **changes), sqlite)
    assert read_progress(sqlite) == ()


def test_a_database_that_does_not_answer_is_one_line_without_the_password() -> None:
    with pytest.raises(InstarError, match="cannot reach the database") as raised:
        run(work("sqlite://"), "postgresql://who:s3cret@127.0.0.1:1/db")
    assert "s3cret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_empty_table_is_completed_at_once(database: str) -> None:
    create_people(database, 0)
    assert run(work(database), database).status == "completed"


def test_a_completed_one_is_refused_and_swept_on_demand(database: str) -> None:
    create_people(database, 100)
    run(work(database), database)
    with pytest.raises(InstarError, match="is completed"):
        run(work(database), database)
    with connected(database) as connection:
        add_people(connection, [500, 501])
    assert run(work(database), database, options=Options(sweep=True)).processed == 102
    assert wrong(database) == []


def test_another_definition_under_the_same_name_is_refused(sqlite: str) -> None:
    create_people(sqlite, 100)
    run(work(sqlite), sqlite, options=Options(limit=10))
    changed = work(sqlite, expression="last_name")
    with pytest.raises(InstarError, match="another definition"):
        run(changed, sqlite)
    assert run(changed, sqlite, options=Options(restart=True)).processed == 90


def test_rows_inserted_behind_the_cursor_are_swept(database: str) -> None:
    """Old code inserts below the cursor while the backfill is half way."""
    create_people(database, 1_000)
    with connected(database) as connection:
        connection.exec_driver_sql("DELETE FROM people WHERE id <= 50")
    run(work(database), database, options=Options(batch=100, limit=500))
    with connected(database) as connection:
        add_people(connection, range(1, 51))
    outcome = run(work(database), database)
    assert (outcome.status, outcome.processed, outcome.left) == ("completed", 1_000, 0)
    assert wrong(database) == []


def test_rows_that_never_leave_the_guard_are_a_failure(database: str) -> None:
    create_people(database, 50)
    with pytest.raises(InstarError, match="50 rows match the guard whatever is written"):
        run(work(database, expression="NULL"), database)
    (progress,) = read_progress(database)
    assert progress.status == "failed"


@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_a_limit_pauses_and_the_next_run_resumes(database: str, computed: bool, tmp_path: Path) -> None:
    create_people(database, 1_000, counted=True)
    job = computing(database, tmp_path) if computed else work(database)
    first = run(job, database, options=Options(root=tmp_path, limit=300, batch=70))
    assert (first.status, first.processed) == ("paused", 300)
    assert run(job, database, options=Options(root=tmp_path)).processed == 1_000
    assert touched(database) == {1: 1_000}


@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_batches_may_wait_for_the_disk_each(database: str, computed: bool, tmp_path: Path) -> None:
    create_people(database, 1_000, counted=True)
    job = computing(database, tmp_path) if computed else work(database)
    outcome = run(job, database, options=Options(root=tmp_path, batch=70, durable_batches=True))
    assert (outcome.status, outcome.processed, touched(database)) == ("completed", 1_000, {1: 1_000})


def test_stop_ends_after_the_batch(database: str) -> None:
    create_people(database, 3_000)
    stop = Event()
    outcome = run(
        work(database),
        database,
        options=Options(batch=10),
        listener=lambda progress: stop.set(),
        stop=stop,
    )
    assert outcome.status == "paused"
    assert 0 < outcome.processed < 3_000
    assert sum(name is not None for name in names(database).values()) == outcome.processed


@pytest.mark.parametrize("held", [False, True], ids=["at once", "while it waits"])
def test_a_stop_before_the_first_batch_leaves_no_lease(database: str, held: bool) -> None:
    create_people(database, 100)
    stop = Event()
    if not held:
        stop.set()
    waits = [gauge("load", 1, lambda: 2.0)] if held else []
    outcome = run(
        work(database),
        database,
        options=Options(poll=0.02),
        gauges=waits,
        listener=lambda progress: stop.set() if progress.waiting else None,
        stop=stop,
    )
    assert (outcome.status, outcome.processed) == ("paused", 0)
    assert read_progress(database)[0].workers == ()
    assert run(work(database), database).processed == 100


@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_a_poisoned_row_stops_with_its_key(database: str, computed: bool, tmp_path: Path) -> None:
    poison(database, [137])
    job = computing(database, tmp_path) if computed else work(database)
    with pytest.raises(InstarError, match="the row with key 137 cannot be rewritten"):
        run(job, database, options=Options(root=tmp_path))
    (progress,) = read_progress(database)
    assert progress.status == "failed"
    assert "key 137" in (progress.error or "")
    assert wrong(database) == list(range(137, 301))
    with connected(database) as connection:
        connection.exec_driver_sql("UPDATE people SET first_name = 'cured' WHERE id = 137")
    assert run(job, database, options=Options(root=tmp_path)).processed == 300


@pytest.mark.parametrize("computed", [False, True], ids=["expression", "compute"])
def test_poisoned_rows_are_skipped_and_told(database: str, computed: bool, tmp_path: Path) -> None:
    poison(database, [137, 138, 300])
    job = computing(database, tmp_path) if computed else work(database)
    outcome = run(job, database, options=Options(root=tmp_path, on_error="skip"))
    assert (outcome.status, outcome.processed, outcome.left) == ("completed", 297, 3)
    assert [skipped.key for skipped in outcome.skipped] == [(137,), (138,), (300,)]
    assert all(skipped.reason for skipped in outcome.skipped)
    found = verify(job, database, options=Options(root=tmp_path))
    assert (found.left, found.left_keys, len(found.skipped)) == (3, ((137,), (138,), (300,)), 3)
    assert not found.clean


def poison(url: str, keys: list[int]) -> None:
    """300 people, some of whom neither the server nor the function can name."""
    create_people(url, 300)
    with connected(url) as connection:
        for key in keys:
            connection.exec_driver_sql(f"UPDATE people SET first_name = 'poison' WHERE id = {key}")
        check = "CHECK (full_name IS NULL OR full_name NOT LIKE 'poison%')".replace("%", "%%")
        if backend(url) == "sqlite":
            connection.exec_driver_sql(
                "CREATE TRIGGER poison BEFORE UPDATE ON people WHEN NEW.full_name LIKE 'poison%' "
                "BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
            )
        else:
            connection.exec_driver_sql(f"ALTER TABLE people ADD CONSTRAINT healthy {check}", ())


def test_a_dry_run_shows_ten_rows_and_writes_nothing(database: str, tmp_path: Path) -> None:
    create_people(database, 100)
    trial = dry_run(computing(database, tmp_path), database, options=Options(root=tmp_path))
    assert trial.rewritten == 100
    assert len(trial.samples) == 10
    assert (trial.samples[2].key, trial.samples[2].before, trial.samples[2].after) == (
        (3,),
        None,
        "First3 Last3",
    )
    assert set(names(database).values()) == {None}
    with connected(database) as connection:
        assert sa.inspect(connection).get_table_names() == ["people"]


def test_verify_tells_what_is_left_and_what_differs(database: str, tmp_path: Path) -> None:
    create_people(database, 200)
    job = computing(database, tmp_path)
    run(job, database, options=Options(root=tmp_path))
    with connected(database) as connection:
        connection.exec_driver_sql("UPDATE people SET full_name = 'other' WHERE id IN (3, 5)")
        connection.exec_driver_sql("UPDATE people SET full_name = NULL WHERE id = 9")
    found = verify(job, database, options=Options(root=tmp_path))
    assert (found.left, found.left_keys) == (1, ((9,),))
    assert (found.sampled, found.differ, found.differ_keys) == (199, 2, ((3,), (5,)))
    by_server = verify(work(database), database)
    assert (by_server.differ, by_server.differ_keys) == (2, ((3,), (5,)))
    agreed = verify(work(database, agrees=f"full_name = {work(database).expression}"), database)
    assert (agreed.disagree, agreed.disagree_keys) == (2, ((3,), (5,)))


def test_progress_is_told(sqlite: str) -> None:
    create_people(sqlite, 1_000)
    told: list[Progress] = []
    run(work(sqlite), sqlite, listener=told.append)
    assert told[-1].status == "completed"
    assert (told[-1].processed, told[-1].total) == (1_000, 1_000)


def test_rows_that_keep_coming_are_not_called_completed(sqlite: str) -> None:
    """Every rewritten row brings another that matches the guard: the run ends, tells, and can be run again."""
    create_people(sqlite, 3)
    with connected(sqlite) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER another AFTER UPDATE OF full_name ON people BEGIN "
            "INSERT INTO people (id, first_name, last_name) SELECT max(id) + 1, 'Late', 'Comer' FROM people; END"
        )
    outcome = run(work(sqlite), sqlite)
    assert (outcome.status, outcome.processed, outcome.left) == ("paused", 3 * MOST_PASSES, 3)
    assert run(work(sqlite), sqlite).status == "paused"
    with connected(sqlite) as connection:
        connection.exec_driver_sql("DROP TRIGGER another")
    outcome = run(work(sqlite), sqlite)
    assert (outcome.status, outcome.left) == ("completed", 0)
