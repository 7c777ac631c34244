from __future__ import annotations

from pathlib import Path

import pytest

from convex_projects import write_project
from instar.config import Config
from instar.dialects.convex.reader import READER, read_schema
from instar.errors import InstarError
from instar.schema.model import Schema, Table
from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    BytesType,
    FieldType,
    FloatType,
    IdType,
    IntType,
    LiteralType,
    Member,
    NativeType,
    NullType,
    ObjectType,
    RecordType,
    StringType,
    UnionType,
)
from instar.sources import FolderSource

IMPORTS = 'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
NUMBER, STRING = FloatType(64), StringType()
A_OR_B = UnionType((LiteralType("a"), LiteralType("b")))


def read(folder: Path, files: dict[str, str], **config: object) -> Schema:
    return READER.read(FolderSource(write_project(folder, files)), Config(**config))


def only_table(folder: Path, table: str, before: str = "", **files: str) -> Table:
    text = f"{IMPORTS}{before}\nexport default defineSchema({{ t: {table} }});\n"
    found = read(folder, {"convex/schema.ts": text, **files}).table("t")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("v.string()", STRING),
        ("v.number()", NUMBER),
        ("v.float64()", NUMBER),
        ("v.int64()", IntType(64)),
        ("v.bigint()", IntType(64)),
        ("v.commitTs()", NativeType("commitTs")),
        ("v.boolean()", BoolType()),
        ("v.bytes()", BytesType()),
        ("v.null()", NullType()),
        ("v.any()", AnyType()),
        ('v.id("users")', IdType("users")),
        ('v.literal("a")', LiteralType("a")),
        ("v.literal(-1.5)", LiteralType(-1.5)),
        ("v.literal(10n)", LiteralType(10, bigint=True)),
        ("v.literal(true)", LiteralType(value=True)),
        (r'v.literal("\u{1F600}\n")', LiteralType("\U0001f600\n")),
        ("v.array(v.string())", ArrayType(STRING)),
        ("v.record(v.string(), v.number())", RecordType(STRING, NUMBER)),
        ("v.nullable(v.string())", UnionType((STRING, NullType()))),
        (
            "v.object({ b: v.optional(v.string()), a: v.number() })",
            ObjectType((Member("a", NUMBER), Member("b", STRING, optional=True))),
        ),
        ('v.union(...(["a", "b"] as const).map((x) => v.literal(x)))', A_OR_B),
        ('v.union(...["a", "b"].map(v.literal))', A_OR_B),
        ("(v.string() as any)!", STRING),
        ("v.object({ a: v.number(), b: v.string() }).omit('b')", ObjectType((Member("a", NUMBER),))),
        (
            "v.object({ a: v.number(), b: v.string() }).pick('a').partial()",
            ObjectType((Member("a", NUMBER, optional=True),)),
        ),
        ("v.object({ a: v.number() }).extend({ a: v.string() })", ObjectType((Member("a", STRING),))),
        ("v.object({ a: v.number() }).fields.a", NUMBER),
        ("Math.random() > 2 ? v.string() : v.number()", None),
    ],
)
def test_validators(tmp_path: Path, written: str, expected: FieldType | None) -> None:
    table = only_table(tmp_path, f"defineTable({{ f: {written} }})")
    field = table.field("f")
    assert field is not None
    if expected is None:
        assert [opaque.field for opaque in table.opaque] == ["f"]
    else:
        assert field.type == expected
        assert not table.opaque


def test_optional_fields_and_their_places(tmp_path: Path) -> None:
    table = only_table(
        tmp_path, "defineTable({ a: v.optional(v.string()),\n  b: v.number().optional(), c: v.any() })"
    )
    assert [(field.name, field.optional) for field in table.fields] == [
        ("a", True),
        ("b", True),
        ("c", False),
    ]
    assert table.fields[1].place is not None
    assert (table.fields[1].place.line, table.fields[1].place.column) == (5, 3)
    assert table.fields[0].spelling == "v.optional(v.string())"


