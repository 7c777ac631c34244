import { query } from "./_generated/server";
import { priority } from "./model/tasks";

/** The titles of the tasks that cannot wait. */
export const urgent = query({
  args: {},
  handler: async (ctx) => {
    const tasks = await ctx.db.query("tasks").collect();
    return tasks
      .filter((task) => priority(task) === 3)
      .map((task) => task.title);
  },
});
