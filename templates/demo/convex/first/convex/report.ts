import { query } from "./_generated/server";

/** Every post with its score, for the weekly report. */
export const weekly = query({
  args: {},
  handler: async (ctx) => {
    const posts = await ctx.db.query("posts").collect();
    return posts.map((post) => `${post.title}: ${post.legacyScore}`);
  },
});
