"""What the plugin adds to flake8: the same files with it and without it, with nothing and with ten fields in flight."""

import os
import subprocess
import sys
from pathlib import Path

from lint_project import leave, sample

LINES = 30_000
ROUNDS = 5
RUN = """
import importlib.metadata as installed, sys
everything = installed.distributions
if sys.argv.pop(1) == "without":
    installed.distributions = lambda **how: (d for d in everything(**how) if d.metadata["Name"] != "instar")
from flake8.main.cli import main
main(["--isolated", "-j1", "-q", *sys.argv[1:]])
"""


def flake8_costs(whole: Path, names: list[str], environment: dict[str, str]) -> dict[str, float]:
    """CPU seconds of flake8 without the plugin, and how much of them it adds; each is the best of some rounds.

    Args:
        whole: The project that files are taken from.
        names: The fields that may leave.
        environment: The variables of a run.
    """
    quiet, flying = whole.with_name("quiet"), whole.with_name("flying")
    for folder in (quiet, flying):
        sample(whole, folder, names, LINES)
    leave(flying, names)
    environment = environment | {"INSTAR_CACHE_DIR": f"{quiet}.cache"}
    files = ("lib", "models.py")

    def best(*runs: tuple[str, Path, tuple[str, ...]]) -> list[float]:
        for plugin, folder, paths in runs:
            _cpu(folder, plugin, paths, environment)
        rounds = [
            [_cpu(folder, *(plugin, paths), environment) for plugin, folder, paths in runs]
            for _ in range(ROUNDS)
        ]
        return [min(times) for times in zip(*rounds, strict=True)]

    without, still, moving = best(("without", quiet, files), ("with", quiet, files), ("with", flying, files))
    alone = ("models.py",)
    start, start_still, start_moving = best(
        ("without", quiet, alone), ("with", quiet, alone), ("with", flying, alone)
    )
    return {
        "flake8_s": without,
        "flake8_quiet_over": still / without - 1,
        "flake8_in_flight_over": moving / without - 1,
        "flake8_start_ms": start * 1000,
        "flake8_start_quiet_ms": (start_still - start) * 1000,
        "flake8_start_in_flight_ms": (start_moving - start) * 1000,
    }


def _cpu(folder: Path, plugin: str, paths: tuple[str, ...], environment: dict[str, str]) -> float:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, plugin, *paths],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if b"Traceback" in said:
        raise RuntimeError(said.decode())
    return used.ru_utime + used.ru_stime
