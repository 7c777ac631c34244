"""Runs of a backfill in processes of their own, which can be killed, frozen and kept from the disk.

They are forked from a process that has imported everything, so that each is as quick to start as it is real.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from instar.backfill import Options, run
from instar.errors import InstarError
from instar.schema.operations import BackfillWork

_FORKS = multiprocessing.get_context("forkserver")
_DIALECTS = ("sqlite.pysqlite", "postgresql.psycopg", "mysql.pymysql")
_FORKS.set_forkserver_preload(
    [
        "__main__",
        "instar.backfill",
        "psycopg",
        "pymysql",
        *(f"sqlalchemy.dialects.{one}" for one in _DIALECTS),
    ]
)
_NUMBERS = itertools.count()
PATIENCE = 120
"""Seconds; a machine that does a lot else may take that long to start a process and to run its first batch."""


class Process:
    """A run in a process of its own.

    Args:
        job: What to rewrite.
        url: The database.
        root: The project folder; what goes wrong is written to a file there.
        most: The longest file that it may write, in bytes.
        options: Of the run.
    """

    def __init__(
        self, job: BackfillWork, url: str, root: Path, *, most: int | None = None, **options: Any
    ) -> None:
        self._begun = time.monotonic()
        self._errors = root / f"errors{next(_NUMBERS)}"
        up, child = _FORKS.Pipe(duplex=False)
        given = (job, url, Options(root=root, **options))
        self._process = _FORKS.Process(target=_work, args=(given, child, self._errors, most))
        self._process.start()
        child.close()
        assert up.recv_bytes() == b"up"

    def works_until(self, true: Callable[[], bool]) -> None:
        """Wait for something that it does; if it fails instead, say why."""
        while not true():
            if self._process.exitcode:
                self.wait()
            assert time.monotonic() < self._begun + PATIENCE, f"nothing for {PATIENCE} s"
            time.sleep(0.01)

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """As the machine's power cord would."""
        self._process.kill()
        self._process.join()

    def end(self, timeout: float = 60) -> tuple[int | None, str]:
        """Wait for its end: the exit code, and what it wrote about errors."""
        self._process.join(timeout)
        return self._process.exitcode, self._errors.read_text()

    def wait(self, timeout: float = 60) -> None:
        """Wait for its end, which must be a good one."""
        code, errors = self.end(timeout)
        assert code == 0, errors


def _work(given: tuple[BackfillWork, str, Options], up: Connection, errors: Path, most: int | None) -> None:
    job, url, options = given
    sys.stderr = errors.open("w", buffering=1)
    if most is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    up.send_bytes(b"up")
    try:
        run(job, url, options=options)
    except InstarError as error:
        sys.exit(f"{error}")
