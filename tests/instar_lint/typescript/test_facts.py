"""What the TypeScript frontend sees in Convex functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from convex_projects import write_project
from instar.config import Config
from instar.dialects.convex.reader import READER
from instar.sources import FolderSource
from instar_lint.facts import Fact, FieldUse, Query, RowInsert
from instar_lint.typescript.collect import collect

SCHEMA = """\
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  users: defineTable({ name: v.string(), bestFriend: v.optional(v.id("users")), friends: v.array(v.id("users")) })
    .index("by_name", ["name"]),
  posts: defineTable({ title: v.string(), authorId: v.id("users") }).index("by_author", ["authorId"]),
});
"""
NAMES = ("name", "title", "by_name", "by_author")


def facts(folder: Path, files: dict[str, str]) -> list[Fact]:
    source = FolderSource(write_project(folder, {"convex/schema.ts": SCHEMA, **files}))
    schema = READER.read(source, Config())
    paths = [path for path in files if path.endswith((".ts", ".tsx"))]
    return [fact for _, found in collect(source, [schema], NAMES, paths) for fact in found]


def uses(folder: Path, body: str) -> list[tuple[str, str, str, int]]:
    """Access, table and field of every use in a handler, with its line, counted from the body's first."""
    text = (
        'import { v } from "convex/values";\nimport type { Doc, Id } from "./_generated/dataModel";\n'
        "export const f = mutation({ args: { id: v.id('users'), ids: v.array(v.id('users')), other: v.string() },\n"
        f"  handler: async (ctx, args) => {{\n{body}\n}} }});\n"
    )
    return [
        (fact.access, fact.table or "", fact.name, fact.place.line - 4)
        for fact in facts(folder, {"convex/f.ts": text})
        if isinstance(fact, FieldUse)
    ]


