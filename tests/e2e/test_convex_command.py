"""The verbs on a Convex project, as a user types them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from instar.cli.app import instar
from instar.errors import InstarError

EXAMPLES = Path(__file__).parents[2] / "examples" / "convex"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose work tree holds the wanted schema of the rename."""
    (tmp_path / "convex").mkdir()
    (tmp_path / "package.json").write_text('{"name": "app"}')
    schema = tmp_path / "convex" / "schema.ts"
    schema.write_text((EXAMPLES / "rename_field" / "before.ts").read_text())
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *command], check=True)
    schema.write_text((EXAMPLES / "rename_field" / "after.ts").read_text())
    return tmp_path


def run(project: Path, verb: str, *arguments: str) -> str:
    result = CliRunner().invoke(instar, [verb, "--repo", str(project), *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_diff_says_what_narrows_and_why(project: Path) -> None:
    document = json.loads(run(project, "diff", "--rename", "users.name=displayName", "--format", "json"))
    assert document["dialect"] == "convex"
    (change,) = document["changes"]
    assert (change["kind"], change["from"], change["to"]) == ("rename_field", "name", "displayName")
    assert change["narrows"] is True
    assert "refused" in change["reason"]


def test_plan_and_generate(project: Path) -> None:
    told = ("--rename", "users.name=displayName")
    assert "atomic · 3 deploys" in run(project, "plan", *told)
    before = (project / "convex/schema.ts").read_text()
    assert "migrations/users_displayName.ts" in run(project, "generate", *told, "--dry-run")
    assert (project / "convex/schema.ts").read_text() == before
    said = run(project, "generate", *told)
    assert "npx convex run migrations/users_displayName:run" in said
    assert "displayName: v.optional(v.string())" in (project / "convex/schema.ts").read_text()
    assert "return doc.displayName ?? doc.name;" in (project / "convex/model/users.ts").read_text()


def test_generate_asks_for_what_only_the_user_knows(project: Path) -> None:
    wanted = (EXAMPLES / "rename_field" / "before.ts").read_text()
    wanted = wanted.replace("email: v.string(),", "email: v.string(),\n    age: v.number(),")
    (project / "convex/schema.ts").write_text(wanted)
    with pytest.raises(InstarError, match=r"users\.age is required, and stored documents have none"):
        CliRunner().invoke(instar, ["generate", "--repo", str(project)], catch_exceptions=False)
    assert (project / "convex/schema.ts").read_text() == wanted
    assert "age: v.optional(v.number())" in run(project, "generate", "--default", "users.age=0", "--dry-run")
