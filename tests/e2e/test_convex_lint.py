"""`instar lint` on a Convex project: the code of the work tree against the schema that is deployed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from instar.cli.app import instar

IMPORTS = 'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
BEFORE = (
    IMPORTS
    + 'export default defineSchema({ users: defineTable({ name: v.string(), old: v.string() }).index("by_name", ["name"]) });\n'
)
CODE = """\
import { query } from "./_generated/server";

export const list = query({
  args: {},
  handler: async (ctx) => {
    const users = await ctx.db.query("users").withIndex("by_name").collect();
    return users.map((user) => user.old);
  },
});
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "convex").mkdir()
    (tmp_path / "convex" / "schema.ts").write_text(BEFORE)
    (tmp_path / "convex" / "users.ts").write_text(CODE)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *command], check=True)
    return tmp_path


def findings(project: Path, schema: str) -> list[tuple[str, str, int]]:
    (project / "convex" / "schema.ts").write_text(schema)
    result = CliRunner().invoke(
        instar, ["lint", "--repo", str(project), "--from", "main", "--format", "json"], catch_exceptions=False
    )
    return [(one["code"], one["path"], one["line"]) for one in json.loads(result.stdout)["findings"]]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (BEFORE, []),
        (
            BEFORE.replace(", old: v.string()", ""),
            [("INS302", "convex/schema.ts", 3), ("INS201", "convex/users.ts", 7)],
        ),
        (BEFORE.replace('.index("by_name", ["name"])', ""), [("INS102", "convex/users.ts", 6)]),
        (
            BEFORE.replace('["name"]', '["name", "old"]'),
            [("INS104", "convex/schema.ts", 3), ("INS104", "convex/users.ts", 6)],
        ),
        (
            BEFORE.replace('["name"]', '{ fields: ["name"], staged: true }'),
            [("INS102", "convex/users.ts", 6)],
        ),
    ],
)
def test_what_a_change_breaks(project: Path, changed: str, expected: list[tuple[str, str, int]]) -> None:
    assert findings(project, changed) == expected


@pytest.mark.parametrize(
    ("schema", "code", "found_too"),
    [
        (BEFORE.replace(", old: v.string()", ""), CODE, True),
        (BEFORE.replace(", old: v.string()", ""), CODE.replace("user.old", "(user as any).old"), False),
        (BEFORE.replace('.index("by_name", ["name"])', ""), CODE, True),
        (BEFORE.replace('["name"]', '["name", "old"]'), CODE, False),
    ],
)
def test_the_message_says_when_tsc_finds_it_too(
    project: Path, schema: str, code: str, found_too: bool
) -> None:
    (project / "convex" / "schema.ts").write_text(schema)
    (project / "convex" / "users.ts").write_text(code)
    done = CliRunner().invoke(instar, ["lint", "--repo", str(project), str(project / "convex" / "users.ts")])
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("convex/users.ts")]
    assert line.endswith("; tsc finds it too") is found_too


@pytest.mark.parametrize(
    ("index", "query", "changed"),
    [
        pytest.param(
            '.searchIndex("text", { searchField: "name" })',
            'withSearchIndex("text", (q) => q.search("name", "a"))',
            "",
            id="a search index is dropped",
        ),
        pytest.param(
            '.searchIndex("text", { searchField: "name" })',
            'withSearchIndex("text", (q) => q.search("name", "a"))',
            '.searchIndex("text", { searchField: "name", staged: true })',
            id="a search index is staged",
        ),
        pytest.param(
            '.index("text", ["old"])',
            'withIndex("text")',
            '.index("by_text", ["old"])',
            id="an index has another name",
        ),
    ],
)
def test_a_query_names_an_index_that_goes(project: Path, index: str, query: str, changed: str) -> None:
    write = (project / "convex" / "users.ts").write_text
    write(CODE.replace('withIndex("by_name")', query).replace("user.old", "user.name"))
    before = BEFORE.replace('.index("by_name"', f'{index}.index("by_name"')
    (project / "convex" / "schema.ts").write_text(before)
    git = ["git", "-C", str(project), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "commit", "-qam", "index"], check=True)
    found = findings(project, before.replace(index, changed))
    assert ("INS102", "convex/users.ts", 6) in found
    assert not findings(project, before)


@pytest.mark.parametrize("returned", ["typeof api", "typeof api.users", "typeof api.users.list"])
def test_a_type_that_names_a_function_or_less(project: Path, returned: str) -> None:
    code = CODE.replace("user.old", "old(user)") + (
        f"\nfunction all(): FunctionReturnType<{returned}> {{ return []; }}\n"
        "export const old = (user: { old: string }) => all().map((one: { old: string }) => one.old);\n"
    )
    (project / "convex" / "users.ts").write_text(code)
    assert findings(project, BEFORE.replace(", old: v.string()", "")) == [("INS302", "convex/schema.ts", 3)]


def test_an_index_of_a_new_table_is_there_at_once(project: Path) -> None:
    code = CODE.replace('"users"', '"posts"').replace("by_name", "by_title").replace(".old", ".title")
    (project / "convex" / "posts.ts").write_text(code)
    posts = 'posts: defineTable({ title: v.string() }).index("by_title", ["title"])'
    assert findings(project, BEFORE.replace("{ users:", f"{{ {posts}, users:")) == []


def test_an_index_and_its_query_in_one_change(project: Path) -> None:
    (project / "convex" / "users.ts").write_text(CODE.replace("by_name", "by_old"))
    changed = BEFORE.replace(".index(", '.index("by_old", ["old"]).index(')
    assert findings(project, changed) == [("INS101", "convex/users.ts", 6)]


def test_uses_of_a_field(project: Path) -> None:
    arguments = ["uses", "users.old", "--repo", str(project), "--ref", "main", "--format", "json"]
    document = json.loads(CliRunner().invoke(instar, arguments, catch_exceptions=False).stdout)
    assert [(use["path"], use["line"], use["access"]) for use in document["uses"]] == [
        ("convex/schema.ts", 3, "schema"),
        ("convex/users.ts", 7, "read"),
    ]
