"""Convex schemas, functions and migrations, in TypeScript."""
