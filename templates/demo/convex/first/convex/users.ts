import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

/** The name of a user, for greetings. */
export const nameOf = query({
  args: { id: v.id("users") },
  returns: v.union(v.string(), v.null()),
  handler: async (ctx, args) => {
    const user = await ctx.db.get(args.id);
    return user === null ? null : user.name;
  },
});

/** Adds a user. */
export const signUp = mutation({
  args: { name: v.string(), email: v.string() },
  returns: v.id("users"),
  handler: async (ctx, args) =>
    await ctx.db.insert("users", { name: args.name, email: args.email }),
});
