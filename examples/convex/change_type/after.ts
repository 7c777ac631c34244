import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  tasks: defineTable({
    priority: v.number(),
    title: v.string(),
  }),
});
