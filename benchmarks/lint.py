"""What linting costs, against pyflakes and flake8 in the same run on the same files.

The files are those of large installed packages, 500,000 lines in a git repository, beside one file of models with ten
fields in flight. Run it with: python benchmarks/lint.py [--lines N] [--json]
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from flake8_cost import flake8_costs
from lint_project import lay_out, leave, one_file, touch
from pyflakes.checker import Checker

from instar_lint.editor import Editors


class Spent(NamedTuple):
    """What a process and its children took.

    Attributes:
        cpu: Seconds of CPU time.
        wall: Seconds.
        memory: Its largest resident size in MB.
    """

    cpu: float
    wall: float
    memory: float


def spent(folder: Path, *arguments: str) -> Spent:
    """Run a fresh interpreter in a folder, as an installed package runs: compiled modules are kept."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode > 1 or b"Traceback" in said:
        raise RuntimeError(said.decode())
    return Spent(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024)


def environment(folder: Path) -> dict[str, str]:
    """The variables of a run whose caches lie beside the project."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    caches = {"INSTAR_CACHE_DIR": f"{folder}.cache", "PYTHONPYCACHEPREFIX": f"{folder}.compiled"}
    return kept | caches


def check_with_pyflakes(folder: Path) -> None:
    """Pyflakes on every file: parse and check."""
    for file in sorted(folder.rglob("*.py")):
        try:
            Checker(ast.parse(file.read_bytes()), str(file))
        except (SyntaxError, ValueError, RecursionError):
            continue


def milliseconds_of_one_file(folder: Path, names: list[str]) -> float:
    """For the file that is nearest to 1,000 lines and mentions a field: parsed and linted in a warm process."""
    path = one_file(folder, names)
    text = path.read_text(errors="replace")
    os.environ.update(environment(folder))
    project = Editors().of(path.parent)
    assert project is not None
    times = []
    for _ in range(9):
        began = time.process_time()
        project.findings(path, text)
        times.append(time.process_time() - began)
    return sorted(times)[len(times) // 2] * 1000


def import_milliseconds(folder: Path) -> float:
    """What importing the plugin adds to flake8 itself; the best of nine."""
    code = (
        "import time, flake8.main.cli, ast\nbegan = time.perf_counter()\n"
        "import instar_lint.flake8_plugin\nprint(time.perf_counter() - began)"
    )
    command = [sys.executable, "-c", code]
    runs = [
        subprocess.run(command, check=True, env=environment(folder), capture_output=True, text=True)
        for _ in range(9)
    ]
    return min(float(run.stdout) for run in runs) * 1000


def measure(folder: Path, lines: int) -> dict[str, float]:
    """All figures."""
    total, names = lay_out(folder, lines)
    linting = ("-m", "instar", "lint")
    spent(folder, *linting)  # what is compiled once
    nothing = spent(folder, *linting)
    leave(folder, names)
    flakes = spent(folder, __file__, "pyflakes")
    shutil.rmtree(f"{folder}.cache")
    cold = spent(folder, *linting)
    warm = spent(folder, *linting)
    touch(folder, 10)
    changed = spent(folder, *linting)
    return {
        "lines": total,
        "fields": len(names),
        "pyflakes_s": flakes.cpu,
        "cold_s": cold.cpu,
        "cold_over_pyflakes": cold.cpu / flakes.cpu,
        "warm_s": changed.wall,
        "warm_cpu_s": changed.cpu,
        "unchanged_s": warm.wall,
        "nothing_in_flight_s": nothing.wall,
        "memory_mb": cold.memory,
        "file_1000_lines_ms": milliseconds_of_one_file(folder, names),
        "import_ms": import_milliseconds(folder),
        **flake8_costs(folder, names, environment(folder)),
    }


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["pyflakes"], help=argparse.SUPPRESS)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.part is not None:
        check_with_pyflakes(Path.cwd())
        return
    place = Path(tempfile.mkdtemp(prefix="instar-benchmark-"))
    try:
        figures = measure(place / "project", options.lines)
    finally:
        shutil.rmtree(place)
    if options.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value:12,.3f}")


if __name__ == "__main__":
    main()