READ = ("read", "users", "name", 1)
WRITE = ("write", "users", "name", 1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("const user = await ctx.db.get(args.id); return user!.name;", [READ]),
        ("return (await ctx.db.get('users', args.id))?.name;", [READ]),
        ("const { name: title } = (await ctx.db.get(args.id))!; return title;", [READ]),
        ("const { id } = args; return ((await ctx.db.get(id)) as any).name;", [READ]),
        ("for (const u of await ctx.db.query('users').collect()) log(u.name);", [READ]),
        ("return (await ctx.db.query('users').order('desc').take(3)).filter((u) => u.name);", [READ]),
        ("const p = await ctx.db.query('users').paginate(o); return p.page.map(({ name }) => name);", [READ]),
        (
            "const u = await ctx.db.query('users').withIndex('by_x').unique(); return u?.['x'] ?? u?.name;",
            [READ],
        ),
        ("const u = (await ctx.db.query('users').collect())[0]; return u.name;", [READ]),
        (
            "const post = await ctx.db.query('posts').first(); return (await ctx.db.get(post!.authorId))!.name;",
            [READ],
        ),
        (
            "const u = await ctx.db.get(args.id); for (const i of u!.friends) log((await ctx.db.get(i))!.name);",
            [READ],
        ),
        ("const { db } = ctx; return (await db.query('users').first())?.name;", [READ]),
        ("function g(u: Doc<'users'>) { return u.name; }", [READ]),
        ("const g = (us: Doc<'users'>[]) => us.map((u) => u.name);", [READ]),
        ("return await asyncMap(args.ids, async (i) => (await ctx.db.get(i))!.name);", [READ]),
        ("return (await getOneFrom(ctx.db, 'users', 'by_x', args.other)).name;", [READ]),
        ("await ctx.db.insert('users', { name: 'a', friends: [] });", [WRITE]),
        ("await ctx.db.patch(args.id, { name: args.other });", [WRITE]),
        ("await ctx.db.patch('users', args.id, { ['x']: 1, name: 'a' });", [WRITE]),
        ("const u = await ctx.db.get(args.id); await ctx.db.replace(u!._id, { ...u, name: 'a' });", [WRITE]),
        ("const d: any = { name: 'a' }; await ctx.db.insert('users', d);", [WRITE]),
        ("const d: any = {}; d.name = 'a'; await ctx.db.insert('users', { ...d });", [WRITE]),
        (
            "const [u, ps] = await Promise.all([ctx.db.get(args.id), ctx.db.query('posts').collect()]); return u!.name;",
            [READ],
        ),
        (
            "const all = await Promise.all(args.ids.map(async (i) => await ctx.db.get(i))); return all.map((u) => u!.name);",
            [READ],
        ),
        (
            (
                "const ps = await ctx.db.query('posts').collect(); const x = await Promise.all(ps.map(async (p) => "
                "({ p, author: await ctx.db.get(p.authorId) }))); return x.map(({ author }) => author?.name);"
            ),
            [READ],
        ),
        (
            "const us = await ctx.db.query('users').collect(); return new Map(us.map((u) => [u._id, u])).get(x)?.name;",
            [READ],
        ),
        ("const u = await ctx.db.get(args.id); const copy = { ...u, x: 1 }; return copy.name;", [READ]),
        (
            "const us = await ctx.db.query('users').collect(); return us.reduce((n, u) => n + u.name, '');",
            [READ],
        ),
        ("let u = null; u = await ctx.db.get(args.id); return u.name;", [READ]),
        ("const u = args.id ? await ctx.db.get(args.id) : null; return (u ?? undefined)?.name;", [READ]),
        ("const g = (u: Doc<'users'> | null, m: Map<string, Doc<'users'>>) => m.get('a')!.name;", [READ]),
        ("const g = (p: { user: Doc<'users'>; n: number }) => p.user.name;", [READ]),
        ("const g = ({ user }: { user: WithoutSystemFields<Doc<'users'>> }) => user.name;", [READ]),
        ("const g = (u: Infer<typeof schema.tables.users.validator>) => u.name;", [READ]),
        ("const g = (m: Record<string, Doc<'users'>>) => m['a'].name;", [READ]),
        ("const g = (m: Record<string, Doc<'users'>>) => m.name;", []),
        ("const g = (size: Map<Id<'users'>, Doc<'posts'>>) => size.name;", []),
        ("const g = async (c: { db: { query: any } }) => (await c.db.query('users').first()).name;", [READ]),
        ("const g = async (c: { db: any }) => (await c.db.query('users').first()).name;", [READ]),
        ("return (await ctx.table('users').getX(args.id)).name;", [READ]),
        ("return await ctx.table('users').map(async (u) => u.name);", [READ]),
        ("for (const u of await ctx.table('users')) log(u.name);", [READ]),
        ("return (await ctx.table('users').get('by_x', args.other))!.name;", [READ]),
        ("return (await ctx.table('posts').firstX().edge('author')).name;", [READ]),
        ("await ctx.skipRules.table('users').insert({ name: 'a', friends: [] });", [WRITE]),
        ("const u = await ctx.table('users').getX(args.id); await u.patch({ name: 'a' });", [WRITE]),
        ("await ctx.table('posts').firstX().patch({ title: 'a' });", [("write", "posts", "title", 1)]),
        ("return pick(schema.tables.users.validator.fields, ['name', 'friends']);", [READ]),
        ("return schema.tables.users.validator.omit('name');", [READ]),
        ("return pick(args.other, ['name']);", []),
        ("const load = async () => await ctx.db.get(args.id); return (await load()).name;", [READ]),
        ("await ctx.db.patch(args.id, { ...(args.other && { name: args.other }) });", [WRITE]),
        ("await ctx.db.patch(args.id, args.other ? { name: args.other } : {});", [WRITE]),
        (
            "const p: Partial<Doc<'users'>> = {}; if (args.other) p.name = args.other; await ctx.db.patch(args.id, p);",
            [WRITE],
        ),
        ("const one = other.load(ctx); const load = (c: any) => c.db.get(args.id); return one.name;", []),
        ("const n = args.other.name; const o = { name: 1 }; return o.name + n + other.name;", []),
        (
            "await ctx.db.insert('posts', { name: 1 } as any); return ctx.name;",
            [("write", "posts", "name", 1)],
        ),
    ],
)
def test_uses(tmp_path: Path, body: str, expected: list[tuple[str, str, str, int]]) -> None:
    assert uses(tmp_path, body) == expected


def test_functions_of_other_modules_give_documents(tmp_path: Path) -> None:
    files = {
        "convex/model/users.ts": (
            'import type { Id } from "../_generated/dataModel";\n'
            "export async function load(ctx: any, id: Id<'users'>) { return await ctx.db.get(id); }\n"
        ),
        "convex/f.ts": (
            'import { load } from "./model/users";\n'
            "export const f = query({ args: {}, handler: async (ctx) => (await load(ctx, x))!.name });\n"
        ),
    }
    assert [fact.place.line for fact in facts(tmp_path, files) if isinstance(fact, FieldUse)] == [2]


