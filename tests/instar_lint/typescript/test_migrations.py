"""What the rules INS401 to INS407 say of Convex functions that rewrite a table."""

from __future__ import annotations

import msgspec
import pytest

from instar.dialects.convex.backfills import backfill_module
from instar.schema.model import Field, Schema, Table
from instar.schema.operations import BackfillWork
from instar.schema.types import AnyType, ArrayType, FloatType, StringType
from instar_lint.lint import lint_revision
from instar_lint.typescript.migrations import parse_migrations
from standing_example import DEPLOYMENT

USERS = Table(
    name="users", fields=(Field(name="name", type=StringType()), Field(name="karma", type=FloatType(64)))
)
FILES = Table(name="files", fields=(Field(name="pages", type=ArrayType(ArrayType(AnyType()))),))
CONVEX = msgspec.structs.replace(
    DEPLOYMENT, declared=Schema(dialect="convex", tables=(FILES, USERS)), configured=True
)


def findings(text: str, path: str = "convex/migrations.ts", former: str | None = None):
    revision = parse_migrations(text.encode(), path, former.encode() if former is not None else None)
    return lint_revision(revision, CONVEX)


def said(text: str, **more: str) -> list[str]:
    return [finding.code for finding in findings(text, **more)]


def definition(body: str, table: str = "users", more: str = "") -> str:
    return f'export const m = migrations.define({{ table: "{table}", {more} migrateOne: {body} }});\n'


def mutation(loop: str, read: str = "paginate(opts)", name: str = "backfillNames", query: str = "") -> str:
    return f"""\
export const {name} = internalMutation({{
  args: {{ opts: v.any() }},
  handler: async (ctx, {{ opts }}) => {{
    const docs = await ctx.db.query("users"){query}.{read};
    {loop}
  }},
}});
"""


EACH = "for (const doc of docs.page) {{ {} }}"
PATCH = 'await ctx.db.patch("users", doc._id, { name: "x" });'


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (definition("() => ({ name: 'x' })"), ["INS402"]),
        (definition("(_ctx, doc) => ({ karma: doc.karma * 10 })"), ["INS402"]),
        (definition("async (ctx, doc) => { await ctx.db.patch(doc._id, { karma: doc.karma * 10 }); }"), ["INS402"]),
        (definition("(_ctx, doc) => { if (doc.name === undefined) return { name: 'x' }; }"), []),
        (definition("(_ctx, doc) => { if (doc.name) return; return { name: 'x' }; }"), []),
        (definition("(_ctx, { name }) => (name ? undefined : { name: 'x' })"), []),
        (definition("(_ctx, doc) => ({ name: doc.name ?? 'x' })"), []),
        (definition("(_ctx, doc) => ({ name: doc.name ? 'a' : 'b' })"), ["INS402"]),
        (definition("() => ({ name: undefined })"), []),
        (definition("async (ctx, doc) => { await ctx.db.delete(doc._id); }"), []),
        (definition("(_ctx, doc) => ({ name: doc.name ?? 'x' })", more="batchSize: 20_000,"), ["INS407"]),
        (definition("(_ctx, doc) => ({ name: doc.name ?? 'x' })", more="batchSize: 500,"), []),
        (definition("(_ctx, doc) => ({ pages: doc.pages ?? [] })", "files", "batchSize: 200,"), ["INS407"]),
        (definition("(_ctx, doc) => ({ pages: doc.pages ?? [] })", "files", "batchSize: 50,"), []),
        (mutation(EACH.format(PATCH)), ["INS402", "INS405"]),
        (mutation(EACH.format("if (doc.name === undefined) " + PATCH)), ["INS405"]),
        (mutation(EACH.format("if (doc.name !== undefined) continue; " + PATCH)), ["INS405"]),
        (mutation("await Promise.all(docs.page.map(async (doc) => { " + PATCH + " }));"), ["INS402", "INS405"]),
        (mutation(EACH.format(PATCH), query=".filter((q) => q.eq(q.field('name'), undefined))"), ["INS405"]),
        (mutation(EACH.format(PATCH), "paginate({ cursor: null, numItems: 50_000 })"), ["INS402", "INS405", "INS407"]),
        (mutation("for (const doc of docs) { " + PATCH + " }", "collect()"), ["INS401"]),
        (mutation(EACH.format("const patch = patchOf(doc); if (patch !== null) " + PATCH)), ["INS405"]),
        (mutation("for (const doc of docs) { " + PATCH + " }", "take(100)"), ["INS402", "INS405"]),
    ],
)  # fmt: skip
def test_functions_that_rewrite_a_table(text: str, codes: list[str]) -> None:
    assert said(text) == codes


def test_a_function_without_a_definition_around_it() -> None:
    loop = "for (const doc of await ctx.db.query('users').collect()) { " + PATCH + " }"
    assert said(f"export const fix = internalMutation(async (ctx) => {{ {loop} }});\n") == ["INS401"]


def test_a_mutation_that_calls_itself_for_the_next_page_is_one_by_any_name() -> None:
    again = EACH.format(PATCH) + "await ctx.scheduler.runAfter(0, internal.users.next, {});"
    assert said(mutation(again, name="next"), path="convex/users.ts") == ["INS402", "INS405"]


@pytest.mark.parametrize(
    "text",
    [
        mutation(EACH.format(PATCH), name="touch"),
        mutation(EACH.format(PATCH), query='.withIndex("by_team", (q) => q.eq("team", 1))'),
        mutation("return docs.page.length;"),
        "export const backfill = 1;",
    ],
)
def test_functions_of_the_application(text: str) -> None:
    assert said(text, path="convex/users.ts") == []


def test_functions_that_were_there_before_are_not_spoken_of() -> None:
    old, new = mutation(EACH.format(PATCH)), mutation(EACH.format(PATCH), name="backfillMore")
    assert [f.place.line for f in findings(old + new, former=old)] == [12, 12]
    assert said(old, former=old) == []


def test_a_record_in_a_table_of_migrations_counts() -> None:
    record = 'await ctx.db.insert("migrations", { name: "backfill" });'
    assert said(mutation(EACH.format("if (!doc.name) " + PATCH) + record)) == []


@pytest.mark.parametrize("style", ["component", "self-contained"])
@pytest.mark.parametrize("how", ["clear", "fill", "convert"])
def test_what_is_generated_is_clean(style, how) -> None:
    clear = how == "clear"
    work = BackfillWork(
        name="abc/users.name.clear" if clear else "abc/users.name",
        table="users",
        target="name",
        guard="doc.name !== undefined" if clear else "doc.name === undefined",
        clear=clear,
        expression='"x"' if how == "fill" else None,
        compute="convert:name" if how == "convert" else None,
    )
    text = backfill_module(work, USERS, style, "users_name", "model")
    seen = parse_migrations(text.encode(), "convex/migrations/users_name.ts").statements
    assert bool(seen) is (style == "self-contained")
    assert said(text, path="convex/migrations/users_name.ts") == []


def test_the_place_is_that_of_the_write() -> None:
    (found,) = findings(definition("(_ctx, doc) => ({ karma: doc.karma * 10 })"))
    assert (found.place.line, found.table) == (1, "users")
    assert found.message == (
        "this update of users is not safe to run twice; add a condition that leaves out finished documents"
    )
