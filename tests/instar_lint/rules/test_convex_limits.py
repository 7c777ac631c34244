"""INS306 on Convex schemas: what the backend refuses of names and indexes, through `instar lint`."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import commit, run, write

SCHEMA = """\
import {{ defineSchema, defineTable }} from "convex/server";
import {{ v }} from "convex/values";
export default defineSchema({{
  posts: defineTable({{
    title: v.string(),
    status: v.string(),
    at: v.number(),
    vector: v.array(v.float64()),
    o: v.object({{ f: v.string() }}),
    {fields}
  }}).index("by_title", ["title"]).searchIndex("s", {{ searchField: "title", filterFields: ["status"] }}){indexes},
}});
"""
MANY = [f"f{number}" for number in range(70)]


def found(folder: Path, indexes: str) -> list[tuple[str, str]]:
    fields = ", ".join(f"{name}: v.optional(v.string())" for name in MANY)
    commit(folder, {"convex/schema.ts": SCHEMA.format(fields=fields, indexes="")})
    write(folder, {"convex/schema.ts": SCHEMA.format(fields=fields, indexes=indexes)})
    done = run("lint", "--repo", folder, "--all", "--format", "json")
    assert done.code in (0, 1), done.err
    return [(one["message"], one["confidence"]) for one in done.json["findings"] if one["code"] == "INS306"]


def listed(count: int) -> str:
    return ", ".join(f'"{name}"' for name in MANY[:count])


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ('.index("by_id", ["status"])', "keeps for itself"),
        ('.index("_mine", ["status"])', "must start with a letter"),
        ('.index("9", ["status"])', "must start with a letter"),
        (f'.index("{"x" * 65}", ["status"])', "has 65 characters"),
        ('.index("none", [])', "has no fields"),
        ('.index("timed", ["status", "_creationTime"])', "names _creationTime"),
        ('.index("twice", ["status", "at", "status"])', "names status twice"),
        (f'.index("wide", [{listed(16)}])', "has 16 fields, and Convex takes 15"),
        ('.index("again", ["title"])', "is defined like by_title"),
        ('.searchIndex("t", { searchField: "title", filterFields: ["status"] })', "is defined like s"),
        (f'.searchIndex("t", {{ searchField: "title", filterFields: [{listed(17)}] }})', "17 filter fields"),
        ('.vectorIndex("v", { vectorField: "vector", dimensions: 4097 })', "has 4097 dimensions"),
        ('.vectorIndex("v", { vectorField: "vector", dimensions: 1 })', "has 1 dimensions"),
    ],
)
def test_what_convex_refuses_is_proven(tmp_path: Path, index: str, says: str) -> None:
    ((message, confidence),) = found(tmp_path, index)
    assert says in message
    assert confidence == "proven"


def test_what_convex_takes_is_not_reported(tmp_path: Path) -> None:
    allowed = (
        f'.index("wide", [{listed(15)}]).index("by_status", ["status", "title"]).index("nested", ["o.f"])'
        '.searchIndex("t", { searchField: "title" })'
        '.vectorIndex("v", { vectorField: "vector", dimensions: 1536, filterFields: ["status"] })'
        '.vectorIndex("w", { vectorField: "vector", dimensions: 768 })'
    )
    assert found(tmp_path, allowed) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [(30, []), (31, ["likely"]), (62, ["likely"]), (63, ["proven"])],
)
def test_how_many_indexes_a_table_takes(tmp_path: Path, more: int, expected: list[str]) -> None:
    indexes = "".join(f'.index("by_{name}", ["{name}"])' for name in MANY[:more])
    assert [confidence for _, confidence in found(tmp_path, indexes)] == expected
