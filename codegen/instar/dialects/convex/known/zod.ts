import { v } from "convex/values";

const same = (validator) => () => wrap(validator);

const wrap = (validator) => ({
  validator,
  optional: () => wrap(v.optional(validator)),
  nullable: () => wrap(v.union(validator, v.null())),
  describe: same(validator),
  min: same(validator),
  max: same(validator),
  int: same(validator),
  length: same(validator),
  trim: same(validator),
  positive: same(validator),
  nonnegative: same(validator),
  nonempty: same(validator),
});

export const z = {
  string: () => wrap(v.string()),
  number: () => wrap(v.number()),
  boolean: () => wrap(v.boolean()),
  any: () => wrap(v.any()),
  null: () => wrap(v.null()),
  literal: (value) => wrap(v.literal(value)),
  enum: (values) => (values.length > 1 ? wrap(v.union(...values.map((value) => v.literal(value)))) : notKnown),
  array: (element) => wrap(v.array(element.validator)),
  object: (shape) =>
    wrap(v.object(Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, field.validator])))),
  union: (members) => wrap(v.union(...members.map((member) => member.validator))),
};
export default z;
