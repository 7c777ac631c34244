import { v } from "convex/values";

export const literals = (...values) => v.union(...values.map(v.literal));
export const nullable = (validator) => v.union(v.null(), validator);
export const brandedString = () => v.string();
export const deprecated = v.optional(v.any());
export const pretend = () => v.optional(v.any());
export const pretendRequired = (validator) => v.optional(validator);

const partialFields = (fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, validator]) => [name, v.optional(validator)]));

const partialUnion = (union) =>
  v.union(...union.members.map((member) => (member.kind === "object" ? member.partial() : partialUnion(member))));

export const partial = (given) => {
  if (!given.isConvexValidator) return partialFields(given);
  const made = given.kind === "object" ? given.partial() : partialUnion(given);
  return given.isOptional === "optional" ? v.optional(made) : made;
};

export const systemFields = (table) => ({ _id: v.id(table), _creationTime: v.number() });
export const withSystemFields = (table, fields) => ({ ...fields, ...systemFields(table) });
export const doc = (schema, table) => schema.doc(table);
export const typedV = (schema) => ({ ...v, doc: (table) => schema.doc(table) });

// Until version 0.1.104.
export const string = v.string();
export const number = v.number();
export const float64 = v.float64();
export const boolean = v.boolean();
export const int64 = v.int64();
export const any = v.any();
export const null_ = v.null();
export const arrayBuffer = v.bytes();
export const { id, object, array, bytes, literal, optional, union } = v;
