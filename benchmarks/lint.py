"""What linting costs, against pyflakes in the same run on the same files.

The files are those of large installed packages, up to 500,000 lines, copied beside one file of models with ten fields in
flight. Run it with: python benchmarks/lint.py [--lines N] [--json]
"""

import argparse
import ast
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from importlib import import_module
from pathlib import Path

from flake8_cost import flake8_costs
from pyflakes.checker import Checker

from instar.config import Config
from instar.sources import FolderSource
from instar_lint.python import Knowledge, Watch, collect, facts_of
from instar_lint.python.collect import decoded

FIELDS = 10
WORD = re.compile(rb"(?<=\.)[a-z][a-z_]{5,}\b")


def gather(folder: Path, lines: int) -> int:
    """Copy whole packages until there are enough lines; returns how many."""
    total = 0
    for place in (Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("stdlib"))):
        for package in sorted(
            (p for p in place.iterdir() if (p / "__init__.py").exists()), key=_size, reverse=True
        ):
            if total >= lines or package.name in ("test", "site-packages"):
                continue
            for file in sorted(package.rglob("*.py")):
                data = file.read_bytes()
                if total >= lines or b"\0" in data:
                    break
                target = folder / "lib" / file.relative_to(place)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                total += data.count(b"\n")
    return total


def _size(package: Path) -> int:
    return sum(file.stat().st_size for file in package.rglob("*.py"))


def field_names(folder: Path) -> list[str]:
    """Ten attribute names that occur in 0.5 to 5 % of the files, evenly: as the fields of real applications do."""
    files = list((folder / "lib").rglob("*.py"))
    seen = Counter(word for file in files for word in set(WORD.findall(file.read_bytes())))
    usual = sorted((n, w) for w, n in seen.items() if 0.005 * len(files) <= n <= 0.05 * len(files))
    step = max(len(usual) // FIELDS, 1)
    return [word.decode() for _, word in usual[::step]][:FIELDS]


def write_models(folder: Path, names: list[str]) -> None:
    """A class that maps the fields."""
    columns = "\n".join(f"    {name}: Mapped[str]" for name in names)
    (folder / "models.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n"
        "class Base(DeclarativeBase):\n    pass\n"
        f'class Account(Base):\n    __tablename__ = "accounts"\n    id: Mapped[int] = mapped_column(primary_key=True)\n{columns}\n'
    )


def lint(folder: Path, names: list[str]) -> int:
    """The facts of the whole project; returns how many there are."""
    source = FolderSource(folder)
    knowledge = Knowledge.of(source, Config(dialect="sqlalchemy", schema=("models.py",)))
    watch = Watch(fields=frozenset((None, "accounts", name) for name in names))
    return sum(len(facts) for _, facts in collect(source, knowledge, watch))


def installed(folder: Path) -> dict[str, str]:
    """The environment of an installed package: compiled modules are kept."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / ".pycache")}


def cpu_of(code: str, folder: Path, *arguments: str) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak MB of a fresh interpreter."""
    environment = {**installed(folder), "INSTAR_CACHE_DIR": str(folder / ".cache")}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, code, "--folder", str(folder), *arguments],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, wall, float(done.stdout or 0)


def run_pyflakes(folder: Path) -> None:
    """Pyflakes on every file: parse and check."""
    for file in sorted((folder / "lib").rglob("*.py")):
        try:
            Checker(ast.parse(file.read_bytes()), str(file))
        except (SyntaxError, ValueError, RecursionError):
            continue


def one_file(folder: Path, names: list[str]) -> float:
    """Milliseconds for the file that is nearest to 1,000 lines and mentions a field, in a warm process."""
    files = [(abs(f.read_bytes().count(b"\n") - 1000), f) for f in sorted((folder / "lib").rglob("*.py"))]
    words = re.compile(rb"\b(?:" + "|".join(names).encode() + rb")\b")
    path = next(f for _, f in sorted(files) if words.search(f.read_bytes()))
    source = FolderSource(folder)
    knowledge = Knowledge.of(source, Config(dialect="sqlalchemy", schema=("models.py",)))
    watch = Watch(fields=frozenset((None, "accounts", name) for name in names))
    text = decoded(path.read_bytes())
    times = []
    for _ in range(9):
        began = time.process_time()
        facts_of(text, path.relative_to(folder).as_posix(), knowledge, watch)
        times.append(time.process_time() - began)
    return sorted(times)[len(times) // 2] * 1000


def touch(folder: Path, count: int) -> None:
    """Change some files."""
    for file in sorted((folder / "lib").rglob("*.py"))[: count * 7 : 7]:
        file.write_bytes(file.read_bytes() + b"\n# changed\n")


def import_ms(folder: Path) -> float:
    """Milliseconds that importing the plugin adds to flake8 itself; the best of nine, with compiled modules."""
    code = (
        "import time, flake8.main.cli, ast\nbegan = time.perf_counter()\n"
        "import instar_lint.flake8_plugin\nprint(time.perf_counter() - began)"
    )

    def once() -> float:
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, env=installed(folder), capture_output=True, text=True
        )
        return float(done.stdout)

    return min(once() for _ in range(9)) * 1000


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--names", default="")
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.part is not None:
        if options.part == "pyflakes":
            run_pyflakes(options.folder)
        elif options.part == "imports":
            import_module("instar.dialects.sqlalchemy.reader")
            import_module("instar_lint.flake8_plugin")
        elif options.part == "lint":
            lint(options.folder, options.names.split(","))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    folder = Path(tempfile.mkdtemp(prefix="instar-benchmark-"))
    try:
        report(measure(folder, options.lines), as_json=options.json)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, lines: int) -> dict[str, float]:
    """All figures."""
    total = gather(folder, lines)
    names = field_names(folder)
    write_models(folder, names)
    flakes, _, _ = cpu_of("pyflakes", folder)
    given = ("--names", ",".join(names))
    cpu_of("imports", folder)
    cold, cold_wall, memory = cpu_of("lint", folder, *given)
    touch(folder, 10)
    warm, warm_wall, _ = cpu_of("lint", folder, *given)
    return {
        "lines": total,
        "fields": len(names),
        "pyflakes_s": flakes,
        "cold_s": cold,
        "cold_wall_s": cold_wall,
        "cold_over_pyflakes": cold / flakes,
        "warm_cpu_s": warm,
        "warm_s": warm_wall,
        "file_1000_lines_ms": one_file(folder, names),
        "import_ms": import_ms(folder),
        "memory_mb": memory,
        **flake8_costs(folder / "lib", (folder / "models.py").read_text(), names),
    }


def report(figures: dict[str, float], *, as_json: bool) -> None:
    """As JSON, or one figure a line."""
    if as_json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:20} {value:12,.3f}")


if __name__ == "__main__":
    main()
