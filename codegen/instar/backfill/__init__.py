"""Batched, tracked, resumable and verified rewriting of stored data."""
