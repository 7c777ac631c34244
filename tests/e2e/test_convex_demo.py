"""`instar demo convex`, as a user types it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from commands import Done, git, run_process
from convex_projects import PACKAGES, require_node, run_package


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    """The story without Node.js, and the folder that it leaves."""
    folder = tmp_path_factory.mktemp("demo")
    done = run_process("demo", "convex", "--keep", "kept", cwd=folder, PATH=_without_node(folder))
    assert done.code == 0, done.err
    return done, folder / "kept"


def _without_node(folder: Path) -> str:
    """A PATH that leads to git and to no Node.js."""
    programs = folder / "programs"
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git") or "git")
    return str(programs)


def test_the_linter_refuses_what_is_not_deployed_and_what_goes(told: tuple[Done, Path]) -> None:
    lints = re.split(r"\$ instar lint convex\n", told[0].out)[1:]
    codes = [set(re.findall(r"^ +convex/\S+ (INS\d+)", text, re.MULTILINE)) for text in lints]
    assert codes[0] >= {"INS101", "INS201", "INS301", "INS302"}
    assert codes[1] == {"INS101", "INS203", "INS205", "INS207"}
    assert codes[2:] == [set(), set(), set()], "the accessors and the deployed index are accepted"


def test_nothing_narrows_before_the_results_are_recorded(told: tuple[Done, Path]) -> None:
    assert "backfill posts.legacyScore: 3 rows left" in told[0].out
    assert "the results below are made up" in told[0].out


def test_the_schema_ends_as_it_was_wanted(told: tuple[Done, Path]) -> None:
    done, kept = told
    users = (kept / "convex/schema.ts").read_text().partition("posts:")[0]
    assert "displayName: v.string()" in users
    assert " name:" not in users
    assert "No migration is in flight." in done.out
    assert git(kept, "status", "--porcelain") == ""


def test_what_the_story_writes_runs(tmp_path: Path) -> None:
    require_node()
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    done = run_process("demo", "convex", "--run", "--keep", "kept", cwd=tmp_path)
    assert done.code == 0, done.err
    results = [json.loads(line) for line in re.findall(r"^ +(\{.*\})$", done.out, re.MULTILINE)]
    assert [(one["checked"], one["remaining"]) for one in results] == [(250, 0)] * 5
    assert "No migration is in flight." in done.out
    run_package(tmp_path / "kept", "convex", "codegen", "--system-udfs", "--typecheck", "disable")
    options = ["--strict", "--noEmit", "--skipLibCheck", "--target", "ESNext", "--module", "ESNext"]
    files = [str(path) for path in sorted((tmp_path / "kept/convex").glob("*.ts"))]
    compiled = run_package(tmp_path / "kept", "tsc", *options, "--moduleResolution", "Bundler", *files)
    assert compiled.returncode == 0, compiled.stdout


def test_without_node_or_packages_it_says_what_is_missing(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    done = run_process("demo", "convex", "--run", cwd=work, PATH=_without_node(tmp_path))
    assert done.code == 2
    assert "there is no node on PATH" in done.err
    require_node()
    done = run_process("demo", "convex", "--run", cwd=work)
    assert done.code == 2
    assert "npm install convex convex-test vitest @edge-runtime/vm" in done.err
    assert list(work.iterdir()) == []
