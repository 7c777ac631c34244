"""The two hooks, run by the real pre-commit in a repository of their own, from a checkout of this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands import commit, git, write
from servers import needs
from standing_project import CODE, display_names, lay_out

ROOT = Path(__file__).parents[2]
CHECKOUT = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".pre-commit-hooks.yaml",
    "codegen",
    "lint_rules",
    "templates",
)
CONFIG = """\
repos:
  - repo: {checkout}
    rev: {revision}
    hooks:
      - id: instar-lint
      - id: instar-check
"""
READ = CODE + "def greeting(user: User) -> str:\n    return user.user_name\n"


@pytest.mark.xdist_group("precommit")
def test_a_changed_file_and_the_whole_project_are_held_against_the_schema(tmp_path, monkeypatch):
    needs(shutil.which("git"), "pre-commit needs git")
    for name in ("cache", "pre-commit"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    checkout = tmp_path / "checkout"
    for name in CHECKOUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        checkout.mkdir(exist_ok=True)
        copy(ROOT / name, checkout / name)
    revision = commit(checkout, {})
    project = tmp_path / "project"
    project.mkdir()
    lay_out(project, display_names(project), {"app/views.py": READ, "app/quiet.py": "x = 1\n"})
    write(project, {".pre-commit-config.yaml": CONFIG.format(checkout=checkout, revision=revision)})
    git(project, "add", "-A")

    found = hooks(project, tmp_path, "instar-lint", "--files", "app/views.py")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "INS203 users.user_name leaves with display-names" in found.stdout
    assert hooks(project, tmp_path, "instar-lint", "--files", "app/quiet.py").returncode == 0
    whole = hooks(project, tmp_path, "instar-check", "--files", "app/quiet.py")
    assert whole.returncode == 1
    assert "app/views.py" in whole.stdout
    assert "INS203" in whole.stdout


def hooks(project: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`pre-commit run`, with its environments below `home`."""
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", *arguments],
        cwd=project,
        env=os.environ | {"PRE_COMMIT_HOME": str(home / "pre-commit"), "GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
