"""Recorded state of environments, and gates as pure functions over evidence."""
