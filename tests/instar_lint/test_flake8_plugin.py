"""The plugin in the real flake8."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commands import write
from standing_project import CODE, display_names, lay_out

READ = CODE + 'def f(user: User):\n    é = user.user_name\n    return é, "ü", user.user_name\n'
LINE = CODE.count("\n") + 2
FOUND = [f"app/views.py:{LINE}:14: INS203", f"app/views.py:{LINE + 1}:25: INS203"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    return lay_out(folder, display_names(folder), {"app/views.py": READ, "app/quiet.py": "x = 1\n"})


def flake8(folder: Path, *arguments: str, stdin: str | None = None) -> list[str]:
    """`path:line:column: CODE` of everything that is found."""
    done = subprocess.run(
        [sys.executable, "-m", "flake8", "--isolated", "--select=INS", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == ""
    return [" ".join(line.removeprefix("./").split(" ")[:2]) for line in done.stdout.splitlines()]


def test_findings_stand_at_characters_not_bytes(project):
    assert flake8(project, "app") == FOUND


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_workers_find_the_same(project, jobs):
    assert flake8(project, "-j", jobs, "app/views.py", "app/quiet.py", "app/models.py") == FOUND


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_that_inherit_nothing_find_the_same(project, method):
    script = (
        "import multiprocessing, sys\n"
        "if __name__ == '__main__':\n"
        f"    multiprocessing.set_start_method({method!r})\n"
        "    from flake8.main.cli import main\n"
        "    sys.exit(main(['--isolated', '--select=INS', '-j2', 'app/views.py', 'app/quiet.py']))\n"
    )
    (project / "run.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=project, capture_output=True, text=True, check=False
    )
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == [line.split(" ")[0] for line in FOUND]


def test_an_unsaved_buffer_counts_in_place_of_the_file(project):
    unsaved = READ.replace("user.user_name\n    return", "1\n    return")
    arguments = ("--stdin-display-name", "app/views.py", "-")
    assert flake8(project, *arguments, stdin=unsaved) == FOUND[1:]


def test_an_unsaved_change_of_the_models_counts(project):
    models = (project / "app/models.py").read_text()
    required = models + "    urgency: Mapped[int]\n"
    found = flake8(project, "--stdin-display-name", "app/models.py", "-", stdin=required)
    assert [line.split()[-1] for line in found] == ["INS301"]


def test_a_buffer_without_a_name_is_silent(project):
    assert flake8(project, "-", stdin=READ) == []


def test_noqa_and_per_file_ignores_are_those_of_flake8(project):
    assert flake8(project, "--per-file-ignores=app/views.py:INS203", "app") == []
    noted = READ.replace("é = user.user_name", "é = user.user_name  # noqa: INS203 - the export needs it")
    write(project, {"app/views.py": noted})
    assert flake8(project, "app") == FOUND[1:]


def test_the_configuration_is_the_nearest_one_above_the_file(project, tmp_path):
    assert flake8(tmp_path, "project/app") == [f"project/{line}" for line in FOUND]
    assert flake8(project / "app", "views.py") == [line.removeprefix("app/") for line in FOUND]


def test_options_name_the_configuration_and_the_environment(project, tmp_path):
    empty = tmp_path / "elsewhere.toml"
    empty.write_text("[tool.other]\n")
    assert flake8(project, "--instar-config", str(empty), "app") == []
    assert flake8(project, "--instar-environment", "nowhere", "app") == []


@pytest.mark.parametrize(
    "broken",
    [
        {"pyproject.toml": "[tool.instar]\nunknown = 1\n"},
        {"pyproject.toml": "[tool.instar\n"},
        {"pyproject.toml": ""},
        {"instar/versions/00000000_broken.json": "{"},
        {"instar/versions/00000000_newer.json": '{"format": 99, "kind": "migration"}'},
        {"instar/environments/production.json": "[]"},
    ],
)
def test_what_cannot_be_read_is_silent_here_and_said_by_the_command_line(project, broken):
    write(project, broken)
    assert flake8(project, "app") == []


def test_a_file_that_does_not_parse_is_left_to_flake8(project):
    write(project, {"app/views.py": "def f(:\n", "app/latin.py": "x = 1\n"})
    (project / "app/latin.py").write_bytes(b"# \xe9\nx = 1\n")
    (project / "app/loop").symlink_to(project / "app", target_is_directory=True)
    (project / "app/itself.py").symlink_to("itself.py")
    assert flake8(project, "app") == []


def test_a_damaged_cache_is_read_again(project, tmp_path):
    assert flake8(project, "app") == FOUND
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\xff damaged")
    assert flake8(project, "app") == FOUND


def test_knowledge_is_never_stale(project):
    assert flake8(project, "app") == FOUND
    shutil.rmtree(project / "instar")
    assert flake8(project, "app") == []


SEEN = """
import json, sys
from flake8.main.cli import main
main(["--isolated", "--select=INS", *sys.argv[1:]])
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def modules(folder: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SEEN, "app"], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_neither_templates_nor_rewriting_nor_databases_are_loaded(project):
    assert not modules(project) & {"jinja2", "libcst", "sqlalchemy", "click", "rich", "alembic", "sqlglot"}


def test_nothing_is_loaded_without_a_configuration(tmp_path):
    write(tmp_path, {"app/views.py": READ})
    assert not modules(tmp_path) & {"msgspec", "tomllib", "instar"}


def test_the_import_costs_next_to_nothing():
    def seconds(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - started

    bare = "import flake8.main.cli, ast"
    best = min(seconds(f"{bare}; import instar_lint.flake8_plugin") - seconds(bare) for _ in range(7))
    assert best < 0.03, f"{best * 1000:.0f} ms"


def test_runs_in_one_process_keep_what_they_found(project, tmp_path):
    code = (
        "import os, sys\nfrom flake8.main.cli import main\n"
        "main(['--isolated', '-j1', '--select=INS', 'app'])\nmain(['--isolated', '-j1', '--select=INS', 'app'])\n"
        "print(os.listdir(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "cache/facts")],
        cwd=project, capture_output=True, text=True, check=True,
    )  # fmt: skip
    *found, kept = done.stdout.splitlines()
    assert [line.split(" ")[0] for line in found] == [line.split(" ")[0] for line in FOUND] * 2
    assert kept.endswith(".msgpack']")


def test_what_workers_find_is_kept_by_the_process_that_starts_them(project, tmp_path):
    assert flake8(project, "-j2", "app") == FOUND
    assert len(list((tmp_path / "cache/facts").iterdir())) == 1
    shutil.rmtree(tmp_path / "cache")
    assert flake8(project, "-j2", "app/views.py", "app/quiet.py") == FOUND
    assert not (tmp_path / "cache/facts").exists()
