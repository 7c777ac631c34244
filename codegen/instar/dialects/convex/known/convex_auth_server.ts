import { defineTable } from "convex/server";
import { v } from "convex/values";

const text = v.string();
const maybeText = v.optional(v.string());

export const authTables = {
  users: defineTable({
    name: maybeText,
    image: maybeText,
    email: maybeText,
    emailVerificationTime: v.optional(v.number()),
    phone: maybeText,
    phoneVerificationTime: v.optional(v.number()),
    isAnonymous: v.optional(v.boolean()),
  })
    .index("email", ["email"])
    .index("phone", ["phone"]),
  authSessions: defineTable({ userId: v.id("users"), expirationTime: v.number() }).index("userId", ["userId"]),
  authAccounts: defineTable({
    userId: v.id("users"),
    provider: text,
    providerAccountId: text,
    secret: maybeText,
    emailVerified: maybeText,
    phoneVerified: maybeText,
  })
    .index("userIdAndProvider", ["userId", "provider"])
    .index("providerAndAccountId", ["provider", "providerAccountId"]),
  authRefreshTokens: defineTable({
    sessionId: v.id("authSessions"),
    expirationTime: v.number(),
    firstUsedTime: v.optional(v.number()),
    parentRefreshTokenId: v.optional(v.id("authRefreshTokens")),
  })
    .index("sessionId", ["sessionId"])
    .index("sessionIdAndParentRefreshTokenId", ["sessionId", "parentRefreshTokenId"]),
  authVerificationCodes: defineTable({
    accountId: v.id("authAccounts"),
    provider: text,
    code: text,
    expirationTime: v.number(),
    verifier: maybeText,
    emailVerified: maybeText,
    phoneVerified: maybeText,
  })
    .index("accountId", ["accountId"])
    .index("code", ["code"]),
  authVerifiers: defineTable({ sessionId: v.optional(v.id("authSessions")), signature: maybeText }).index(
    "signature",
    ["signature"],
  ),
  authRateLimits: defineTable({
    identifier: text,
    lastAttemptTime: v.number(),
    attemptsLeft: v.number(),
  }).index("identifier", ["identifier"]),
};