def test_objects_types_and_namespaces_of_other_modules(tmp_path: Path) -> None:
    files = {
        "convex/model/users.ts": (
            'import type { Doc, Id } from "../_generated/dataModel";\n'
            "export type User = Doc<'users'>;\n"
            "export interface Props { user: User }\n"
            "export async function load(ctx: any, id: Id<'users'>) { return { user: await ctx.db.get(id), n: 1 }; }\n"
        ),
        "convex/model/index.ts": 'export { load } from "./users";\nexport type { Props } from "./users";\n',
        "convex/f.ts": (
            'import { load } from "./model";\nimport * as Users from "./model/users";\n'
            'import type { Props, User } from "./model/users";\n'
            "export const f = query({ args: {}, handler: async (ctx) => {\n"
            "  const { user } = await load(ctx, x); log(user.name);\n"
            "  log((await Users.load(ctx, x)).user!.name);\n"
            "} });\n"
            "export const g = (user: User) => user.name;\n"
            "export const h = ({ user }: Props) => user.name;\n"
        ),
    }
    assert [fact.place.line for fact in facts(tmp_path, files) if isinstance(fact, FieldUse)] == [5, 6, 8, 9]


def test_what_components_and_actions_get_from_functions(tmp_path: Path) -> None:
    files = {
        "convex/users.ts": (
            "export const list = query({ args: {}, handler: async (ctx) => await ctx.db.query('users').collect() });\n"
            "export const pages = query({ args: {}, handler: async (ctx, a) => {\n"
            "  return await ctx.db.query('users').paginate(a.opts); } });\n"
            "export const rows = query({ args: {}, handler: async (ctx) =>\n"
            "  (await ctx.db.query('users').collect()).map((user) => ({ user, n: 1 })) });\n"
        ),
        "src/List.tsx": (
            'import { useQuery } from "convex/react";\nimport { api } from "../convex/_generated/api";\n'
            "export function List() {\n"
            "  const users = useQuery(api.users.list);\n"
            "  const { results } = usePaginatedQuery(api.users.pages, {}, { initialNumItems: 5 });\n"
            "  const rows = useQuery(api.users.rows) ?? [];\n"
            "  return <ul>{users?.map((u) => <li key={u._id}>{u.name}</li>)}\n"
            "    {results.map((u) => u.name)}\n"
            "    {rows.map((row) => row.user.name)}</ul>;\n"
            "}\n"
        ),
        "convex/act.ts": (
            "export const act = action({ args: {}, handler: async (ctx) => {\n"
            "  const [first] = await ctx.runQuery(internal.users.list, {});\n  return first.name; } });\n"
        ),
    }
    found = [
        (fact.place.path, fact.place.line) for fact in facts(tmp_path, files) if isinstance(fact, FieldUse)
    ]
    assert found == [("convex/act.ts", 3), *(("src/List.tsx", line) for line in (7, 8, 9))]


@pytest.mark.parametrize(
    ("path", "body", "compiler"),
    [
        ("convex/f.ts", "return (await ctx.db.query('users').first())!.name;", True),
        ("convex/f.js", "return (await ctx.db.query('users').first()).name;", False),
        ("convex/f.ts", "return ((await ctx.db.query('users').first()) as any).name;", False),
        ("convex/f.ts", "const u: any = await ctx.db.query('users').first(); return u.name;", False),
        ("convex/f.ts", "const g = async (ctx: any) => (await ctx.db.query('users').first()).name;", False),
        (
            "convex/f.ts",
            "const g = async (ctx: QueryCtx) => (await ctx.db.query('users').first()).name;",
            True,
        ),
        ("convex/f.ts", "await ctx.db.insert('users', { name: 'a' });", True),
        ("convex/f.ts", "const d = { name: 'a' }; await ctx.db.insert('users', d);", False),
        ("convex/f.ts", "await ctx.db.insert('users', { ...{ name: 'a' } });", False),
        ("convex/f.ts", "await ctx.db.insert('users', { name: 'a' } as any);", False),
    ],
)
def test_whether_the_compiler_finds_it_too(tmp_path: Path, path: str, body: str, compiler: bool) -> None:
    text = f"export const f = mutation({{ args: {{}}, handler: async (ctx) => {{ {body} }} }});\n"
    source = FolderSource(write_project(tmp_path, {"convex/schema.ts": SCHEMA, path: text}))
    found = collect(source, [READER.read(source, Config())], NAMES, [path])
    assert [fact.compiler for _, all_ in found for fact in all_ if isinstance(fact, FieldUse)] == [compiler]


