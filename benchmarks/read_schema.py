"""What reading a schema costs: CPU and memory, with an empty and a warm cache, against importing the models.

usage: python benchmarks/read_schema.py [--import app.models] [--json] [REPOSITORY FROM TO]

Each measurement is a process of its own. `--import` runs `python -c "import app.models"` in the repository's folder.
Without a repository, an application of 100 tables in as many files is written, changed and measured, its import too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MEASURE = """
import os, resource, sys
process = os.spawnvpe(os.P_NOWAIT, sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, file=sys.stderr)
"""


def measure(command: list[str], **environment: str) -> dict[str, float]:
    """CPU seconds and resident megabytes of a command and what it starts."""
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | environment
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, env=variables, check=True
    )
    status, seconds, memory = done.stderr.strip().splitlines()[-1].split()
    return {"status": float(status), "cpu_seconds": round(float(seconds), 3), "megabytes": float(memory)}


def write_application(folder: Path, *, column: str) -> None:
    """Write a package of 100 models that point at each other."""
    package = folder / "app" / "models"
    package.mkdir(parents=True, exist_ok=True)
    (folder / "app" / "__init__.py").write_text("")
    (folder / "app" / "base.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
    )
    for number in range(100):
        columns = [
            f"    field_{n}: Mapped[str | None] = mapped_column(String({n + 10}), index={n % 5 == 0})"
            for n in range(15)
        ]
        text = [
            "from sqlalchemy import ForeignKey, String",
            "from sqlalchemy.orm import Mapped, mapped_column",
            "from app.base import Base",
            f"class Model{number}(Base):",
            f'    __tablename__ = "table_{number}"',
            "    id: Mapped[int] = mapped_column(primary_key=True)",
            f'    before_id: Mapped[int | None] = mapped_column(ForeignKey("table_{max(0, number - 1)}.id"))',
            *columns,
            f"    {column}: Mapped[str]",
        ]
        (package / f"model_{number}.py").write_text("\n".join(text) + "\n")
    imports = [f"from app.models.model_{number} import Model{number}" for number in range(100)]
    (package / "__init__.py").write_text("\n".join(imports) + "\n")


def generated(folder: Path) -> tuple[str, str, str]:
    """A repository of two versions of the written application."""
    git = ["git", "-C", str(folder), "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost"]
    subprocess.run([*git, "init", "-q"], check=True)
    for column in ("old_name", "new_name"):
        write_application(folder, column=column)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", column], check=True)
    return str(folder), "HEAD~1", "HEAD"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("where", nargs="*", metavar="REPOSITORY FROM TO")
    parser.add_argument("--import", dest="module")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if len(options.where) not in {0, 3}:
        parser.error("name a repository and two refs, or nothing")
    with tempfile.TemporaryDirectory() as folder:
        where = options.where or generated(Path(folder))
        report(compare(*where, options.module if options.where else "app.models"), as_json=options.json)


def compare(repository: str, before: str, after: str, module: str | None) -> dict[str, dict[str, float]]:
    """The diff with an empty and a warm cache, and the import."""
    diff = [
        sys.executable,
        "-m",
        "instar",
        "diff",
        "--repo",
        repository,
        "--from",
        before,
        "--to",
        after,
    ]
    diff += ["--format", "json"]
    with tempfile.TemporaryDirectory() as cache:
        measure(diff, INSTAR_CACHE_DIR=str(Path(cache) / "bytecode"))
        result = {
            "cold": measure(diff, INSTAR_CACHE_DIR=str(Path(cache) / "reading")),
            "warm": measure(diff, INSTAR_CACHE_DIR=str(Path(cache) / "reading")),
        }
    if module:
        result["import"] = measure([sys.executable, "-c", f"import {module}"], PYTHONPATH=repository)
    return result


def report(result: dict[str, dict[str, float]], *, as_json: bool) -> None:
    """Print the figures, and each as a share of the import."""
    if as_json:
        print(json.dumps(result))
        return
    base = result.get("import", {}).get("cpu_seconds")
    for name, found in result.items():
        share = f"  {found['cpu_seconds'] / base:5.2f} of importing" if base else ""
        print(f"{name:7} {found['cpu_seconds']:7.3f} s CPU {found['megabytes']:6.0f} MB{share}")


main()
