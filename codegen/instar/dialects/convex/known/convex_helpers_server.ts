import { defineTable } from "convex/server";
import { v } from "convex/values";

export const Table = (name, fields) => {
  const systemFields = { _id: v.id(name), _creationTime: v.number() };
  const withSystemFields = { ...fields, ...systemFields };
  return {
    name,
    table: defineTable(fields),
    doc: v.object(withSystemFields),
    withoutSystemFields: fields,
    withSystemFields,
    systemFields,
    _id: systemFields._id,
  };
};
