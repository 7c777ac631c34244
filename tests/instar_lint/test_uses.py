"""`instar uses` as a user types it."""

import json

import pytest
from click.testing import CliRunner

from instar.cli.app import instar
from instar.errors import InstarError

MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase):
    pass
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column("user_name")
"""
SCHEMA_TS = """\
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ users: defineTable({ name: v.string(), age: v.number() }) });
"""
QUERY_TS = """\
import { query } from "./_generated/server";
import { v } from "convex/values";
export const show = query({
  args: { id: v.id("users") },
  handler: async (ctx, args) => {
    const user = await ctx.db.get(args.id);
    return user?.name;
  },
});
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))


def run(folder, *arguments):
    return CliRunner().invoke(instar, ["uses", *arguments, "--repo", str(folder)], catch_exceptions=True)


def project(tmp_path, files):
    for path, text in files.items():
        (tmp_path / "project" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / path).write_text(text)
    return tmp_path / "project"


def test_json_is_the_documented_contract(tmp_path):
    folder = project(
        tmp_path, {"models.py": MODELS, "app.py": "from models import User\nUser(name=1)\nUser(**x)\n"}
    )
    result = run(folder, "users.user_name", "--format", "json")
    assert json.loads(result.stdout) == {
        "uses": [
            {"path": "app.py", "line": 2, "column": 6, "access": "write", "confidence": "proven"},
            {"path": "models.py", "line": 7, "column": 5, "access": "schema", "confidence": "proven"},
        ],
        "unresolved": 1,
    }


def test_text_counts_and_never_says_unused(tmp_path):
    folder = project(tmp_path, {"models.py": MODELS, "app.py": "def f(user):\n    return user.name\n"})
    lines = run(folder, "users.user_name").stdout.splitlines()
    assert lines[0] == "app.py:2:17: read (likely)"
    assert lines[-1] == (
        "users.user_name: 1 proven, 1 likely, 0 possible; 0 places that might name any field."
    )


def test_a_field_that_no_table_maps_any_more_is_still_looked_for_in_sql(tmp_path):
    code = 'session.execute(text("SELECT old FROM users"))\n'
    result = run(project(tmp_path, {"models.py": MODELS, "app.py": code}), "users.old", "--format", "json")
    assert "no table maps users.old" in result.stderr
    assert [(use["path"], use["column"]) for use in json.loads(result.stdout)["uses"]] == [("app.py", 30)]


def test_an_unknown_table_is_a_usage_error(tmp_path):
    result = run(project(tmp_path, {"models.py": MODELS}), "user.name")
    assert isinstance(result.exception, InstarError)
    assert "Did you mean users?" in str(result.exception)


def test_convex_code_is_answered_too(tmp_path):
    folder = project(tmp_path, {"convex/schema.ts": SCHEMA_TS, "convex/users.ts": QUERY_TS})
    uses = json.loads(run(folder, "users.name", "--format", "json").stdout)["uses"]
    assert [(use["path"], use["line"], use["access"]) for use in uses] == [
        ("convex/schema.ts", 3, "schema"),
        ("convex/users.ts", 7, "read"),
    ]
