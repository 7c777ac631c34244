"""How fast a backfill is, beside the one UPDATE that nobody dares to run and beside what people do instead.

    python benchmarks/backfill.py --rows 1000000 --json
    python benchmarks/backfill.py --rows 1000000 --backend postgresql --all --report postgresql.json

`--json` prints one object of ratios on one line and nothing else. Every ratio is the median over rounds in which the
one-statement UPDATE of the same rows, on the same server and just before it, counts as 1: 1 means as fast as that UPDATE.
`_2` is with two workers. `--all` adds what is done instead, the latencies of a concurrent writer of single random rows
during each, memory, and `_nocas`, which computes without compare-and-set, for the record.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from idleness import Others, server_pid
from people import People, databases
from single_row_writer import writing

from instar.backfill import worker
from instar.backfill.backends import postgresql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instar.backfill.batch import Batcher, Done
    from instar.backfill.keyset import Key
    from instar.backfill.lease import Lease

_ATTEMPTS = 4

KINDS = ("postgresql", "sqlite", "mariadb")

# A process that does nothing but the backfill, and tells its peak resident memory in MB.
ALONE = """
import sys
from pathlib import Path
import msgspec
from instar.backfill import Options, run
from instar.schema.operations import BackfillWork
work, url, root = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[BackfillWork, str, str])
run(work, url, options=Options(root=Path(root)))
print(int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) / 1024)
"""


def tell(line: str) -> None:
    """Progress for whoever waits."""
    print(line, file=sys.stderr, flush=True)


def timed(people: People, act: Callable[[], None]) -> float:
    """Seconds for one refilled table."""
    people.refill()
    begun = time.perf_counter()
    act()
    seconds = time.perf_counter() - begun
    people.check()
    return seconds


def acts(people: People, *, everything: bool) -> dict[str, Callable[[], None]]:
    """What is measured against the one UPDATE, by the name of its ratio."""
    found: dict[str, Callable[[], None]] = {"sql_1": lambda: people.instar(computed=False)}
    if people.kind != "mariadb" or everything:
        found["compute_1"] = lambda: people.instar(computed=True)
    if people.kind == "postgresql" or (people.kind == "mariadb" and everything):
        found["sql_2"] = lambda: people.instar(computed=False, workers=2)
        found["compute_2"] = lambda: people.instar(computed=True, workers=2)
    if people.kind == "postgresql" and everything:
        found["compute_1_nocas"] = lambda: without_compare_and_set(people)
    return found


def without_compare_and_set(people: People) -> None:
    """Write the computed values whatever became of the rows since they were read."""
    usual, postgresql.SAME_VERSION = postgresql.SAME_VERSION, ""
    try:
        people.instar(computed=True)
    finally:
        postgresql.SAME_VERSION = usual


class Measured:
    """The ratios of every pair so far, by name, and rows a second of everything, by database and name."""

    def __init__(self) -> None:
        self._ratios: dict[str, list[float]] = {}
        self._speeds: dict[str, dict[str, list[float]]] = {}

    def add(self, people: People, name: str, limit: float, seconds: float) -> None:
        """One pair."""
        self._ratios.setdefault(f"{people.kind}_{name}", []).append(limit / seconds)
        speeds = self._speeds.setdefault(people.kind, {})
        speeds.setdefault("one_update", []).append(people.rows / limit)
        speeds.setdefault(name, []).append(people.rows / seconds)

    def ratios(self) -> dict[str, float]:
        """Their medians."""
        return {name: round(statistics.median(values), 3) for name, values in self._ratios.items()}

    def speeds(self) -> dict[str, dict[str, int]]:
        """Their medians."""
        return {
            kind: {name: round(statistics.median(values)) for name, values in speeds.items()}
            for kind, speeds in self._speeds.items()
        }


def measure(people: People, measured: Measured, rounds: int, *, everything: bool, idle: float) -> None:
    """Pairs of the one UPDATE and of each act."""
    ours = [os.getpid(), *([pid] if (pid := server_pid(people.engine)) else [])]
    for number in range(rounds):
        for name, act in acts(people, everything=everything).items():
            for _ in range(_ATTEMPTS):
                others = Others(ours)
                limit = timed(people, people.one_update)
                seconds = timed(people, act)
                if (busy := others.cores()) <= idle:
                    break
                tell(
                    f"{people.kind} {name}: {limit:.2f} s / {seconds:.2f} s, but others used {busy:.2f} cores"
                )
            measured.add(people, name, limit, seconds)
            tell(f"round {number + 1} {people.kind} {name}: {limit:.2f} s / {seconds:.2f} s")


def beside(people: People, only: list[str] | None, found: dict[str, dict[str, float]]) -> None:
    """What people do instead, and the latencies of a concurrent writer during each."""
    everything: dict[str, Callable[[], None]] = {
        "one UPDATE": people.one_update,
        "Alembic op.execute": people.alembic_execute,
        "instar, SQL": lambda: people.instar(computed=False),
        "instar, Python": lambda: people.instar(computed=True),
        "Core executemany": people.core_executemany,
        "ORM loop": people.orm_loop,
    }
    for name, act in everything.items():
        if only and name not in only:
            continue
        people.refill()
        with longest_batch() as batch, writing(people.url, people.rows) as latencies:
            begun = time.perf_counter()
            act()
            seconds = time.perf_counter() - begun
        people.check()
        found[name] = {"rows_per_second": round(people.rows / seconds)} | latencies | batch
        tell(f"{people.kind} {name}: {found[name]}")


@contextmanager
def longest_batch() -> Iterator[dict[str, float]]:
    """The longest that the transaction of a batch took, which is the longest that a row can have been locked."""
    longest = 0.0

    class Timed(worker.Batcher):
        def run(self, lease: Lease, cursor: Key | None, size: int, most: int | None = None) -> Done:
            nonlocal longest
            done = super().run(lease, cursor, size, most)
            longest = max(longest, done.seconds)
            return done

    found: dict[str, float] = {}
    usual: type[Batcher] = worker.Batcher
    worker.Batcher = Timed  # type: ignore[misc]  # measured in its place
    try:
        yield found
    finally:
        worker.Batcher = usual  # type: ignore[misc]  # put back
    if longest:
        found["longest_batch_ms"] = round(longest * 1000, 2)


def peak_memory(people: People, *, computed: bool) -> float:
    """Peak resident memory in MB of a process that does nothing but the backfill."""
    people.refill()
    given = msgspec.json.encode((people.work(computed=computed), people.url, str(people.folder)))
    command = [sys.executable, "-W", "ignore", "-c", ALONE]
    done = subprocess.run(command, input=given, capture_output=True, check=True)
    people.check()
    return round(float(done.stdout), 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--idle",
        type=float,
        default=math.inf,
        metavar="CORES",
        help="measure a pair again, a few times, while other programs use more",
    )
    parser.add_argument("--rounds", type=int, default=3, help="0 leaves the ratios out")
    parser.add_argument(
        "--backend", action="append", choices=KINDS, help="repeatable; all of them by default"
    )
    parser.add_argument("--json", action="store_true", help="print one object of ratios and nothing else")
    parser.add_argument("--all", action="store_true", help="also the alternatives, latencies and memory")
    parser.add_argument(
        "--beside", action="append", metavar="NAME", help="of the alternatives only this; repeatable"
    )
    parser.add_argument("--report", type=Path, help="write everything that was measured to this file")
    given = parser.parse_args()
    measured = Measured()
    report: dict[str, Any] = {"rows": given.rows, "beside": {}, "memory_mb": {}}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    interrupted = False
    try:
        with databases(given.backend or list(KINDS), given.rows) as found:
            for people in found:
                measure(people, measured, given.rounds, everything=given.all, idle=given.idle)
                if given.all:
                    memory = report["memory_mb"].setdefault(people.kind, {})
                    memory["sql"] = peak_memory(people, computed=False)
                    memory["compute"] = peak_memory(people, computed=True)
                    beside(people, given.beside, report["beside"].setdefault(people.kind, {}))
    except KeyboardInterrupt:
        interrupted = True
        tell("interrupted; this is what was measured until then")
    report |= {"speeds": measured.speeds(), "ratios": measured.ratios()}
    if given.report:
        given.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report["ratios"]) if given.json else json.dumps(report, indent=2))
    sys.exit(130 if interrupted else 0)


if __name__ == "__main__":
    main()
