from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from convex_projects import write_project
from instar.dialects.convex.comparison import bare
from instar.dialects.convex.editor import edit_schema
from instar.dialects.convex.reader import read_schema
from instar.errors import InstarError
from instar.schema.model import Field, Index, IndexKey, Schema, Table
from instar.schema.types import FloatType, LiteralType, StringType, UnionType
from instar.sources import FolderSource, OverlaySource

PATH = "convex/schema.ts"
IMPORTS = 'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
SCHEMA = IMPORTS + (
    "// the schema\n"
    "export default defineSchema({\n"
    "  users: defineTable({\n"
    "    name: v.string(), // shown\n"
    "    age: v.number().optional(),\n"
    "  }).index('by_name', ['name']),\n"
    "});\n"
)


def edited(folder: Path, text: str, change: object, **files: str) -> str:
    """The schema's text after an edit towards `change(table)`, checked to say so."""
    source = FolderSource(write_project(folder, {PATH: text, **files}))
    now = read_schema(source, PATH)
    assert callable(change)
    wanted: Schema = change(now)
    result = {one.path: (one.text or "").encode() for one in edit_schema(source, PATH, wanted)}
    assert bare(read_schema(OverlaySource(source, result), PATH)) == bare(wanted)
    return result.get(PATH, text.encode()).decode()


def users(now: Schema, **changed: object) -> Schema:
    (table,) = now.tables
    return msgspec.structs.replace(now, tables=(msgspec.structs.replace(table, **changed),))


def field(now: Schema, name: str) -> Field:
    found = now.tables[0].field(name)
    assert found is not None
    return found


def test_nothing_differs_nothing_changes(tmp_path: Path) -> None:
    assert edited(tmp_path, SCHEMA, lambda now: now) == SCHEMA


def test_only_the_validator_changes(tmp_path: Path) -> None:
    def relax(now: Schema) -> Schema:
        name = msgspec.structs.replace(field(now, "name"), optional=True)
        age = msgspec.structs.replace(field(now, "age"), optional=False)
        return users(now, fields=(name, age))

    text = edited(tmp_path, SCHEMA, relax)
    expected = SCHEMA.replace("v.string(), // shown", "v.optional(v.string()), // shown")
    assert text == expected.replace("v.number().optional()", "v.number()")


def test_line_ends_are_kept(tmp_path: Path) -> None:
    status = Field(name="status", type=UnionType((LiteralType("a"), LiteralType("b"))))
    text = edited(
        tmp_path, SCHEMA.replace("\n", "\r\n"), lambda now: users(now, fields=(*now.tables[0].fields, status))
    )
    assert 'status: v.union(v.literal("a"), v.literal("b")),\r\n' in text
    assert "\n" not in text.replace("\r\n", "")


def test_names_are_data(tmp_path: Path) -> None:
    odd = Field(name='a"]; process.exit("', type=StringType())
    text = edited(tmp_path, SCHEMA, lambda now: users(now, fields=(odd,)))
    assert """'a"]; process.exit("': v.string()""" in text


def test_tables_and_indexes_come_and_go(tmp_path: Path) -> None:
    constructor = Table(
        name="constructor",
        fields=(Field(name="at", type=FloatType(64)),),
        indexes=(Index(name="by_at", keys=(IndexKey("at"),), staged=True),),
    )

    def change(now: Schema) -> Schema:
        kept = users(now, indexes=())
        return msgspec.structs.replace(kept, tables=(constructor, *kept.tables))

    text = edited(tmp_path / "a", SCHEMA, change)
    assert "by_name" not in text
    assert (
        'constructor: defineTable({\n    at: v.number(),\n  }).index("by_at", { fields: ["at"], staged: true }),'
        in text
    )
    emptied = edited(tmp_path / "b", SCHEMA, lambda now: msgspec.structs.replace(now, tables=()))
    assert "users" not in emptied


def test_a_table_in_a_module_of_its_own(tmp_path: Path) -> None:
    schema = IMPORTS + 'import { users } from "./users";\nexport default defineSchema({ users });\n'
    module = IMPORTS + "export const users = defineTable({ name: v.string() });\n"
    source = FolderSource(write_project(tmp_path, {PATH: schema, "convex/users.ts": module}))
    now = read_schema(source, PATH)
    (found,) = edit_schema(
        source, PATH, users(now, indexes=(Index(name="by_name", keys=(IndexKey("name"),)),))
    )
    assert found.path == "convex/users.ts"
    assert 'defineTable({\n  name: v.string(),\n}).index("by_name", ["name"]);' in (found.text or "")


@pytest.mark.parametrize(
    ("before", "table", "message"),
    [
        ("const name = v.string();", "{ name }", "shorthand"),
        ("const common = { name: v.string() };", "{ ...common }", "where others may share it"),
    ],
)
def test_what_cannot_be_edited_safely_is_refused(
    tmp_path: Path, before: str, table: str, message: str
) -> None:
    text = f"{IMPORTS}{before}\nexport default defineSchema({{ users: defineTable({table}) }});\n"
    source = FolderSource(write_project(tmp_path, {PATH: text}))
    now = read_schema(source, PATH)
    name = msgspec.structs.replace(field(now, "name"), optional=True)
    with pytest.raises(InstarError, match=message):
        edit_schema(source, PATH, users(now, fields=(name,)))


def test_a_table_that_outgrows_its_line_gets_a_line_for_each_field(tmp_path: Path) -> None:
    short = SCHEMA[: SCHEMA.index("export default")] + (
        "export default defineSchema({\n"
        '  users: defineTable({ name: v.string(), email: v.string() }).index("by_name", ["name"]),\n'
        "});\n"
    )
    status = Field(name="status", type=StringType(), optional=True)
    text = edited(tmp_path, short, lambda now: users(now, fields=(*now.tables[0].fields, status)))
    assert text.endswith(
        "export default defineSchema({\n"
        "  users: defineTable({\n"
        "    name: v.string(),\n"
        "    email: v.string(),\n"
        "    status: v.optional(v.string()),\n"
        '  }).index("by_name", ["name"]),\n'
        "});\n"
    )


def test_ents_are_edited_as_tables_are(tmp_path: Path) -> None:
    ents = (
        'import { defineEnt, defineEntSchema } from "convex-ents";\nimport { v } from "convex/values";\n'
        "export default defineEntSchema({\n  users: defineEnt({ name: v.string() }),\n});\n"
    )
    notes = Table(name="notes", fields=(Field(name="text", type=StringType()),))

    def change(now: Schema) -> Schema:
        age = Field(name="age", type=FloatType(64), optional=True)
        wanted = users(now, fields=(*now.tables[0].fields, age))
        return msgspec.structs.replace(wanted, tables=(notes, *wanted.tables))

    assert edited(tmp_path, ents, change).endswith(
        "  users: defineEnt({ name: v.string(), age: v.optional(v.number()) }),\n"
        "  notes: defineEnt({\n    text: v.string(),\n  }),\n});\n"
    )
