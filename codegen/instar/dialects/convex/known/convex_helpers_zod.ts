import { v } from "convex/values";

export const zodToConvex = (schema) => schema.validator;
export const zodToConvexFields = (fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.validator]));
export const zid = (table) => ({ validator: v.id(table) });
