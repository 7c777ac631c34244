"""What `instar` costs on a large Convex project, beside `tsc` and `eslint` on the same folder in the same run.

    python benchmarks/convex_speed.py --packages DIR [--files 400] [--tables 100] [--runs 5]

DIR is a folder whose `node_modules` holds `convex` and `typescript`, and for the comparison with the linter of Convex
`eslint`, `typescript-eslint` and `@convex-dev/eslint-plugin`. The project is written by this script: a schema of so many
tables, and files of functions that query, read and write them. In its work tree a field is dropped, another one is
required, and an index is new. Printed are seconds, of a new process each: of CPU for `diff`, by the clock for the others.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIELDS = """\
    ownerId: v.id("{owner}"),
    title: v.string(),
    summary: v.optional(v.string()),
    status: v.union(v.literal("draft"), v.literal("open"), v.literal("done"), v.literal("archived")),
    priority: v.union(v.literal("low"), v.literal("medium"), v.literal("high")),
    tags: v.array(v.string()),
    settings: v.object({{
      theme: v.optional(v.union(v.literal("light"), v.literal("dark"))),
      notify: v.boolean(),
      limits: v.object({{ daily: v.number(), monthly: v.number(), burst: v.optional(v.number()) }}),
    }}),
    metadata: v.record(v.string(), v.union(v.string(), v.number(), v.boolean(), v.null())),
    history: v.array(
      v.object({{ at: v.number(), by: v.union(v.id("{owner}"), v.null()), from: v.string(), to: v.string() }}),
    ),
    links: v.optional(v.array(v.object({{ url: v.string(), label: v.optional(v.string()), pinned: v.boolean() }}))),
    score: v.number(),
    weight{number}: v.number(),
    legacy{number}: v.optional(v.string()),
    publishedAt: v.optional(v.number()),
    updatedAt: v.number(),
    updatedBy: v.union(v.id("{owner}"), v.null()),
"""
TABLE = """\
  {name}: defineTable({{
{fields}  }})
    .index("by_owner", ["ownerId"])
    .index("by_status", ["status", "publishedAt"])
    .index("by_owner_and_status", ["ownerId", "status"])
    .searchIndex("search_title", {{ searchField: "title", filterFields: ["status"] }}),
"""
FUNCTIONS = """\
import {{ v }} from "convex/values";

import {{ mutation, query }} from "./_generated/server";

export const list = query({{
  args: {{ owner: v.id("{owner}") }},
  handler: async (ctx, args) => {{
    const found = await ctx.db
      .query("{name}")
      .withIndex("by_owner", (q) => q.eq("ownerId", args.owner))
      .order("desc")
      .take(50);
    return found.map((one) => ({{ id: one._id, title: one.title, weight: one.weight{number}, score: one.score }}));
  }},
}});

export const open = query({{
  args: {{}},
  handler: async (ctx) => {{
    const found = await ctx.db.query("{name}").withIndex("by_status", (q) => q.eq("status", "open")).collect();
    const owners = await Promise.all(found.map(async (one) => await ctx.db.get(one.ownerId)));
    return found.map((one, position) => ({{ title: one.title, owner: owners[position]?.title ?? null }}));
  }},
}});

export const add = mutation({{
  args: {{ owner: v.id("{owner}"), title: v.string() }},
  handler: async (ctx, args) => {{
    return await ctx.db.insert("{name}", {{
      ownerId: args.owner,
      title: args.title,
      status: "draft",
      priority: "low",
      tags: [],
      settings: {{ notify: true, limits: {{ daily: 1, monthly: 30 }} }},
      metadata: {{}},
      history: [],
      score: 0,
      weight{number}: 1,
      updatedAt: Date.now(),
      updatedBy: null,
    }});
  }},
}});

export const rename = mutation({{
  args: {{ id: v.id("{name}"), title: v.string() }},
  handler: async (ctx, args) => {{
    const one = await ctx.db.get(args.id);
    if (one === null) {{
      return null;
    }}
    await ctx.db.patch(args.id, {{ title: args.title, updatedAt: Date.now() }});
    return one.legacy{number} ?? one.summary ?? null;
  }},
}});
"""
GENERATED = {
    "dataModel.d.ts": """\
import type { DataModelFromSchemaDefinition, DocumentByName, TableNamesInDataModel } from "convex/server";
import type { GenericId } from "convex/values";
import schema from "../schema.js";
export type TableNames = TableNamesInDataModel<DataModel>;
export type Doc<TableName extends TableNames> = DocumentByName<DataModel, TableName>;
export type Id<TableName extends TableNames> = GenericId<TableName>;
export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
""",
    "server.d.ts": """\
