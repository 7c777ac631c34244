"""Facts are kept between runs, and never stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from convex_projects import write_project
from instar.config import Config
from instar.dialects.convex.reader import READER
from instar.sources import FolderSource, disk
from instar_lint.readings import Readings
from instar_lint.typescript import collect as collecting
from instar_lint.typescript.collect import collect

SCHEMA = """\
import { defineSchema, defineTable } from "convex/server";
import { name } from "./shared";
export default defineSchema({ users: defineTable({ name }), posts: defineTable({ name }) });
"""
FILES = {
    "convex/schema.ts": SCHEMA,
    "convex/shared.ts": 'import { v } from "convex/values";\nexport const name = v.string();\n',
    "convex/load.ts": "export const load = (ctx: any): Doc<'users'> => ctx.x;\n",
    "convex/f.ts": 'import { load } from "./load";\nexport const f = (ctx: any) => load(ctx).name;\n',
    "convex/other.ts": "export const other = 1;\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    # What changed just now is never trusted; here it is as old as it will be.
    monkeypatch.setattr(disk, "RECENT", 0)
    return write_project(tmp_path / "app", FILES)


def tables(root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """The tables that uses were found of, and the files that were read for them."""
    source, read = FolderSource(root), []
    original = collecting.facts_of

    def spy(project, path, data):
        read.append(path)
        return original(project, path, data)

    monkeypatch.setattr(collecting, "facts_of", spy)
    found = [
        fact.table
        for _, facts in collect(source, [READER.read(source, Config())], ["name"])
        for fact in facts
    ]
    monkeypatch.setattr(collecting, "facts_of", original)
    return found, read


def test_files_that_changed_are_read_again_and_others_are_not(project, monkeypatch):
    assert tables(project, monkeypatch) == (
        ["users"],
        ["convex/f.ts", "convex/schema.ts", "convex/shared.ts"],
    )
    assert tables(project, monkeypatch) == (["users"], [])
    write_project(project, {"convex/other.ts": "export const other = (u: Doc<'posts'>) => u.name;\n"})
    assert tables(project, monkeypatch) == (["users", "posts"], ["convex/other.ts"])


def test_a_file_is_read_again_when_a_module_that_it_rests_on_changes(project, monkeypatch):
    tables(project, monkeypatch)
    write_project(project, {"convex/load.ts": FILES["convex/load.ts"].replace("users", "posts")})
    assert tables(project, monkeypatch) == (["posts"], ["convex/f.ts"])


def test_all_files_are_read_again_when_imports_may_lead_elsewhere(project, monkeypatch):
    tables(project, monkeypatch)
    write_project(project, {"tsconfig.json": "{}"})
    assert tables(project, monkeypatch)[1] == ["convex/f.ts", "convex/schema.ts", "convex/shared.ts"]


def test_a_schema_is_read_again_when_what_it_imports_changes(project):
    def types() -> list[str]:
        schema = Readings(Config(dialect="convex"), str(project)).of(FolderSource(project)).schema
        return [type(field.type).__name__ for table in schema.tables for field in table.fields]

    assert types() == types() == ["StringType", "StringType"]
    write_project(project, {"convex/shared.ts": FILES["convex/shared.ts"].replace("string", "number")})
    assert types() == ["FloatType", "FloatType"]
    write_project(project, {"convex/other.ts": "changed"})
    assert types() == ["FloatType", "FloatType"]
