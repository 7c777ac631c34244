"""What a run keeps so that the next one loads nothing: it holds exactly as long as nothing changed that matters."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commands import commit, git, write
from instar_lint.editor import EditorProject
from standing_project import CODE, CONFIG, DECLARED, display_names, lay_out

READ = CODE + "def f(user: User):\n    return user.user_name\n"
OTHER = "\n\nclass Later(Base):\n    __tablename__ = 'laters'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
REVISION = (
    'revision = "b1"\ndown_revision = None\n\n\ndef upgrade():\n    op.execute("UPDATE users SET a = 1")\n'
)


def later() -> int:
    """A moment at which everything that the test wrote has long been as it is."""
    return time.time_ns() + 60_000_000_000


def opened(folder: Path, environment: str | None = None) -> EditorProject:
    return EditorProject(folder / "pyproject.toml", environment, clock=later)


def loads(folder: Path, path: str = "app/quiet.py", text: str | None = None) -> bool:
    """Whether a new run has to load the project to judge a file."""
    project = opened(folder)
    file = folder / path
    project.findings(file, text if text is not None else file.read_text() if file.exists() else "")
    return "_linted" in project.__dict__


@pytest.fixture
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing in flight that a run has seen."""
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    commit(
        folder,
        {
            "pyproject.toml": CONFIG.replace('large-tables = ["posts"]\n', ""),
            ".gitignore": "ignored/\n",
            "app/__init__.py": "",
            "app/models.py": DECLARED,
            "app/views.py": READ,
            "app/quiet.py": "x = 1\n",
        },
    )
    write(folder, {"ignored/models.py": OTHER})
    (folder / "empty").mkdir()
    assert loads(folder)
    return folder