def test_indexes_of_every_form(tmp_path: Path) -> None:
    table = only_table(
        tmp_path,
        """defineTable({ a: v.string(), b: v.array(v.float64()), c: v.object({ d: v.string() }) })
          .index("by_a", ["a"])
          .index("by_d", { fields: ["c.d", "a"], staged: true })
          .searchIndex("search_a", { searchField: "a", filterFields: ["c.d"] })
          .vectorIndex("by_b", { vectorField: "b", dimensions: 1536, filterFields: ["a"], staged: true })""",
    )
    assert [(i.name, i.fields, i.kind, i.staged, i.include, i.dimensions) for i in table.indexes] == [
        ("by_a", ("a",), "btree", False, (), None),
        ("by_d", ("c.d", "a"), "btree", True, (), None),
        ("search_a", ("a",), "search", False, ("c.d",), None),
        ("by_b", ("b",), "vector", True, ("a",), 1536),
    ]


def test_a_union_is_a_shape(tmp_path: Path) -> None:
    table = only_table(
        tmp_path, "defineTable(v.union(v.object({ a: v.string() }), v.object({ b: v.number() })))"
    )
    assert table.fields == ()
    assert table.shape == UnionType((ObjectType((Member("a", STRING),)), ObjectType((Member("b", NUMBER),))))
    assert only_table(tmp_path, "defineTable(v.any())").shape == AnyType()


def test_a_staged_validator_patches_the_enforced_one(tmp_path: Path) -> None:
    table = only_table(
        tmp_path, "defineTable({ a: v.string(), b: v.any() }).staged({ b: undefined, c: v.number() })"
    )
    assert table.staged_shape == ObjectType((Member("a", STRING), Member("c", NUMBER)))
    assert [field.name for field in table.fields] == ["a", "b"]


MODULES = {
    "tsconfig.json": '{ // aliases\n "extends": "./base.json", "compilerOptions": { "paths": { "@/*": ["./*"], }, } }',
    "base.json": '{ "compilerOptions": {} }',
    "package.json": '{ "name": "root" }',
    "packages/kinds/package.json": '{ "name": "@app/kinds", "exports": { ".": { "import": "./dist/index.js" } } }',
    "packages/kinds/src/index.ts": 'export enum Kind { A = "a", B = "b" }\nexport const KINDS = [Kind.A, Kind.B] as const;\n',
    "convex/lib/index.ts": 'export * from "./fields";\nexport { default as users } from "./users";\n',
    "convex/lib/fields.ts": 'import { v } from "convex/values";\nexport const common = { at: v.number() };\n'
    "export const maybe = <T>(x: T) => { const made = v.optional(x as any); return made; };\n"
    'export const NAME = "by_" + `at`;\n',
    "convex/lib/users.ts": 'import { defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
    'import { common, maybe, NAME } from "./fields.js";\nimport * as kinds from "@app/kinds";\n'
    'const key = "ki" + "nd";\n'
    "const users = defineTable({ ...common, name: maybe(v.string()),"
    ' [key]: v.union(...kinds.KINDS.map((k) => v.literal(k))) }).index(NAME, ["at"]);\n'
    "export default users;\n",
}


def test_modules_barrels_aliases_and_workspaces(tmp_path: Path) -> None:
    schema = f'{IMPORTS}import {{ users }} from "@/convex/lib";\nconst schema = defineSchema({{ users }});\nexport default schema;\n'
    table = read(tmp_path, {"convex/schema.ts": schema, **MODULES}).table("users")
    assert table is not None
    assert [(field.name, field.type, field.optional) for field in table.fields] == [
        ("at", NUMBER, False),
        ("name", STRING, True),
        ("kind", A_OR_B, False),
    ]
    assert [(index.name, index.fields) for index in table.indexes] == [("by_at", ("at",))]
    assert table.opaque == ()
    assert table.fields[0].place is not None
    assert table.fields[0].place.path == "convex/lib/fields.ts"