def test_queries_name_their_index_and_filter_by_fields(tmp_path: Path) -> None:
    text = (
        "export const f = query({ args: {}, handler: async (ctx) => {\n"
        "  await ctx.db.query('users').withIndex('by_name', (q) => q.eq('name', 'a')).first();\n"
        "  await ctx.db.query('users').withIndex('by_creation_time').filter((q) => q.eq(q.field('name'), undefined)).first();\n"
        "  await ctx.db.insert('posts', { title: 'a', ...rest });\n"
        "} });\n"
    )
    found = facts(tmp_path, {"convex/f.ts": text})
    queries = [fact for fact in found if isinstance(fact, Query)]
    assert [(q.table, q.named_index, q.place.line) for q in queries] == [("users", "by_name", 2)]
    filters = [
        (f.name, f.operator, f.place.line) for f in found if isinstance(f, FieldUse) and f.role == "filter"
    ]
    assert filters == [("name", "eq", 2), ("name", "is_null", 3)]
    inserts = [fact for fact in found if isinstance(fact, RowInsert)]
    assert [(fact.given, fact.complete) for fact in inserts] == [(("title",), False)]


@pytest.mark.parametrize(
    "builder",
    [
        (
            "customQuery(base, customCtx(async (ctx) => { const user = await ctx.db.query('users').first();\n"
            "  const viewer = () => user; return { user, viewer }; }))"
        ),
        "customQuery(base, customCtx(async (ctx) => await withUser(ctx)))",
        (
            "customMutation(base, { args: {}, input: async (ctx, args) => {\n"
            "  const user = await ctx.db.query('users').first(); \n"
            "  const viewer = () => user; return { ctx: { ...ctx, user, viewer }, args }; } })"
        ),
    ],
)
def test_what_builders_put_into_the_context(tmp_path: Path, builder: str) -> None:
    files = {
        "convex/functions.ts": (
            "async function withUser(ctx: QueryCtx) {\n"
            "  const own = { ...ctx, skipRules: { table: entsTableFactory(ctx, definitions) } };\n"
            "  const user = (await own.skipRules.table('users').first()) ?? null;\n"
            "  const viewer = () => { if (!user) throw new Error(); return user; };\n"
            "  return { ...own, user, viewer };\n"
            "}\n"
            f"export const query = {builder};\n"
        ),
        "convex/f.ts": (
            'import { query } from "./functions";\n'
            "export const f = query({ args: {}, handler: async (ctx) => {\n"
            "  log(ctx.user.name);\n"
            "  log((await ctx.table('users').firstX()).name, ctx.name);\n"
            "  const viewer = ctx.viewer(); log(viewer.name);\n"
            "} });\n"
        ),
    }
    found = [fact.place.line for fact in facts(tmp_path, files) if isinstance(fact, FieldUse)]
    assert found == [3, 4, 5]


@pytest.mark.parametrize(
    "query",
    [
        "ctx.table('users', 'by_name', (q) => q.eq('name', 'a')).first()",
        "ctx.table('users').get('by_name', 'a')",
        "ctx.table('users').getX('by_name', 'a')",
        "ctx.table('users').search('by_name', (q) => q.search('name', 'a'))",
    ],
)
def test_queries_of_ents_name_their_index(tmp_path: Path, query: str) -> None:
    text = f"export const f = query({{ args: {{}}, handler: async (ctx) => await {query} }});\n"
    found = [fact for fact in facts(tmp_path, {"convex/f.ts": text}) if isinstance(fact, Query)]
    assert [(one.table, one.named_index) for one in found] == [("users", "by_name")]


def test_functions_beside_another_schema_are_left_out(tmp_path: Path) -> None:
    text = "export const f = (u: Doc<'users'>) => u.name;"
    other = {
        "convex/auth/schema.ts": SCHEMA,
        "convex/auth/convex.config.ts": "",
        "convex/auth/f.ts": text,
        "apps/mobile/convex/schema.ts": SCHEMA,
        "apps/mobile/convex/f.ts": text,
    }
    ours = {"convex/users/schema.ts": "", "convex/users/f.ts": text, "apps/mobile/f.ts": text}
    source = FolderSource(write_project(tmp_path, {"convex/schema.ts": SCHEMA, **other, **ours}))
    schema = READER.read(source, Config(schema=("convex/schema.ts",)))
    found = [path for path, _ in collect(source, [schema], NAMES)]
    assert [path for path in found if path.endswith("f.ts")] == ["apps/mobile/f.ts", "convex/users/f.ts"]


def test_generated_and_test_files_are_left_out(tmp_path: Path) -> None:
    text = "export const f = (u: Doc<'users'>) => u.name;"
    assert facts(tmp_path, {"convex/_generated/x.ts": text, "convex/x.test.ts": text}) == []
    assert len(facts(tmp_path, {"convex/x.tsx": text + "\nexport const C = () => <b>{1}</b>;"})) == 1
