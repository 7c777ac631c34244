/** What every generated backfill goes through, on 250 documents. */
import migrationsComponent from "@convex-dev/migrations/test";
import { convexTest, type TestConvex } from "convex-test";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import { expect, test, vi } from "vitest";

type Schema = SchemaDefinition<GenericSchema, boolean>;
type Modules = Record<string, () => Promise<unknown>>;
export type Scenario = {
  schema: Schema;
  strict: Schema;
  modules: Modules;
  component: boolean;
  /** Backfill functions by module, with the table that each rewrites. */
  backfills: { api: any; table: string; refused: boolean }[];
  /** Documents by table; `ids` are those of the tables before. */
  seed: Record<string, (i: number, ids: Record<string, any[]>) => Record<string, unknown>>;
  /** A staged index, and the table that it is on. */
  staged?: { table: string; index: string };
  /** A table and a change of one of its documents that lets its backfill fail. */
  breaks?: { table: string; broken: Record<string, unknown>; mended: Record<string, unknown> };
  api: any;
};
const COUNT = 250;
const USER = { name: "a", email: "b", createdAt: 1, updatedAt: 1 };

async function start(scenario: Scenario): Promise<TestConvex<Schema>> {
  const t = convexTest(scenario.schema, scenario.modules);
  if (scenario.component) migrationsComponent.register(t as never);
  await t.run(async (ctx) => {
    const ids: Record<string, any[]> = {};
    for (const [table, make] of Object.entries(scenario.seed)) {
      ids[table] = [];
      for (let i = 0; i < COUNT; i += 1) ids[table].push(await ctx.db.insert(table, make(i, ids) as never));
    }
  });
  return t;
}

/** How many documents the next deploy would be refused for. */
async function refused(t: TestConvex<Schema>, scenario: Scenario, table: string): Promise<number> {
  const documents = await t.run((ctx) => ctx.db.query(table).collect());
  const strict = convexTest(scenario.strict, scenario.modules);
  let errors = 0;
  const users = new Map<unknown, unknown>();
  for (const { _id, _creationTime, ...document } of documents) {
    try {
      if (document.authorId !== undefined) {
        const author = users.get(document.authorId) ?? (await strict.run((ctx) => ctx.db.insert("users", USER as never)));
        users.set(document.authorId, author);
        document.authorId = author;
      }
      await strict.run((ctx) => ctx.db.insert(table, document as never));
    } catch {
      errors += 1;
    }
  }
  return errors;
}

async function finish(t: TestConvex<Schema>): Promise<void> {
  await t.finishAllScheduledFunctions(vi.runAllTimers);
}

async function crash(t: TestConvex<Schema>): Promise<void> {
  await t.run(async (ctx) => {
    const jobs = await ctx.db.system.query("_scheduled_functions").collect();
    for (const job of jobs) if (job.state.kind === "pending") await ctx.scheduler.cancel(job._id);
  });
}

export function scenarioTests(name: string, scenario: Scenario): void {
  const staged = scenario.staged;
  if (staged !== undefined) {
    test(`${name}: the index is refused while it is staged, and serves queries afterwards`, async () => {
      const query = (ctx: any) => ctx.db.query(staged.table).withIndex(staged.index).first();
      await expect((await start(scenario)).run(query)).rejects.toThrow(staged.index);
      expect(await (await start({ ...scenario, schema: scenario.strict })).run(query)).not.toBeNull();
    });
    return;
  }
  const tables = [...new Set(scenario.backfills.filter((one) => one.refused).map((one) => one.table))];

  test(`${name}: every document is refused before and accepted after, and a second run is refused`, async () => {
    vi.useFakeTimers();
    const t = await start(scenario);
    for (const table of tables) expect(await refused(t, scenario, table)).toBe(COUNT);
    for (const { api } of scenario.backfills) {
      expect((await t.action(api.verify, {})).remaining).toBe(COUNT);
      await t.mutation(api.run, {});
      await finish(t);
      expect(await t.action(api.verify, {})).toMatchObject({ checked: COUNT, remaining: 0 });
      if (!scenario.component) await expect(t.mutation(api.run, {})).rejects.toThrow("is completed");
    }
    for (const table of tables) expect(await refused(t, scenario, table)).toBe(0);
    if (scenario.component) return;
    const records = await t.query(scenario.api.tracking.status, {});
    expect(records).toHaveLength(scenario.backfills.length);
    for (const record of records) expect(record).toMatchObject({ status: "completed", processed: COUNT });
  });

  if (scenario.component || scenario.backfills.length === 0) return;

  test(`${name}: an interrupted backfill is refused while it runs, and goes on where it stopped`, async () => {
    vi.useFakeTimers();
    const t = await start(scenario);
    const { api } = scenario.backfills[0]!;
    await t.mutation(api.run, {});
    await crash(t);
    await t.mutation(api.rewritePage, {});
    await crash(t);
    expect((await t.action(api.verify, {})).remaining).toBe(COUNT - 100);
    await expect(t.mutation(api.run, {})).rejects.toThrow("is running");
    await t.mutation(api.run, { takeOver: true });
    await finish(t);
    const [record] = await t.query(scenario.api.tracking.status, {});
    expect(record).toMatchObject({ status: "completed", processed: COUNT });
    expect((await t.action(api.verify, {})).remaining).toBe(0);
  });

  const breaks = scenario.breaks;
  if (breaks === undefined) return;
  test(`${name}: a failure is recorded, and the retry goes on from the cursor`, async () => {
    vi.useFakeTimers();
    const t = await start(scenario);
    const { api } = scenario.backfills[0]!;
    const victim = await t.run(async (ctx) => (await ctx.db.query(breaks.table).collect())[120]!._id);
    await t.run((ctx) => ctx.db.patch(victim, breaks.broken as never));
    await t.mutation(api.run, {});
    await finish(t);
    const [failed] = await t.query(scenario.api.tracking.status, {});
    expect(failed).toMatchObject({ status: "failed", processed: 100 });
    expect(failed.error).toContain("TypeError");
    await t.run((ctx) => ctx.db.patch(victim, breaks.mended as never));
    await t.mutation(api.run, {});
    await finish(t);
    const [record] = await t.query(scenario.api.tracking.status, {});
    expect(record).toMatchObject({ status: "completed", processed: COUNT });
    expect(record.error).toBeUndefined();
  });
}
