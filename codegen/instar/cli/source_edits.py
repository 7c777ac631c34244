"""The edit of the schema source that a deploy brings, as a summary and as a diff."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from instar.cli.output import bad, good

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.cli.project import Project
    from instar.dialects.base import Edited
    from instar.schema.migration import Migration
    from instar.schema.model import Schema
    from instar.sources import Source


def edits_of(project: Project, schema: Schema, migration: Migration, deploy: int) -> tuple[Edited, ...]:
    """The files as they have to be when a deploy is generated; none for a dialect that has no editor."""
    if migration.dialect != "sqlalchemy":
        return ()
    from instar.dialects.sqlalchemy.editor import edit_to  # noqa: PLC0415 - loads LibCST

    return edit_to(project.source(), schema, migration, deploy)


def summary(source: Source, edits: Sequence[Edited]) -> str:
    """`app/models.py +6 -3`."""
    parts = []
    for edit in edits:
        lines = list(_diff(source, edit))[2:]
        added = sum(line.startswith("+") for line in lines)
        gone = sum(line.startswith("-") for line in lines)
        parts.append(f"{edit.path} +{added} -{gone}")
    return ", ".join(parts)


def diff_lines(source: Source, edits: Sequence[Edited]) -> Iterator[str]:
    """A unified diff from the files as they are."""
    for edit in edits:
        for line in _diff(source, edit):
            paint = good if line.startswith("+") else bad if line.startswith("-") else str
            yield paint(line)


def _diff(source: Source, edit: Edited) -> Iterator[str]:
    before = (source.read(edit.path) or b"").decode("utf-8", "replace").splitlines()
    after = (edit.text or "").splitlines()
    yield from difflib.unified_diff(before, after, f"a/{edit.path}", f"b/{edit.path}", lineterm="")
