"""A project to lint: the files of large installed packages beside one file of models, ten of whose fields leave.

Whatever is installed counts; where the packages are not enough, the standard library fills up. A file that mentions one
of the fields imports the model, as application code does, so that nothing can be told from imports alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from instar import ledger
from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.plan import make_plan
from instar.schema.diff import diff
from instar.sources import FolderSource

if TYPE_CHECKING:
    from instar.schema.model import Schema

FIELDS = 10
CONFIG = '[tool.instar]\nschema = ["models.py"]\nbackend = "sqlite"\n'
IMPORT = b"\nfrom models import Account\n"
_WORD = re.compile(rb"(?<=\.)[a-z][a-z_]{5,}\b")
_FUNCTION = re.compile(rb"^def \w+\(.*\).*:\n(?=    )", re.MULTILINE)
_NOBODY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def lay_out(folder: Path, lines: int) -> tuple[int, list[str]]:
    """Write a project of about so many lines, with nothing in flight; returns its lines and the fields that may leave."""
    total = _gather(folder / "lib", lines)
    names = _field_names(folder / "lib")
    _finish(folder, names)
    return total, names


def sample(whole: Path, folder: Path, names: list[str], lines: int) -> None:
    """Write a smaller project with files from everywhere in another one."""
    files = sorted((whole / "lib").rglob("*.py"))
    total = 0
    for file in (file for start in range(37) for file in files[start::37]):
        target = folder / file.relative_to(whole)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        total += target.read_bytes().count(b"\n")
        if total >= lines:
            break
    _finish(folder, names)


def leave(folder: Path, names: list[str]) -> None:
    """Commit a migration that takes the fields away; nothing of it is generated yet."""
    models = folder / "models.py"
    text = models.read_text()
    before = _schema(folder)
    models.write_text(
        "\n".join(line for line in text.splitlines() if line.strip().split(":")[0] not in names)
    )
    target = _schema(folder)
    models.write_text(text)
    migration = make_plan(before, target, diff(before, target, []), name="leaving", backend="sqlite")
    path = folder / ledger.path_of(migration, Config())
    path.parent.mkdir(parents=True)
    path.write_bytes(ledger.encode(migration))
    _commit(folder)


def touch(folder: Path, count: int) -> None:
    """Change some files, each in the body of a function where it has one at the top."""
    for file in sorted((folder / "lib").rglob("*.py"))[: count * 7 : 7]:
        data = file.read_bytes()
        defined = _FUNCTION.search(data)
        if defined is None:
            file.write_bytes(data + b"\nCHANGED = True\n")
        else:
            file.write_bytes(data[: defined.end()] + b"    changed = True\n" + data[defined.end() :])


def one_file(folder: Path, names: list[str]) -> Path:
    """The file that is nearest to 1,000 lines and mentions a field."""
    words = re.compile(rb"\b(?:" + "|".join(names).encode() + rb")\b")
    files = sorted((folder / "lib").rglob("*.py"))
    return min(
        (file for file in files if words.search(file.read_bytes())),
        key=lambda file: abs(file.read_bytes().count(b"\n") - 1000),
    )


def _gather(folder: Path, lines: int) -> int:
    """Copy whole packages, the largest first, until there are enough lines; returns how many."""
    total = 0
    for place in (sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")):
        for package in _packages(place):
            for file in sorted(package.rglob("*.py")):
                data = file.read_bytes()
                if total >= lines:
                    return total
                if b"\0" in data:
                    continue
                target = folder / file.relative_to(place)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                total += data.count(b"\n")
    return total


def _packages(place: str) -> list[Path]:
    found = [p for p in Path(place).iterdir() if (p / "__init__.py").exists() and p.name != "test"]
    return sorted(found, key=lambda p: sum(f.stat().st_size for f in p.rglob("*.py")), reverse=True)


def _field_names(lib: Path) -> list[str]:
    """Ten attribute names that occur in 0.5 to 5 % of the files, evenly: as the fields of real applications do."""
    files = list(lib.rglob("*.py"))
    seen = Counter(word for file in files for word in set(_WORD.findall(file.read_bytes())))
    usual = sorted((n, w) for w, n in seen.items() if 0.005 * len(files) <= n <= 0.05 * len(files))
    step = max(len(usual) // FIELDS, 1)
    return [word.decode() for _, word in usual[::step]][:FIELDS]


def _finish(folder: Path, names: list[str]) -> None:
    """The models, the configuration, the imports, and a first commit."""
    columns = "\n".join(f"    {name}: Mapped[str]" for name in names)
    (folder / "models.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\n"
        "class Base(DeclarativeBase):\n    pass\n\n\n"
        'class Account(Base):\n    __tablename__ = "accounts"\n\n'
        f"    id: Mapped[int] = mapped_column(primary_key=True)\n{columns}\n"
    )
    (folder / "pyproject.toml").write_text(CONFIG)
    words = re.compile(rb"\b(?:" + "|".join(names).encode() + rb")\b")
    for file in (folder / "lib").rglob("*.py"):
        data = file.read_bytes()
        if words.search(data) and not data.endswith(IMPORT):
            file.write_bytes(data + IMPORT)
    _commit(folder)


def _commit(folder: Path) -> None:
    start = [] if (folder / ".git").exists() else [["init", "-q", "-b", "main"]]
    for arguments in (*start, ["add", "-A"], ["commit", "-q", "-m", "Go on"]):
        subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *arguments],
            cwd=folder,
            env=os.environ | _NOBODY,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _schema(folder: Path) -> Schema:
    return read_models(FolderSource(folder), Config(schema=("models.py",)), Cache(None)).schema
