"""Several workers share one backfill: threads, processes, and any executor of the user's."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec
import pytest

from backfill_cases import COMPUTE, SLOWLY, computing, connected, create_people, touched, work
from instar.backfill import Options, read_progress, run
from instar.errors import InstarError


@pytest.mark.parametrize("code", [None, COMPUTE, SLOWLY], ids=["expression", "quick", "slow"])
def test_several_workers_share_the_table(database: str, code: str | None, tmp_path: Path) -> None:
    create_people(database, 6_000, counted=True)
    job = computing(database, tmp_path, code) if code else work(database)
    outcome = run(job, database, options=Options(root=tmp_path, workers=2, partitions=6, batch=300))
    assert (outcome.status, outcome.processed) == ("completed", 6_000)
    assert touched(database) == {1: 6_000}


def test_a_script_of_the_users_is_not_run_again_by_its_workers(postgresql: str, tmp_path: Path) -> None:
    """Nothing but the share goes to a worker's process, so that a script needs no `if __name__ == "__main__"`."""
    create_people(postgresql, 6_000, counted=True)
    job = computing(postgresql, tmp_path, SLOWLY)
    (tmp_path / "job.json").write_bytes(msgspec.json.encode(job))
    (tmp_path / "script.py").write_text(
        "import msgspec, pathlib\n"
        "from instar.backfill import Options, run\n"
        "from instar.schema.operations import BackfillWork\n"
        "here = pathlib.Path(__file__).parent\n"
        "print('once')\n"
        "job = msgspec.json.decode((here / 'job.json').read_bytes(), type=BackfillWork)\n"
        f"outcome = run(job, {postgresql!r}, options=Options(root=here, workers=2, batch=200))\n"
        "print(outcome.status, outcome.processed)\n"
    )
    command = [sys.executable, str(tmp_path / "script.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("once\ncompleted 6000\n", 0), done.stderr
    assert touched(postgresql) == {1: 6_000}


def test_an_error_in_a_workers_process_is_told_by_the_run(postgresql: str, tmp_path: Path) -> None:
    create_people(postgresql, 6_000)
    job = computing(postgresql, tmp_path, SLOWLY)
    with connected(postgresql) as connection:
        connection.exec_driver_sql("UPDATE people SET first_name = 'poison' WHERE id = 5900")
    with pytest.raises(InstarError, match="the row with key 5900 cannot be rewritten"):
        run(job, postgresql, options=Options(root=tmp_path, workers=2, partitions=2, batch=200))
    (progress,) = read_progress(postgresql)
    assert (progress.status, progress.workers) == ("failed", ())


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_any_executor_runs_the_workers(database: str, kind: str) -> None:
    create_people(database, 4_000, counted=True)
    executor = (
        ThreadPoolExecutor(2)
        if kind == "threads"
        else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    )
    with executor:
        options = Options(workers=2, partitions=5, batch=300)
        outcome = run(work(database), database, options=options, executor=executor)
    assert (outcome.status, outcome.processed) == ("completed", 4_000)
    assert touched(database) == {1: 4_000}
