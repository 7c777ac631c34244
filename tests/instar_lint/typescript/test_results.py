"""INS208 on Convex: validators of results that refuse what documents are about to have."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import commit, run, write

SCHEMA = (
    'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
    "export default defineSchema({ users: defineTable({ name: v.string(), %s }) });\n"
)
USER = '_id: v.id("users"), _creationTime: v.number(), name: v.string()'
ALL = 'await ctx.db.query("users").collect()'


@pytest.mark.parametrize(
    ("returns", "body", "reported"),
    [
        (f"v.array(v.object({{ {USER} }}))", f"return {ALL};", True),
        (
            f"v.union(v.object({{ {USER} }}), v.null())",
            "const user = await ctx.db.get(args.id); return user;",
            True,
        ),
        (f"v.array(v.object({{ {USER}, age: v.optional(v.number()) }}))", f"return {ALL};", False),
        (f"v.array(v.object({{ {USER}, ...rest }}))", f"return {ALL};", False),
        (
            f"v.array(v.object({{ {USER} }}))",
            f"return ({ALL}).map(({{ _id, _creationTime, name }}) => ({{ _id, _creationTime, name }}));",
            False,
        ),
        ("v.array(v.object({ name: v.string() }))", f"return {ALL};", False),
        ("v.any()", f"return {ALL};", False),
    ],
)
def test_a_validator_of_whole_documents_lists_every_field(
    tmp_path: Path, returns: str, body: str, *, reported: bool
) -> None:
    code = (
        f'export const f = query({{ args: {{ id: v.id("users") }}, returns: {returns},\n'
        f"  handler: async (ctx, args) => {{ {body} }} }});\n"
    )
    commit(tmp_path, {"convex/schema.ts": SCHEMA % "", "convex/users.ts": code})
    write(tmp_path, {"convex/schema.ts": SCHEMA % "age: v.optional(v.number())"})
    done = run("lint", "--repo", tmp_path, "--format", "json")
    assert done.code == int(reported), done.err
    found = [(one["code"], one["line"], one["field"]) for one in done.json["findings"]]
    assert found == ([("INS208", 1, "age")] if reported else [])


@pytest.mark.parametrize(("validator", "reported"), [("v.number()", True), ("v.optional(v.number())", False)])
def test_a_validator_of_whole_documents_requires_a_field_that_goes(
    tmp_path: Path, validator: str, *, reported: bool
) -> None:
    code = (
        f"export const f = query({{ args: {{}}, returns: v.array(v.object({{ {USER},\n"
        f"  age: {validator} }})), handler: async (ctx) => {ALL} }});\n"
    )
    commit(tmp_path, {"convex/schema.ts": SCHEMA % "age: v.number()", "convex/users.ts": code})
    write(tmp_path, {"convex/schema.ts": SCHEMA % ""})
    done = run("lint", "--repo", tmp_path, "--format", "json", tmp_path / "convex/users.ts")
    assert done.code == int(reported), done.err
    found = [(one["code"], one["line"], one["field"]) for one in done.json["findings"]]
    assert found == ([("INS201", 2, "age")] if reported else [])
