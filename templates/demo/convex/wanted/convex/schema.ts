import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  users: defineTable({
    displayName: v.string(),
    email: v.string(),
    createdAt: v.number(),
  }).index("by_email", ["email"]),
  posts: defineTable({
    authorId: v.id("users"),
    title: v.string(),
    status: v.union(v.literal("draft"), v.literal("published")),
    publishedAt: v.number(),
  })
    .index("by_author", ["authorId"])
    .index("by_status_and_published", ["status", "publishedAt"]),
  tasks: defineTable({
    title: v.string(),
    priority: v.number(),
  }),
});
