import { query } from "./_generated/server";

/** The published posts, the newest first. */
export const published = query({
  args: {},
  handler: async (ctx) => {
    const posts = await ctx.db.query("posts").collect();
    return posts
      .filter((post) => post.status === "published")
      .sort((a, b) => b.publishedAt - a.publishedAt);
  },
});
