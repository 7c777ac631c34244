import { v } from "convex/values";

// @convex-dev/workflow, @convex-dev/workpool and @convex-dev/action-retrier hand out ids as branded strings.
export const vWorkflowId = v.string();
export const vWorkId = v.string();
export const runIdValidator = v.string();
