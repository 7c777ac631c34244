"""What the linter says of Convex code while a migration is in flight: fields that leave, arrive, and indexes."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import commit, run, write

SCHEMA = """\
import {{ defineSchema, defineTable }} from "convex/server";
import {{ v }} from "convex/values";
export default defineSchema({{
  posts: defineTable({{ title: v.string(), {fields} }}).index("by_title", ["title"]),
}});
"""
BEFORE = SCHEMA.format(fields="score: v.number()")
WANTED = SCHEMA.format(fields="rank: v.number()")
POST = "const post = (await ctx.db.query('posts').first())!;"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """posts.score leaves and posts.rank arrives; the first deploy is generated and in service nowhere."""
    folder = tmp_path_factory.mktemp("in_flight")
    commit(folder, {"convex/schema.ts": BEFORE, "package.json": '{"name": "app"}'})
    assert run("init", "--repo", folder, "--yes").code == 0
    commit(folder, {})
    write(folder, {"convex/schema.ts": WANTED})
    done = run("generate", "--repo", folder, "--default", "posts.rank=0", "--name", "ranks")
    assert done.code == 0, done.err
    return folder


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{POST} return post.score;", {"INS203"}),
        (f"{POST} const {{ score }} = post; return score;", {"INS203"}),
        (f"{POST} return (post as any).score;", {"INS203"}),
        ("await ctx.db.insert('posts', { title: 'a', score: 1, rank: 1 });", {"INS204"}),
        (f"{POST} const patch: any = {{ score: 1 }}; await ctx.db.patch(post._id, patch);", {"INS204"}),
        (f"{POST} return post.rank;", {"INS205"}),
        (f"{POST} return rank(post);", set()),
        ("return await ctx.db.query('posts').filter((q) => q.eq(q.field('rank'), 0)).collect();", {"INS206"}),
        (
            "return await ctx.db.query('posts').filter((q) => q.eq(q.field('rank'), undefined)).first();",
            set(),
        ),
        ("return await ctx.db.query('posts').withIndex('by_nothing').collect();", {"INS103"}),
        ("return await ctx.db.query('posts').withIndex('by_title').collect();", set()),
        ("return await ctx.db.query('posts').withIndex('by_creation_time').collect();", set()),
        ("await ctx.db.insert('posts', { title: 'a', rank: 1 });", set()),
    ],
)
def test_code_of_a_project_with_a_migration_in_flight(project: Path, body: str, expected: set[str]) -> None:
    code = f"export const f = query({{ args: {{}}, handler: async (ctx) => {{ {body} }} }});\n"
    write(project, {"convex/f.ts": code})
    done = run("lint", "--repo", project, "--format", "json")
    assert done.code in (0, 1), done.err
    assert {one["code"] for one in done.json["findings"]} == expected


def test_a_finding_names_the_accessor_of_its_module(project: Path) -> None:
    write(
        project,
        {
            "convex/f.ts": f"export const f = query(async (ctx: QueryCtx) => {{ {POST} return post.rank; }});\n"
        },
    )
    done = run("lint", "--repo", project)
    assert "read rank(post) of convex/model/posts" in done.out
    assert "convex/model/posts.ts:" not in done.out
