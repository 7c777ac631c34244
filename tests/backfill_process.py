"""Runs of a backfill in processes of their own, which can be killed, frozen and kept from the disk.

They are forked from a process that has imported everything, so that each is as quick to start as it is real.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import resource
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from instar.backfill import Options, run
from instar.errors import InstarError
from instar.schema.operations import BackfillWork

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["instar.backfill", "sqlalchemy.orm", "psycopg", "pymysql"])
_NUMBERS = itertools.count()


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
        self._errors = root / f"errors{next(_NUMBERS)}"
        up, child = _FORKS.Pipe(duplex=False)
        given = Options(root=root, **options)
        self._process = _FORKS.Process(target=_work, args=(job, url, given, child, self._errors, most))
        self._process.start()
        child.close()
        assert up.recv_bytes() == b"up"

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


def _work(
    job: BackfillWork, url: str, options: Options, up: Connection, errors: Path, most: int | None
) -> None:
    sys.stderr = errors.open("w", buffering=1)
    if most is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    up.send_bytes(b"up")
    try:
        run(job, url, options=options)
    except InstarError as error:
        sys.exit(f"{error}")
