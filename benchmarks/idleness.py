"""How busy other programs kept the machine during a measurement, which then says little."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

_TICKS = os.sysconf("SC_CLK_TCK")


class Others:
    """Cores that others used since this was made.

    Args:
        pids: Processes of ours whose descendants are ours too.
    """

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self._begun = time.monotonic()
        self._busy = _machine() - _ours(pids)

    def cores(self) -> float:
        """On average."""
        busy = _machine() - _ours(self._pids) - self._busy
        return max(0.0, busy) / (time.monotonic() - self._begun)


def server_pid(engine: sa.Engine) -> int | None:
    """The process of a server on this machine; None for SQLite."""
    with engine.connect() as connection:
        match engine.dialect.name:
            case "postgresql":
                folder = connection.exec_driver_sql("SHOW data_directory").scalar_one()
                return int((Path(folder) / "postmaster.pid").read_text().split()[0])
            case "sqlite":
                return None
            case _:
                return int(Path(connection.exec_driver_sql("SELECT @@pid_file").scalar_one()).read_text())


def _machine() -> float:
    """CPU seconds of the whole machine, idle and waiting time apart."""
    user, nice, system, _idle, _wait, irq, soft_irq = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + irq + soft_irq) / _TICKS


def _ours(pids: list[int]) -> float:
    """CPU seconds of processes and their descendants, with those that they have waited for."""
    total = 0.0
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            for thread in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except OSError:
            continue  # it has ended, and its parent has its time
        total += sum(map(int, fields[11:15])) / _TICKS
    return total