@pytest.fixture
def flying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a field in flight that a run has seen."""
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "flying"
    folder.mkdir()
    lay_out(folder, display_names(folder), {"app/views.py": READ, "app/quiet.py": "x = 1\n"})
    assert loads(folder)
    return folder


def test_with_nothing_in_flight_no_file_is_looked_at(quiet):
    assert not loads(quiet)
    assert not loads(quiet, "app/views.py")
    assert not loads(quiet, "app/models.py")


def test_with_a_field_in_flight_only_files_that_can_name_it_are(flying):
    assert not loads(flying)
    assert loads(flying, "app/views.py")
    assert loads(flying, "app/models.py")


def test_an_unsaved_edit_of_the_models_is_looked_at(quiet, flying):
    for folder in (quiet, flying):
        assert loads(folder, "app/models.py", DECLARED + OTHER)
    assert loads(flying, "app/quiet.py", "from app.models import Base\n" + OTHER)


HARMLESS = {
    "a file is edited": {"app/quiet.py": "x = 2\n"},
    "a file comes": {"app/new.py": "x = 1\n"},
    "a file comes that is ignored": {"ignored/new.py": OTHER},
    "a text comes": {"app/notes.md": "# Notes\n"},
    "a module is compiled": {"app/__pycache__/quiet.cpython-311.pyc": ""},
}
MATTERS = {
    "the models are edited": {"app/models.py": DECLARED + OTHER},
    "another file declares a table": {"app/quiet.py": "from app.models import Base\n" + OTHER},
    "a file comes that declares one": {"app/new.py": "from app.models import Base\n" + OTHER},
    "one comes in an empty folder": {"empty/new.py": "from app.models import Base\n" + OTHER},
    "one comes in a new folder": {"fresh/new.py": "from app.models import Base\n" + OTHER},
    "a revision comes": {"app/b1.py": REVISION},
    "the configuration is edited": {"pyproject.toml": CONFIG},
    "another configuration comes": {"instar.toml": ""},
    "what is ignored is edited": {".gitignore": ""},
    "a migration comes": {"instar/versions/00000000_broken.json": "{"},
    "a record comes": {"instar/environments/production.json": "{}"},
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_what_cannot_matter_is_read_and_passed_over(quiet, change):
    write(quiet, change)
    assert not loads(quiet, "app/views.py")


@pytest.mark.parametrize("change", MATTERS.values(), ids=MATTERS)
def test_what_may_matter_loads_the_project_again(quiet, change):
    write(quiet, change)
    assert loads(quiet, "app/views.py")


def test_a_file_that_is_gone_matters_where_it_was_read(quiet):
    (quiet / "app/quiet.py").unlink()
    assert not loads(quiet, "app/views.py")
    (quiet / "app/models.py").unlink()
    assert loads(quiet, "app/views.py")


def test_an_edit_that_keeps_size_and_time_is_seen(quiet):
    models = quiet / "app/models.py"
    before = models.stat()
    models.write_text(DECLARED.replace("legacy_note", "legacy_nota"))
    os.utime(models, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert models.stat().st_size == before.st_size
    assert loads(quiet, "app/views.py")


def test_another_commit_counts(quiet):
    git(quiet, "commit", "-q", "--allow-empty", "-m", "Go on")
    assert loads(quiet, "app/views.py")
    assert not loads(quiet, "app/views.py")
    git(quiet, "checkout", "-q", "-b", "aside")
    assert loads(quiet, "app/views.py")


def test_a_work_tree_beside_the_repository_counts_its_own_commit(quiet, tmp_path):
    beside = tmp_path / "beside"
    git(quiet, "worktree", "add", "-q", str(beside))
    assert loads(beside)
    assert not loads(beside)
    git(quiet, "commit", "-q", "--allow-empty", "-m", "Go on")  # moves what counts as deployed
    assert loads(beside)


def test_a_folder_without_git_is_seen_too(tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "plain"
    write(folder, {"pyproject.toml": "[tool.instar]\n", "app/models.py": DECLARED, "app/quiet.py": "x = 1\n"})
    assert loads(folder)
    assert not loads(folder)
    write(folder, {"venv/new.py": OTHER})
    assert loads(folder)  # a new folder, whatever it is called
    write(folder, {"lib/new.py": "from app.models import Base\n" + OTHER})
    assert loads(folder)


def test_what_has_just_changed_is_not_trusted(quiet):
    write(quiet, {"app/models.py": DECLARED + "\n"})
    for _ in range(2):
        project = EditorProject(quiet / "pyproject.toml")
        project.findings(quiet / "app/views.py", READ)
        assert "_linted" in project.__dict__


def test_the_environment_is_part_of_the_question(quiet):
    project = opened(quiet, "nowhere")
    project.findings(quiet / "app/views.py", READ)
    assert "_linted" in project.__dict__


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: b"",
        lambda kept: b"\xff damaged",
        lambda kept: kept[: len(kept) // 2],
        lambda kept: marshal.dumps(None),
        lambda kept: marshal.dumps((*marshal.loads(kept)[:-1], (1, 2, 3, 4))),
        lambda kept: marshal.dumps(("a newer one", *marshal.loads(kept))),
    ],
)
def test_a_damaged_or_newer_record_is_made_again(quiet, tmp_path, damage):
    (kept,) = (tmp_path / "cache" / "glances").iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    assert loads(quiet)
    assert not loads(quiet)


def test_what_an_age_decides_is_asked_every_time(quiet):
    config = (quiet / "pyproject.toml").read_text()
    write(quiet, {"pyproject.toml": config + '\n[tool.instar.environments.production]\nmax-age = "1h"\n'})
    assert loads(quiet)
    assert loads(quiet)


def test_the_plugin_loads_next_to_nothing_then(quiet):
    code = (
        "import sys\nfrom flake8.main.cli import main\nmain(['--isolated', '--select=INS', 'app'])\n"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=quiet, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"msgspec", "tomllib", "sqlite3"}


def test_a_cache_that_cannot_be_written_is_no_error(quiet, tmp_path, monkeypatch):
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("")
    assert loads(quiet)
    assert loads(quiet)
