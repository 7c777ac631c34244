import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  posts: defineTable({
    title: v.string(),
    legacyScore: v.number(),
  }).index("by_title", ["title"]),
});
