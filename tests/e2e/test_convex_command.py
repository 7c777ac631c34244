"""The verbs on a Convex project, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
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
    with pytest.raises(InstarError, match=r"stored documents have none: what is their value\? Answer"):
        CliRunner().invoke(instar, ["generate", "--repo", str(project)], catch_exceptions=False)
    assert (project / "convex/schema.ts").read_text() == wanted
    assert "age: v.optional(v.number())" in run(project, "generate", "--default", "users.age=0", "--dry-run")


def test_the_whole_way_through_its_gates(project: Path) -> None:
    def commit() -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        for command in (["add", "-A"], ["commit", "-q", "-m", "deploy"]):
            subprocess.run(["git", "-C", str(project), *identity, *command], check=True)

    run(project, "generate", "--rename", "users.name=displayName")
    commit()
    assert "npx convex run --prod migrations/users_displayName:run" in run(
        project, "run", "--env", "production"
    )
    name = next((project / "instar/versions").glob("*.json")).name[:8]
    results = project.parent / f"{project.name}-results.json"
    place = ("state", "set", "--env", "production", "--code", "HEAD", "--backfills", str(results))

    def recorded(remaining: int) -> str:
        results.write_text(
            json.dumps(
                {"name": f"{name}/users.displayName", "checked": 9, "remaining": remaining, "examples": []}
            )
        )
        result = CliRunner().invoke(
            instar, [*place[:2], "--repo", str(project), *place[2:]], catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
        return run(project, "advance", "--env", "production")

    assert "3 rows left" in recorded(3)
    assert "displayName: v.optional" in (project / "convex/schema.ts").read_text()
    assert "users_name_clear" in recorded(0)
    assert "displayName: v.string()" in (project / "convex/schema.ts").read_text()
    assert "name: v.optional(v.string())" in (project / "convex/schema.ts").read_text()


def test_verify_reads_what_the_deployment_printed(project: Path) -> None:
    run(project, "generate", "--rename", "users.name=displayName")
    migration = next((project / "instar/versions").glob("*.json")).name[:8]
    for remaining, expected in ((2, 1), (0, 0)):
        printed = json.dumps(
            {
                "name": f"{migration}/users.displayName",
                "checked": 5,
                "remaining": remaining,
                "examples": ["k1"],
            }
        )
        result = CliRunner().invoke(
            instar,
            ["verify", "--repo", str(project), "--results", "-"],
            input=printed,
            catch_exceptions=False,
            standalone_mode=False,
        )
        assert result.return_value == expected, result.output
    with pytest.raises(InstarError, match="not the JSON"):
        CliRunner().invoke(
            instar,
            ["verify", "--repo", str(project), "--results", "-"],
            input="nothing",
            catch_exceptions=False,
        )


def test_the_other_dialect_is_not_loaded_beyond_its_detection(project: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "instar", "diff"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "instar.dialects.convex.program" in told.stderr
    assert "instar.dialects.sqlalchemy.reading.survey" not in told.stderr