import type {
  ActionBuilder, GenericActionCtx, GenericMutationCtx, GenericQueryCtx, HttpActionBuilder, MutationBuilder, QueryBuilder,
} from "convex/server";
import type { DataModel } from "./dataModel.js";
export declare const query: QueryBuilder<DataModel, "public">;
export declare const internalQuery: QueryBuilder<DataModel, "internal">;
export declare const mutation: MutationBuilder<DataModel, "public">;
export declare const internalMutation: MutationBuilder<DataModel, "internal">;
export declare const action: ActionBuilder<DataModel, "public">;
export declare const internalAction: ActionBuilder<DataModel, "internal">;
export declare const httpAction: HttpActionBuilder;
export type QueryCtx = GenericQueryCtx<DataModel>;
export type MutationCtx = GenericMutationCtx<DataModel>;
export type ActionCtx = GenericActionCtx<DataModel>;
""",
    "server.js": 'export { queryGeneric as query, mutationGeneric as mutation } from "convex/server";\n',
}
ESLINT = """\
import convex from "@convex-dev/eslint-plugin";
import parser from "typescript-eslint";
export default [
  { ignores: ["convex/_generated/**"] },
  { files: ["**/*.ts"], languageOptions: { parser: parser.parser, parserOptions: { projectService: true } } },
  ...convex.configs.recommended,
];
"""
TSCONFIG = """\
{ "compilerOptions": { "strict": true, "noEmit": true, "skipLibCheck": true, "target": "ESNext", "module": "ESNext",
  "moduleResolution": "Bundler", "lib": ["ESNext", "DOM"], "types": [] }, "include": ["convex"] }
"""


def main() -> int:
    """Write the project, and print what each tool takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="without the others")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="instar-convex-") as folder:
        root, cache = Path(folder) / "app", Path(folder) / "cache"
        write_project(root, options.files, options.tables, options.packages.resolve())
        size = (root / "convex" / "schema.ts").stat().st_size
        print(f"{options.tables} tables, {size:,} bytes of schema, {options.files} files of functions")
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        instar = [sys.executable, "-m", "instar"]

        def cold(command: list[str]) -> tuple[float, float]:
            shutil.rmtree(cache, ignore_errors=True)
            return measured(command, root, environment)

        measured([*instar, "lint", "convex"], root, environment)  # compiles instar itself
        report("instar diff, cold", [cold([*instar, "diff"]) for _ in range(options.runs)])
        report("instar lint convex, cold", [cold([*instar, "lint", "convex"]) for _ in range(options.runs)])
        warm = [measured([*instar, "lint", "convex"], root, environment) for _ in range(options.runs)]
        report("instar lint convex, warm", warm)
        if options.alone:
            return 0
        programs = options.packages.resolve() / "node_modules" / ".bin"
        tsc = [str(programs / "tsc"), "--noEmit", "-p", "."]
        report("tsc --noEmit", [measured(tsc, root, environment) for _ in range(1)])
        if (programs / "eslint").exists():
            eslint = [str(programs / "eslint"), "convex"]
            report("eslint, plugin of Convex", [measured(eslint, root, environment) for _ in range(1)])
    return 0


def write_project(root: Path, files: int, tables: int, packages: Path) -> None:
    """A repository with one commit, and the schema of its work tree changed."""
    names = [f"records{number}" for number in range(tables)]
    rows = [
        TABLE.format(name=name, fields=FIELDS.format(owner=names[0], number=number))
        for number, name in enumerate(names)
    ]
    head = (
        'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n\n'
    )
    schema = head + "export default defineSchema({\n" + "".join(rows) + "});\n"
    convex = root / "convex"
    (convex / "_generated").mkdir(parents=True)
    (convex / "schema.ts").write_text(schema, encoding="utf-8")
    for name, text in GENERATED.items():
        (convex / "_generated" / name).write_text(text, encoding="utf-8")
    for number in range(files):
        text = FUNCTIONS.format(name=names[number % tables], owner=names[0], number=number % tables)
        (convex / f"functions{number}.ts").write_text(text, encoding="utf-8")
    (root / "package.json").write_text('{ "name": "app", "type": "module" }\n', encoding="utf-8")
    (root / "tsconfig.json").write_text(TSCONFIG, encoding="utf-8")
    (root / "eslint.config.js").write_text(ESLINT, encoding="utf-8")
    (root / ".gitignore").write_text("node_modules\n", encoding="utf-8")
    (root / "node_modules").symlink_to(packages / "node_modules")
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    changed = schema.replace("    weight7: v.number(),\n", "    rank: v.number(),\n")
    changed = changed.replace(
        '.index("by_status", ["status", "publishedAt"])', '.index("by_state", ["status"])', 1
    )
    (convex / "schema.ts").write_text(changed, encoding="utf-8")


def measured(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU with all children."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if (
        done.returncode > 2
        or "Traceback" in done.stderr
        or (done.returncode == 2 and "instar" in command[-2:])
    ):
        raise SystemExit(done.stderr[-2000:])
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(what: str, runs: list[tuple[float, float]]) -> None:
    """One line: the middle run."""
    clock, cpu = (statistics.median(values) for values in zip(*runs, strict=True))
    print(f"{what:28} {clock:6.2f} s by the clock {cpu:6.2f} s of CPU", flush=True)


if __name__ == "__main__":
    sys.exit(main())
