"""Edits of the source that declares a schema; formatting and comments are kept."""
