import { query } from "./_generated/server";

/** The published posts, the newest first. */
export const published = query({
  args: {},
  handler: async (ctx) =>
    await ctx.db
      .query("posts")
      .withIndex("by_status_and_published", (q) => q.eq("status", "published"))
      .order("desc")
      .collect(),
});
