import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  users: defineTable({
    name: v.string(),
    email: v.string(),
    createdAt: v.number(),
    updatedAt: v.number(),
    avatarUrl: v.optional(v.string()),
    settings: v.optional(
      v.object({
        theme: v.union(v.literal("light"), v.literal("dark")),
        notifications: v.object({ email: v.boolean(), push: v.boolean() }),
      }),
    ),
  })
    .index("by_email", ["email"])
    .index("by_created", ["createdAt"]),
  posts: defineTable({
    title: v.string(),
    authorId: v.id("users"),
    status: v.union(
      v.literal("draft"),
      v.literal("published"),
      v.literal("archived"),
    ),
    publishedAt: v.optional(v.number()),
  })
    .index("by_author", ["authorId"])
    .index("by_status", ["status"])
    .index("by_author_and_status", ["authorId", "status"])
    .index("by_status_and_published", ["status", "publishedAt"]),
});
