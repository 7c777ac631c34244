"""What planning and generating cost on a schema of 300 tables, beside importing the models and `alembic check`.

usage: python benchmarks/plan_generate.py [--tables 300] [--runs 3] [--json]

An application with so many tables in as many files, an Alembic folder and a SQLite database is written, and its
models changed: a rename, a new required field, another type, an index. Each measurement is a process of its own, with
compiled modules (`__pycache__`) as an installation has them. The figure is the least CPU time of its runs, with the
work tree read by one `plan` before (warm) and for the first time (cold).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MEASURE = """
import os, resource, sys
process = os.spawnvpe(os.P_NOWAIT, sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(status, usage.ru_utime + usage.ru_stime, file=sys.stderr)
"""
MODEL = '''\
from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.base import Base


class Model{number}(Base):
    """Rows of table {number}."""

    __tablename__ = "table_{number}"
    __table_args__ = (Index("ix_{number}_2", "field_2"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    before_id: Mapped[int | None] = mapped_column(ForeignKey("table_{before}.id"))
    user_name: Mapped[str] = mapped_column(String(50))
    level: Mapped[str] = mapped_column(String(10))
{fields}
'''
BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
EDITS = {
    "user_name: Mapped[str]": "display_name: Mapped[str]",
    "level: Mapped[str] = mapped_column(String(10))": "level: Mapped[int]\n    size: Mapped[int]",
    'Index("ix_7_2", "field_2"),': 'Index("ix_7_2", "field_2"), Index("ix_7_3", "field_3"),',
}
SAID = (
    "--rename=table_7.user_name=display_name",
    "--convert=table_7.level=low=1,high=2,*=0,low=*",
    "--fill=table_7.size=id * 2",
)
CONFIG = '[tool.instar]\nbackend = "sqlite"\nalembic = "migrations"\n'
ALEMBIC = "[alembic]\nscript_location = migrations\n"
ENV = """\
from alembic import context
from sqlalchemy import create_engine

import app.models
from app.base import Base

with create_engine("sqlite:///app.sqlite").connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
FIRST = '"""First."""\nrevision = "0001"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n'
CREATE = """\
import app.models
from app.base import Base
from sqlalchemy import create_engine

Base.metadata.create_all(create_engine("sqlite:///app.sqlite"))
"""


def written(folder: Path, tables: int) -> None:
    """The application, committed and its database created, with the wanted models in the work tree."""
    package = folder / "app" / "models"
    package.mkdir(parents=True)
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for path, text in {
        "app/__init__.py": "",
        "app/base.py": BASE,
        "pyproject.toml": CONFIG,
        "alembic.ini": ALEMBIC,
        "migrations/env.py": ENV,
        "migrations/versions/0001_first.py": FIRST,
    }.items():
        (folder / path).write_text(text)
    fields = "\n".join(
        f"    field_{n}: Mapped[str | None] = mapped_column(String({n + 10}))" for n in range(12)
    )
    for number in range(tables):
        text = MODEL.format(number=number, before=max(0, number - 1), fields=fields)
        (package / f"model_{number}.py").write_text(text)
    imports = [f"from app.models.model_{number} import Model{number}" for number in range(tables)]
    (package / "__init__.py").write_text("\n".join(imports) + "\n")
    git = ["git", "-C", str(folder), "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    (folder / ".gitignore").write_text("app.sqlite\n__pycache__/\n")
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    subprocess.run([sys.executable, "-c", CREATE], cwd=folder, check=True)
    subprocess.run(
        [sys.executable, "-m", "alembic", "stamp", "head"], cwd=folder, check=True, capture_output=True
    )
    wanted = package / "model_7.py"
    text = wanted.read_text()
    for old, new in EDITS.items():
        text = text.replace(old, new)
    wanted.write_text(text)


def measure(folder: Path, *command: str, cache: Path) -> tuple[int, float]:
    """The exit code and CPU seconds of `python ...` and what it starts."""
    compiled = {"PYTHONPYCACHEPREFIX": str(cache.parent / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | compiled | {"INSTAR_CACHE_DIR": str(cache)},
        check=True,
    )
    status, seconds = done.stderr.strip().splitlines()[-1].split()
    return os.waitstatus_to_exitcode(int(status)), float(seconds)


def figures(folder: Path, runs: int) -> dict[str, float]:
    """The least CPU seconds of each command."""
    work = folder / "work"
    commands = {
        "plan": ("-m", "instar", "plan", *SAID),
        "generate": ("-m", "instar", "generate", "--name=benchmark", *SAID),
        "importing the models": ("-c", "import app.models"),
        "alembic check": ("-m", "alembic", "check"),
    }
    found: dict[str, list[float]] = {}
    for turn in range(runs):
        for name, command in commands.items():
            for state in ("cold", "warm") if command[1] == "instar" else ("",):
                shutil.rmtree(work, ignore_errors=True)
                shutil.copytree(folder / "application", work, symlinks=True)
                cache = folder / f"{state}-{name}-{turn}"
                if state == "warm":
                    measure(work, *commands["plan"], cache=cache)
                code, seconds = measure(work, *command, cache=cache)
                if code != (1 if name == "alembic check" else 0) and name != "alembic check":
                    raise SystemExit(f"{name} ended with {code}")
                found.setdefault(f"{name}, {state}" if state else name, []).append(seconds)
    return {name: round(min(seconds), 3) for name, seconds in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        written(folder / "application", given.tables)
        found = figures(folder, given.runs)
    if given.json:
        print(json.dumps({"tables": given.tables, "cpu_seconds": found}))
        return
    peer = found["importing the models"]
    for name, seconds in found.items():
        print(f"{name:22} {seconds:6.2f} s CPU  {seconds / peer:5.2f} of importing the models")


main()
