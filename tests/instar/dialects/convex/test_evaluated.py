"""The two ways to a schema, static and evaluated, say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from convex_projects import write_project
from instar.config import Config
from instar.dialects.convex.comparison import bare
from instar.dialects.convex.evaluated import evaluate_schema
from instar.dialects.convex.reader import READER
from instar.errors import InstarError
from instar.sources import FolderSource

pytestmark = pytest.mark.node

SCHEMA = """\
import { defineSchema, defineTable, paginationOptsValidator } from "convex/server";
import { v } from "convex/values";
import { brandedString, deprecated, literals, nullable, partial, pretend, withSystemFields } from "convex-helpers/validators";
import { rateLimitTables } from "convex-helpers/server/rateLimit";
import { migrationsTable } from "convex-helpers/server/migrations";
import { Table } from "convex-helpers/server";
import { zodToConvex } from "convex-helpers/server/zod4";
import { z } from "zod/v4";
import * as shared from "./shared";
import defaults, { Level, type Unused } from "./shared";

const statuses = ["draft", "published"] as const;
const profile = v.object({ bio: v.string(), links: v.array(v.string()), level: v.optional(v.number()) });
const { bio, ...others } = profile.fields;
const Notes = Table("notes", { text: v.string() });
function timestamps(extra = {}) {
  const at = v.number();
  if (defaults.soft) {
    return { createdAt: at, deletedAt: v.optional(at), ...extra };
  }
  return { createdAt: at };
}

export default defineSchema(
  {
    ...rateLimitTables,
    migrations: migrationsTable,
    notes: Notes.table,
    users: defineTable({
      ...timestamps({ [`at_${statuses.length}`]: v.null() }),
      name: v.string(),
      email: nullable(v.string()),
      big: v.literal(-9007199254740993n),
      level: literals(...Object.values(Level)),
      old: deprecated,
      lies: pretend(v.number()),
      brand: brandedString("brand"),
      bytes: v.optional(v.bytes()),
      when: v.commitTs(),
      page: paginationOptsValidator,
      "needs-no-quotes": v.record(v.id("users"), v.array(v.int64())),
    })
      .index("by_email", ["email"])
      .index("by_level", { fields: ["level", "name"], staged: true })
      .searchIndex("search_name", { searchField: "name", filterFields: ["email"] }),
    posts: defineTable(
      v.union(
        v.object({ kind: v.literal("a"), status: v.union(...statuses.map((s) => v.literal(s))) }),
        profile.omit("links").extend({ kind: v.literal("b") }).partial(),
      ),
    ),
    anything: defineTable(v.any()),
    zod: defineTable({ kind: zodToConvex(z.enum(["a", "b"])), many: zodToConvex(z.array(z.object({ a: z.number().optional() }))) }),
    profiles: defineTable({ bio, ...partial(others), doc: v.object(withSystemFields("profiles", {})) })
      .vectorIndex("by_links", { vectorField: "embedding", dimensions: shared.DIMENSIONS, filterFields: ["bio"] })
      .staged({ bio: undefined, nested: shared.nested }),
  },
  { schemaValidation: false, strictTableNameTypes: true },
);
"""
SHARED = """\
import { v } from "convex/values";
export enum Level { Low = "low", High = "high" }
export const DIMENSIONS = 512 * 3;
export const nested = v.object({ deep: v.array(v.union(v.boolean(), v.literal(1), v.literal(true))) });
export type Unused = string;
export default { soft: true };
"""


def test_the_static_reader_says_what_the_backend_gets(tmp_path: Path) -> None:
    write_project(tmp_path, {"convex/schema.ts": SCHEMA, "convex/shared.ts": SHARED}, installed=True)
    exact = evaluate_schema(tmp_path, "convex/schema.ts")
    static = READER.read(FolderSource(tmp_path), Config())
    assert len(exact.tables) == 8
    assert bare(static) == bare(exact)


ZOD = """\
import { defineSchema, defineTable } from "convex/server";
import { Table } from "convex-helpers/server";
import { zid, zodOutputToConvex, zodToConvex, zodToConvexFields } from "convex-helpers/server/zod%(version)s";
import { z } from "zod/v%(version)s";

const role = z.enum(["admin", "member", "guest"]);
const address = z.object({ street: z.string().min(1), zip: z.string().regex(/^[0-9]+$/).optional() });
const user = z.object({
  name: z.string().trim().max(80),
  email: z.string().email().nullable(),
  age: z.coerce.number().int().positive().optional(),
  role: role.default("member"),
  staff: role.exclude(["guest"]),
  address: address.extend({ city: z.string() }).omit({ zip: true }),
  addresses: z.array(address).nonempty(),
  nick: z.string().nullish(),
  both: z.string().optional().nullable(),
  scores: z.record(z.string(), z.number()),
  pair: z.tuple([z.string(), z.number()]),
  shape: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("a"), a: z.boolean() }),
    z.object({ kind: z.literal("b"), b: z.bigint() }),
  ]),
  either: z.string().or(z.null()),
  when: z.string().transform((text) => text.length),
  piped: z.string().pipe(z.string()),
  anything: z.unknown(),
});
const Things = Table("things", zodToConvexFields({ owner: zid("users").optional(), tags: zid("tags").array() }));

export default defineSchema({
  users: defineTable(zodToConvex(user)),
  outputs: defineTable(zodOutputToConvex(user)),
  partial: defineTable(zodToConvexFields(user.pick({ name: true, email: true }).partial().shape)),
  things: Things.table.index("owner", ["owner"]),
});
"""


@pytest.mark.parametrize("version", ["3", "4"])
def test_the_validators_made_of_zod_schemas(tmp_path: Path, version: str) -> None:
    write_project(tmp_path, {"convex/schema.ts": ZOD % {"version": version}}, installed=True)
    static = READER.read(FolderSource(tmp_path), Config())
    assert [table.opaque for table in static.tables] == [()] * 4
    assert bare(static) == bare(evaluate_schema(tmp_path, "convex/schema.ts"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("export default 1;", "default export"),
        ('import x from "nowhere"; export default x;', '^convex/schema.ts:1: .* Could not resolve "nowhere"'),
        ("throw new Error('no such luck');", "no such luck"),
    ],
)
def test_a_schema_that_cannot_be_evaluated(tmp_path: Path, text: str, message: str) -> None:
    write_project(tmp_path, {"convex/schema.ts": text}, installed=True)
    with pytest.raises(InstarError, match=message):
        evaluate_schema(tmp_path, "convex/schema.ts")
