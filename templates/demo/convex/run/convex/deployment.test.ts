/// <reference types="vite/client" />
/** Stands in for a deployment: runs every backfill that the schema knows on 250 old documents a table. */
import { convexTest } from "convex-test";
import { expect, test, vi } from "vitest";

import { internal } from "./_generated/api";
import schema from "./schema";

const COUNT = 250;
const PRIORITIES = ["low", "medium", "high"];
const backfills = internal.migrations as any;
const modules = import.meta.glob([
  "./**/*.ts",
  "./**/*.js",
  "!./**/*.test.ts",
  "!./**/*.d.ts",
]);

/** A user, a post and a task, as the deploy before left them. */
async function addOld(ctx: any, i: number, isFirst: boolean): Promise<void> {
  const name = `User ${i}`;
  const email = `user${i}@mail.example`;
  const filled = isFirst ? {} : { displayName: name, createdAt: i };
  const authorId = await ctx.db.insert("users", { name, email, ...filled });
  await ctx.db.insert("posts", {
    authorId,
    title: `Post ${i}`,
    status: i % 4 ? "published" : "draft",
    publishedAt: i,
    ...(isFirst ? { legacyScore: i } : {}),
  });
  const priority = isFirst ? PRIORITIES[i % 3] : 1 + (i % 3);
  await ctx.db.insert("tasks", { title: `Task ${i}`, priority });
}

test("every backfill leaves nothing to do", async () => {
  vi.useFakeTimers();
  const t = convexTest(schema, modules);
  const names = Object.keys(modules)
    .map((path) => /^\.\/migrations\/(?!tracking)(\w+)\.ts$/.exec(path)?.[1])
    .filter((name) => name !== undefined);
  const isFirst = !names.includes("users_name_clear");
  await t.run(async (ctx) => {
    for (let i = 0; i < COUNT; i += 1) await addOld(ctx, i, isFirst);
  });
  for (const name of isFirst ? names : ["users_name_clear"]) {
    const before = await t.action(backfills[name].verify, {});
    expect(before.remaining).toBe(COUNT);
    await t.mutation(backfills[name].run, {});
    await t.finishAllScheduledFunctions(vi.runAllTimers);
    const result = await t.action(backfills[name].verify, {});
    expect(result.remaining).toBe(0);
    console.log(`verified ${JSON.stringify(result)}`);
  }
});
