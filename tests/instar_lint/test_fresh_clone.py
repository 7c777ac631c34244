"""An editor on a fresh clone: no call reads everything, and after a few saves everything is known."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from commands import write
from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.allowance import Allowance, PutOffError
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.environments import EnvironmentState, encode_state
from instar.sources import FolderSource
from standing_project import CODE, DECLARED, HEAD, USER, display_names, lay_out

FILES = 400
VIEW = CODE + "def name_of(user: User):\n    return user.user_name\n"
FOUND = [f"app/views.py:{VIEW.count(chr(10))}:17:"]


def model(number: int, columns: int = 40) -> str:
    fields = "".join(
        f"    field_{n}: Mapped[str | None] = mapped_column(String({n + 1}))\n" for n in range(columns)
    )
    return (
        "from sqlalchemy import String\nfrom sqlalchemy.orm import Mapped, mapped_column\n\n"
        f'from app.models import Base\n\n\nclass Table{number}(Base):\n    __tablename__ = "table_{number}"\n\n'
        f"    id: Mapped[int] = mapped_column(primary_key=True)\n{fields}"
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    files = {f"app/tables/t{number}.py": model(number) for number in range(FILES)}
    return lay_out(folder, display_names(folder), {**files, "app/views.py": VIEW})


def save(folder: Path, *arguments: str, path: str = "app/views.py") -> list[str]:
    """What an editor shows when a file is saved."""
    done = subprocess.run(
        [sys.executable, "-m", "flake8", "--isolated", "--select=INS", *arguments, path],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return [line.split(" ")[0] for line in done.stdout.splitlines()]


def known(cache: Path) -> int:
    """How many files are kept in their lowered form."""
    files = list(cache.glob("python-*.sqlite"))
    if not files:
        return 0
    with sqlite3.connect(files[0]) as connection:
        return connection.execute("select count(lowered) from contents").fetchone()[0]


def test_an_editor_waits_for_a_little_and_knows_everything_after_a_few_saves(project, tmp_path):
    seen, counts = [], []
    while not seen or not seen[-1]:
        seen.append(save(project))
        counts.append(known(tmp_path / "cache"))
        assert len(seen) < 60, str(counts)
    assert len(seen) > 1, "one call read everything"
    assert counts[0] < FILES
    assert counts == sorted(counts)
    assert counts[-1] > FILES
    assert seen[-1] == FOUND
    assert save(project) == FOUND
    assert known(tmp_path / "cache") == counts[-1]


def test_a_run_over_the_project_reads_all_of_it_at_once(project):
    assert save(project, path="app") == FOUND


def test_a_worker_writes_nothing(project, tmp_path):
    script = (
        "import multiprocessing\n"
        "from pathlib import Path\n"
        "from instar_lint.editor import Editors\n"
        "def lint():\n"
        "    file = Path('app/views.py').absolute()\n"
        "    return len(Editors().of(file.parent).findings(file, file.read_text()))\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.apply(lint))\n"
    )
    (project / "work.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "work.py"], cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert not (tmp_path / "cache").exists()


def test_until_then_a_file_is_judged_by_what_it_tells_itself(project):
    reads = "\n\ndef note_of(post: Post):\n    return post.legacy_note\n"
    itself, elsewhere = DECLARED + reads, "from app.models import Post\n" + reads
    schema = read_models(FolderSource(project), Config(schema=("app/models.py",)), Cache(None)).schema
    now = dt.datetime.now(dt.UTC)
    state = EnvironmentState(name="production", schema=schema, database_as_of=now)
    write(project, {"app/models.py": itself, "app/other.py": elsewhere})
    assert _first_call(project, "app/models.py") == []
    write(project, {"instar/environments/production.json": encode_state(state).decode()})
    assert _first_call(project, "app/models.py") == ["INS203"]
    assert _first_call(project, "app/other.py") == []


def test_until_then_a_new_revision_is_judged(project):
    revision = (
        'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "b1"\ndown_revision = None\n\n\n'
        'def upgrade():\n    op.execute("UPDATE users SET display_name = user_name")\n'
    )
    write(project, {"migrations/versions/b1.py": revision})
    assert _first_call(project, "migrations/versions/b1.py") == ["INS401"]


def _first_call(folder: Path, path: str) -> list[str]:
    """The rules that a process reports which has no time to read anything."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom instar_lint.editor import Editors\n"
        "file = Path(sys.argv[1]).absolute()\n"
        "found = Editors(None, None, 0.0).of(file.parent).findings(file, file.read_text())\n"
        "print(' '.join(f.code for f in found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_every_call_gets_on_by_a_file_however_little_time_there_is(tmp_path):
    write(tmp_path, {"app/models.py": HEAD + USER, **{f"app/t{n}.py": model(n, 1) for n in range(5)}})
    file = tmp_path / "cache.sqlite"
    calls = 0
    while True:
        calls += 1
        try:
            reading = read_models(FolderSource(tmp_path), Config(schema=("app",)), Cache(file), Allowance(0))
        except PutOffError:
            continue
        break
    assert calls == 7
    assert reading == read_models(FolderSource(tmp_path), Config(schema=("app",)), Cache(None))
