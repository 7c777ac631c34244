"""What the plugin adds to flake8: the same files with it and without it, with nothing and with ten fields in flight."""

import os
import shutil
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
    cache = Path(f"{quiet}.cache")
    environment = environment | {"INSTAR_CACHE_DIR": str(cache)}
    files, alone = ("lib", "models.py"), ("models.py",)
    runs = {
        "without": ("without", quiet, files),
        "quiet": ("with", quiet, files),
        "cold": ("with", flying, files),  # what the code does is worked out again
        "flying": ("with", flying, files),
        "start": ("without", quiet, alone),
        "start_quiet": ("with", quiet, alone),
        "start_flying": ("with", flying, alone),
    }
    for plugin, folder, paths in runs.values():
        _cpu(folder, plugin, paths, environment)
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        shutil.rmtree(cache / "facts")
        for name, (plugin, folder, paths) in runs.items():
            best[name] = min(best[name], _cpu(folder, plugin, paths, environment))
    return {
        "flake8_s": best["without"],
        "flake8_quiet_over": best["quiet"] / best["without"] - 1,
        "flake8_in_flight_over": best["flying"] / best["without"] - 1,
        "flake8_in_flight_cold_over": best["cold"] / best["without"] - 1,
        "flake8_start_ms": best["start"] * 1000,
        "flake8_start_quiet_ms": (best["start_quiet"] - best["start"]) * 1000,
        "flake8_start_in_flight_ms": (best["start_flying"] - best["start"]) * 1000,
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
