"""Schemas of `convex-ents`; what they must say was printed by `schema.export()` of the package itself, version 0.20."""

from __future__ import annotations

from pathlib import Path

import pytest

from convex_projects import write_project
from instar.config import Config
from instar.dialects.convex.reader import READER
from instar.schema.model import Schema
from instar.sources import FolderSource

IMPORTS = """\
import { defineEnt, defineEntFromTable, defineEntSchema, defineEntsFromTables, getEntDefinitions } from "convex-ents";
import { defineTable } from "convex/server";
import { v } from "convex/values";
import { edgeName } from "elsewhere";
"""
SCHEMA = """\
const DAY = 24 * 60 * 60 * 1000;
const schema = defineEntSchema({
  teams: defineEnt({ name: v.string() })
    .field("slug", v.string(), { unique: true })
    .edges("members", { ref: true })
    .deletion("scheduled", { delayMs: 7 * DAY }),
  members: defineEnt({ searchable: v.string() })
    .edge("team")
    .edge("user")
    .field("role", v.string(), { default: "guest" })
    .searchIndex("by_text", { searchField: "searchable", filterFields: ["teamId"] })
    .index("teamUser", ["teamId", "userId"]),
  users: defineEnt({})
    .field("email", v.optional(v.string()), { index: true })
    .edges("members", { ref: true })
    .edge("profile", { ref: true })
    .edges("followers", { to: "users", inverse: "followees" })
    .edges("friends", { to: "users" })
    .edge("photo", { to: "_storage", field: "photoId", optional: true }),
  profiles: defineEnt({ bio: v.string() }).edge("user"),
  posts: defineEnt(v.union(v.object({ text: v.string() }), v.object({ url: v.string() })))
    .edges("tags")
    .edges("labels", { to: "tags", table: "post_labels", field: "post", })
    .edge("author", { to: "writers", field: "writtenBy" })
    .deletion("soft"),
  tags: defineEnt({ name: v.string() })
    .edges("posts")
    .edges("labelled", { to: "posts", table: "post_labels", field: "label" }),
  writers: defineEnt({ name: v.string() }).edges("posts", { ref: "writtenBy" }),
  ...defineEntsFromTables({ plain: defineTable({ a: v.null() }).index("a", ["a"]) }),
  limits: defineEntFromTable(defineTable({ key: v.string() })),
}, { schemaValidation: false });
export default schema;
export const entDefinitions = getEntDefinitions(schema);
"""
FIELDS = {
    "limits": "key",
    "members": "role? searchable teamId userId",
    "plain": "a",
    "post_labels": "label post",
    "posts": "",
    "posts_to_tags": "postsId tagsId",
    "profiles": "bio userId",
    "tags": "name",
    "teams": "deletionTime? name slug",
    "users": "email? photoId?",
    "users_followees_to_followers": "followeesId followersId",
    "users_friends": "aId bId",
    "writers": "name",
}
INDEXES = {
    "members": "by_text:searchable teamId:teamId teamUser:teamId,userId userId:userId",
    "plain": "a:a",
    "post_labels": "label:label label_post:label,post post:post post_label:post,label",
    "posts": "writtenBy:writtenBy",
    "posts_to_tags": "postsId:postsId postsId_tagsId:postsId,tagsId tagsId:tagsId tagsId_postsId:tagsId,postsId",
    "profiles": "userId:userId",
    "teams": "slug:slug",
    "users": "email:email photoId:photoId",
    "users_followees_to_followers": "followeesId:followeesId followeesId_followersId:followeesId,followersId "
    "followersId:followersId followersId_followeesId:followersId,followeesId",
    "users_friends": "aId:aId aId_bId:aId,bId bId:bId",
}


def read(folder: Path, schema: str) -> Schema:
    write_project(folder, {"convex/schema.ts": IMPORTS + schema})
    return READER.read(FolderSource(folder), Config())


def test_fields_and_indexes_of_edges(tmp_path: Path) -> None:
    schema = read(tmp_path, SCHEMA)
    assert not schema.opaque
    assert not schema.validated
    assert {
        table.name: " ".join(sorted(field.name + "?" * field.optional for field in table.fields))
        for table in schema.tables
    } == FIELDS
    assert {
        table.name: " ".join(sorted(f"{index.name}:{','.join(index.fields)}" for index in table.indexes))
        for table in schema.tables
        if table.indexes
    } == INDEXES


def test_a_field_more_in_each_member_of_a_union(tmp_path: Path) -> None:
    posts = read(tmp_path, SCHEMA).table("posts")
    assert posts is not None
    assert str(posts.shape).count("writtenBy") == str(posts.shape).count("deletionTime") == 2


@pytest.mark.parametrize(
    ("tables", "known", "reason"),
    [
        ("users: defineEnt({}).edges(edgeName), tags: defineEnt({})", ["tags", "users"], "elsewhere"),
        ('users: defineEnt({ a: v.null() }).edges("tags")', ["users"], '"tags" of edge "tags" is not known'),
        (
            'users: defineEnt({}).edge("team"), teams: defineEnt({})',
            ["teams", "users"],
            'no edge of table "teams" can be the way back of edge "team"',
        ),
        (
            'users: defineEnt({}).edge("team"), teams: defineEnt({}).edges("users")',
            ["teams", "users"],
            'the edges "team" and "users" do not fit together',
        ),
    ],
)
def test_what_is_not_known_is_opaque(tmp_path: Path, tables: str, known: list[str], reason: str) -> None:
    schema = read(tmp_path, f"export default defineEntSchema({{ {tables} }});")
    assert [table.name for table in schema.tables] == known
    opaque = [*schema.opaque, *(one for table in schema.tables for one in table.opaque)]
    assert any(reason in one.reason for one in opaque), opaque
