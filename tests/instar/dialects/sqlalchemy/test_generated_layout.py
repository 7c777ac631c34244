"""What is generated is laid out as a formatter would, at the width that Black and ruff have by default."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instar.config import Config
from instar.dialects.base import Choices, Workspace
from instar.dialects.sqlalchemy.layout import call, statement
from instar.dialects.sqlalchemy.python_text import string
from instar.dialects.sqlalchemy.reader import READER
from instar.dialects.sqlalchemy.revision import write_revision
from instar.generate import generate
from instar.plan import PlanOptions, make_plan
from instar.schema.diff import diff
from instar.schema.operations import Conversion
from instar.schema.renames import parse_rename
from instar.sources import FolderSource
from instar.staging import write_all
from rolling.cases import CASES

DEMO = Path(__file__).parents[4] / "templates" / "demo"
CONFIG = Config(accessors="app/accessors")
RENAME = parse_rename("users.user_name=display_name")
PAIRS = Conversion(mapping=(("low", 1), ("medium", 2), ("high", 3)), up_default=2)
SQL = Conversion(
    up="CASE priority WHEN 'low' THEN 1 ELSE 3 END",
    down="CASE WHEN priority_v2 = 1 THEN 'low' ELSE 'of an importance that takes more words' END",
)
OPTIONS = {
    "triggers": {},
    "code first": {"code_first": True},
    "in the application": {"sync": "app"},
    "code first, SQL": {"code_first": True, "conversions": {"tasks.priority": SQL}},
    "in the application, SQL": {"sync": "app", "conversions": {"tasks.priority": SQL}},
}


def ruff(folder: Path, *paths: str) -> None:
    """Format and lint as ruff does where nothing is configured, and what else many turn on."""
    rules = "E4,E7,E9,F,W,I,UP,B,SIM,RUF,D,ISC,PL,RET,C4,PIE,ANN"
    ignored = "D203,D213,D413,PLR2004,PLR0913,ANN401"
    for words in (("format", "--diff"), ("check", "--select", rules, "--ignore", ignored)):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "--isolated", *paths],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mariadb"])
def test_revisions_are_laid_out(tmp_path: Path, backend: str) -> None:
    for number, case in enumerate(CASES.values()):
        migration = case.plan(backend)
        for step in (one for one in migration.steps if one.operations):
            made = write_revision(migration, step, ("0001",), f"versions/{number}")
            (tmp_path / made.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / made.path).write_text(made.text)
            beyond = [line for line in made.text.splitlines() if len(line) > 88]
            assert all("$instar$" in made.text or "TRIGGER" in made.text for _ in beyond), beyond
    ruff(tmp_path, "versions")


@pytest.mark.parametrize("options", OPTIONS)
def test_a_deploy_is_laid_out(tmp_path: Path, options: str) -> None:
    root = tmp_path / "app"
    shutil.copytree(DEMO / "first", root)
    shutil.copytree(DEMO / "wanted", root, dirs_exist_ok=True)
    before, target = (READER.read(FolderSource(DEMO / side), CONFIG) for side in ("first", "wanted"))
    given_options: dict[str, object] = {"conversions": {"tasks.priority": PAIRS}} | OPTIONS[options]
    said = PlanOptions(computes={"users.avatar_url": "app/avatars.py:avatar_url"}, **given_options)
    migration = make_plan(
        before, target, diff(before, target, [RENAME]), name="wanted", backend="mariadb", options=said
    )
    workspace = Workspace(FolderSource(root), CONFIG, lambda source: READER.read(source, CONFIG))
    for _ in migration.deploys:
        made = generate(workspace, migration, base=FolderSource(DEMO / "first"), choices=Choices())
        write_all(root, made.files)
        migration = made.migration
        written = [path for path, text in made.files.items() if path.endswith(".py") and text is not None]
        ruff(root, *(path for path in written if path != "app/models.py"))


WORDS = st.text(st.sampled_from("ab'\"\\é_ "), max_size=40)
ARGUMENTS = st.recursive(
    WORDS.map(string) | st.sampled_from(["row.name", "1", "None", "User.id == row.id"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4).map(lambda found: f"made({', '.join(found)})")
        | st.lists(inner, min_size=2, max_size=3).map(lambda found: f"({', '.join(found)})")
        | st.lists(inner, min_size=1, max_size=3).map(
            lambda found: "{" + ", ".join(f'"{n}": {one}' for n, one in enumerate(found)) + "}"
        )
    ),
    max_leaves=8,
)


@settings(max_examples=20, deadline=None)
@given(found=st.lists(st.lists(ARGUMENTS, max_size=4), min_size=30, max_size=60))
def test_any_call_is_laid_out(tmp_path_factory: pytest.TempPathFactory, found: list[list[str]]) -> None:
    body = [call("_run", *arguments) for arguments in found]
    body += [statement(f"value: int = made({', '.join(arguments)})") for arguments in found]
    folder = tmp_path_factory.mktemp("calls")
    (folder / "calls.py").write_text("def upgrade():\n" + "\n".join(body) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--isolated", "--diff", "calls.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
