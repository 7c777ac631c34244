import { query } from "./_generated/server";

/** The titles of the tasks that cannot wait. */
export const urgent = query({
  args: {},
  handler: async (ctx) => {
    const tasks = await ctx.db.query("tasks").collect();
    return tasks
      .filter((task) => task.priority === "high")
      .map((task) => task.title);
  },
});
