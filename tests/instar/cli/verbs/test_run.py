"""`instar run`, `pause`, `resume`, `cancel` and `verify` as a user types them, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from backfill_cases import connected, create_people, work, wrong
from instar.backfill import read_progress


@pytest.fixture
def folder(sqlite: str, tmp_path: Path) -> Path:
    """A folder with a database of 2,000 people and the backfill as a file."""
    create_people(sqlite, 2_000)
    (tmp_path / "work.json").write_bytes(msgspec.json.encode(work(sqlite, "3f2c/people.full_name")))
    return tmp_path


def instar(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "instar", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


URL = ("--url", "sqlite:///database.sqlite")
WORK = (*URL, "--work", "work.json")


def test_a_run_tells_what_it_did_and_is_refused_the_second_time(folder: Path, sqlite: str) -> None:
    first = instar(folder, "run", *WORK)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("people.full_name: 2,000 rows rewritten, 0 left")
    assert wrong(sqlite) == []
    again = instar(folder, "run", *WORK)
    assert again.returncode == 2
    assert again.stderr.startswith("instar: 3f2c/people.full_name is completed (2,000 rows).")


def test_a_dry_run_shows_before_and_after(folder: Path, sqlite: str) -> None:
    shown = instar(folder, "run", *WORK, "--dry-run")
    assert "1: None → 'First1 Last1'" in shown.stdout
    assert shown.stdout.endswith("Rolled back; nothing was written.\n")
    assert read_progress(sqlite) == ()


def test_scripts_get_json(folder: Path) -> None:
    done = instar(folder, "run", *WORK, "--format", "json", "--progress", "none")
    (backfill,) = json.loads(done.stdout)["backfills"]
    assert (backfill["name"], backfill["status"]) == ("3f2c/people.full_name", "completed")
    checked = instar(folder, "verify", *WORK, "--format", "json")
    assert checked.returncode == 0
    assert json.loads(checked.stdout)["backfills"][0]["verified"] is True


def test_progress_as_json_lines(folder: Path) -> None:
    done = instar(folder, "run", *WORK, "--progress", "json", "--limit", "500")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["processed"] == 500
    assert lines[-1]["status"] == "paused"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_batch_and_the_same_command_resumes(
    folder: Path, sqlite: str, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "instar", "run", *WORK, "--batch-rows", "20", "--max-load", "10%"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not (found := read_progress(sqlite)) or not found[0].processed:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "finishing the batch" in err
    done = read_progress(sqlite)[0].processed
    assert 0 < done < 2_000
    assert f"checkpoint at key {done}. Resume with the same command." in out
    assert instar(folder, "run", *WORK).returncode == 0
    assert wrong(sqlite) == []


def test_skipped_rows_are_stored_and_shown(folder: Path, sqlite: str) -> None:
    with connected(sqlite) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER poison BEFORE UPDATE ON people WHEN NEW.id IN (7, 1999) "
            "BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
        )
    stopped = instar(folder, "run", *WORK)
    assert stopped.returncode == 2
    assert "the row with key 7 cannot be rewritten: poisoned" in stopped.stderr
    done = instar(folder, "run", *WORK, "--on-error", "skip")
    assert done.returncode == 0
    assert "people.full_name: 1,998 rows rewritten, 2 left" in done.stdout
    assert "key 7: poisoned" in done.stderr
    checked = instar(folder, "verify", *WORK)
    assert checked.returncode == 1
    assert "2 rows left (key 7; 1999)" in checked.stdout
    assert "skipped (key 1999): poisoned" in checked.stdout


def test_rows_that_keep_coming_end_the_run_with_one(folder: Path, sqlite: str) -> None:
    with connected(sqlite) as connection:
        connection.exec_driver_sql("DELETE FROM people WHERE id > 1")
        connection.exec_driver_sql(
            "CREATE TRIGGER another AFTER UPDATE OF full_name ON people BEGIN "
            "INSERT INTO people (id, first_name, last_name) SELECT max(id) + 1, 'Late', 'Comer' FROM people; END"
        )
    ended = instar(folder, "run", *WORK)
    assert ended.returncode == 1
    assert "and 1 left after several passes" in ended.stderr
    assert "completed" not in ended.stdout


def test_pause_resume_and_cancel_name_backfills_in_short(folder: Path, sqlite: str) -> None:
    instar(folder, "run", *WORK, "--limit", "100")
    assert instar(folder, "pause", *URL).stdout == (
        "people.full_name is paused. Go on with: instar resume people.full_name --url URL\n"
    )
    assert "was paused" in instar(folder, "run", *WORK).stderr
    assert instar(folder, "resume", *URL, "people.full_name").returncode == 0
    assert instar(folder, "cancel", *URL, "people.full_name").stdout == "people.full_name is cancelled.\n"
    assert read_progress(sqlite)[0].status == "cancelled"


def test_verify_ends_with_one_when_rows_are_left(folder: Path, sqlite: str) -> None:
    instar(folder, "run", *WORK)
    with connected(sqlite) as connection:
        connection.exec_driver_sql("UPDATE people SET full_name = NULL WHERE id = 5")
    checked = instar(folder, "verify", *WORK)
    assert checked.returncode == 1
    assert "1 row left (key 5), 1,000 sampled rows as computed now, not verified" in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "--work", "work.json"), "name the database: --env NAME"),
        (("run", *URL, "--work", "missing.json"), "missing.json: it cannot be read"),
        (("run", *URL, "--work", "broken.json"), "broken.json: this is no backfill"),
        (("run", "--url", "sqlite:///missing.sqlite", "--work", "work.json"), "there is no database file"),
        (("run", "--url", "env:NO_SUCH_VARIABLE", "--work", "work.json"), "NO_SUCH_VARIABLE is not set"),
        (("run", *WORK, "--max-load", "200%"), "200% is no share of the time"),
        (("run", *WORK, "--batch-ms", "0"), "'--batch-ms': 0 is not in the range x>=1"),
        (("run", *WORK, "--workers", "0"), "'--workers': 0 is not in the range x>=1"),
        (("run", *WORK, "--lease", "0"), "'--lease': 0.0 is not in the range x>=1"),
        (("run", *WORK, "--max-lag", "10"), '"10" is no lag'),
        (("pause", *URL, "nothing"), 'no backfill "nothing" has run'),
    ],
)
def test_bad_input_is_one_line(folder: Path, arguments: tuple[str, ...], sentence: str) -> None:
    (folder / "broken.json").write_text('{"name": 1}')
    done = instar(folder, *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