@pytest.mark.parametrize(
    ("folder", "alias", "generated"),
    [
        ("src/lib", "$lib", "./.svelte-kit/tsconfig.json"),
        ("src/lib", "$lib/index", "./.svelte-kit/tsconfig.json"),
        ("shared", "~/shared", "./.nuxt/tsconfig.json"),
        ("app/shared", "@/shared", "./.nuxt/tsconfig.json"),
    ],
)
def test_aliases_of_configurations_that_nobody_commits(
    tmp_path: Path, folder: str, alias: str, generated: str
) -> None:
    files = {
        "tsconfig.json": f'{{ "extends": "{generated}" }}',
        f"{folder}/index.ts": 'import { v } from "convex/values";\nexport const name = v.string();\n',
        "src/convex/schema.ts": f'{IMPORTS}import {{ name }} from "{alias}";\n'
        "export default defineSchema({ users: defineTable({ name }) });\n",
    }
    source = FolderSource(write_project(tmp_path, files))
    table = read_schema(source, "src/convex/schema.ts").table("users")
    assert table is not None
    assert [(field.name, field.type) for field in table.fields] == [("name", STRING)]


def test_known_packages(tmp_path: Path) -> None:
    text = f"""{IMPORTS}import {{ authTables }} from "@convex-dev/auth/server";
import {{ literals, pretendRequired, deprecated, partial }} from "convex-helpers/validators";
import {{ migrationsTable }} from "convex-helpers/server/migrations";
import {{ Table }} from "convex-helpers/server";
const Notes = Table("notes", {{ text: v.string() }});
export default defineSchema({{
  ...authTables, migrations: migrationsTable, notes: Notes.table,
  t: defineTable({{ a: literals("a", "b"), b: pretendRequired(v.string()), c: deprecated, ...partial({{ d: v.number() }}) }}),
}});
"""
    schema = read(tmp_path, {"convex/schema.ts": text})
    assert {"users", "authSessions", "migrations", "notes", "t"} <= {table.name for table in schema.tables}
    table = schema.table("t")
    assert table is not None
    assert [(f.name, f.type, f.optional) for f in table.fields] == [
        ("a", A_OR_B, False),
        ("b", STRING, True),
        ("c", AnyType(), True),
        ("d", NUMBER, True),
    ]
    assert not schema.opaque


def test_what_is_not_resolved_is_opaque_with_its_place(tmp_path: Path) -> None:
    text = f"""{IMPORTS}import {{ zodOutputToConvex }} from "elsewhere";
import {{ more }} from "elsewhere";
export default defineSchema({{
  a: defineTable({{ known: v.string(), zod: zodOutputToConvex(x) }}),
  b: defineTable({{ known: v.string(), ...more, after: v.number() }}),
  c: more.table,
  ...more,
}});
"""
    schema = read(tmp_path, {"convex/schema.ts": text})
    a, b, c = (schema.table(name) for name in "abc")
    assert a is not None
    assert b is not None
    assert c is not None
    assert [(o.field, o.place and o.place.line) for o in a.opaque] == [("zod", 6)]
    assert not a.open
    assert b.open
    assert [field.name for field in b.fields] == ["known", "after"]
    assert [o.field for o in b.opaque] == [None, "known"]
    assert c.open
    assert len(schema.opaque) == 1


def test_validators_of_components(tmp_path: Path) -> None:
    before = """\
import { vProviderMetadata, vUsage } from "@convex-dev/agent";
import { vWorkflowId } from "@convex-dev/workflow";
import { vWorkId } from "@convex-dev/workpool";
import { runIdValidator } from "@convex-dev/action-retrier";
"""
    written = "{ a: vProviderMetadata, b: vUsage.pick('totalTokens'), c: vWorkflowId, d: vWorkId, e: runIdValidator }"
    table = only_table(tmp_path, f"defineTable({written})", before)
    assert [field.type for field in table.fields] == [
        RecordType(STRING, RecordType(STRING, AnyType())),
        ObjectType((Member("totalTokens", NUMBER),)),
        STRING,
        STRING,
        STRING,
    ]
    assert not table.opaque


def test_a_part_of_a_package_that_is_not_described_is_opaque(tmp_path: Path) -> None:
    before = 'import * as helpers from "convex-helpers/validators";\nconst w = { ...helpers, nullish: 1 };'
    table = only_table(tmp_path, "defineTable({ a: w.string, b: w.typo, c: v.typo, d: v.null() })", before)
    assert [field.name for field in table.fields] == ["a", "b", "c", "d"]
    assert table.fields[0].type == STRING
    assert [(o.field, o.reason) for o in table.opaque] == [
        ("b", "this part of <convex-helpers/validators> is not known"),
        ("c", "this is undefined"),
    ]


