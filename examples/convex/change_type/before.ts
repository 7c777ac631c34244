import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  tasks: defineTable({
    priority: v.union(v.literal("low"), v.literal("medium"), v.literal("high")),
    title: v.string(),
  }),
});