def test_bad_input(tmp_path: Path) -> None:
    broken = read(
        tmp_path / "broken",
        {
            "convex/schema.ts": f"{IMPORTS}export default defineSchema({{ t: defineTable({{ a: v.string( }}) }});"
        },
    )
    assert [unreadable.path for unreadable in broken.unreadable] == ["convex/schema.ts"]
    cyclic = {
        "convex/schema.ts": f'{IMPORTS}import {{ f }} from "./f";\nexport const base = f;\nexport default defineSchema({{ t: defineTable({{ f }}) }});',
        "convex/f.ts": 'import { base } from "./schema";\nexport const f = base;',
    }
    assert [o.field for o in (read(tmp_path / "cyclic", cyclic).table("t") or Table(name="")).opaque] == ["f"]
    named = read(
        tmp_path / "named", {"convex/schema.ts": f"{IMPORTS}export const schema = defineSchema({{}});"}
    )
    assert "default export" in named.opaque[0].reason
    off = read(
        tmp_path / "off",
        {
            "convex/schema.tsx": f"{IMPORTS}export default defineSchema({{ constructor: defineTable({{}}) }}, {{ schemaValidation: false }});".replace(
                "\n", "\r\n"
            )
        },
    )
    assert off.validated is False
    assert [table.name for table in off.tables] == ["constructor"]
    large = {
        "convex/schema.ts": f'{IMPORTS}import {{ big }} from "./big";\nexport default defineSchema({{ t: defineTable({{ big }}), u: defineTable({{}}) }});',
        "convex/big.ts": "export const big = 1;\n" + "// filler\n" * 500_000,
    }
    found = read(tmp_path / "large", large)
    assert [table.name for table in found.tables] == ["t", "u"]
    assert [unreadable.path for unreadable in found.unreadable] == ["convex/big.ts"]
    assert read(tmp_path / "none", {"package.json": "{}"}) == Schema(dialect="convex")


def test_a_changed_constant_is_opaque(tmp_path: Path) -> None:
    table = only_table(
        tmp_path, "defineTable(fields)", "const fields: any = { a: v.string() };\nfields.b = v.number();"
    )
    assert table.open


def test_deep_nesting_and_recursion_end(tmp_path: Path) -> None:
    deep = "v.array(" * 2000 + "v.string()" + ")" * 2000
    assert only_table(tmp_path / "deep", f"defineTable({{ f: {deep} }})").opaque
    assert only_table(
        tmp_path / "rec", "defineTable({ f: f(1) })", "const f = (n: number): any => f(n + 1);"
    ).opaque


def test_where_the_schema_is(tmp_path: Path) -> None:
    text = IMPORTS + "export default defineSchema({ t: defineTable({}) });"
    functions = {"convex.json": '{ "functions": "backend/" }', "backend/schema.ts": text}
    assert read(tmp_path / "functions", functions).table("t")
    two = {"apps/a/convex/schema.ts": text, "apps/b/convex/schema.ts": text}
    with pytest.raises(InstarError, match="several Convex schemas"):
        read(tmp_path / "two", two)
    beside = {
        "packages/convex-test/convex/schema.ts": text,
        "packages/db/convex/schema.ts": text.replace("t:", "u:"),
    }
    assert read(tmp_path / "beside", beside).table("u")
    assert read(tmp_path / "alone", {"my-test-app/convex/schema.ts": text}).table("t")
    assert read(tmp_path / "told", two, schema=("apps/b/convex/schema.ts",)).table("t")


@pytest.mark.parametrize("count", [1, 64, 100])
def test_a_table_with_all_the_indexes_that_convex_takes(tmp_path: Path, count: int) -> None:
    chain = "".join(f'.index("by_{number}", ["f{number}"])' for number in range(count))
    table = only_table(tmp_path, f"defineTable(v.any()){chain}")
    assert [index.name for index in table.indexes] == [f"by_{number}" for number in range(count)]
    assert not table.opaque
