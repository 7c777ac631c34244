"""The edit of the schema source that generating the first deploy of a plan would bring."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from instar.cli.project import Project
    from instar.schema.migration import Migration


class SourceEdits(msgspec.Struct, frozen=True):
    """Whole texts by path, before and after."""

    before: dict[str, str | None]
    after: dict[str, str | None]

    @property
    def summary(self) -> str:
        """`app/models.py +6 -3`."""
        parts = []
        for path, text in sorted(self.after.items()):
            old = (self.before[path] or "").splitlines()
            lines = list(difflib.unified_diff(old, (text or "").splitlines(), lineterm="", n=0))[2:]
            added = sum(line.startswith("+") for line in lines)
            parts.append(f"{path} +{added} -{sum(line.startswith('-') for line in lines)}")
        return ", ".join(parts)


def edits_of(project: Project, migration: Migration, from_version: str | None) -> SourceEdits:
    """The files of the user's that change; generated ones are not among them.

    Raises:
        InstarError: The deploy cannot be generated as things are.
    """
    from instar.cli.generating import base_of, workspace
    from instar.generate import source_edits

    place = workspace(project)
    edits = source_edits(place, migration, base=base_of(project, from_version))
    before = {one.path: (place.source.read(one.path) or b"").decode() for one in edits}
    after = {one.path: one.text for one in edits if one.text != before[one.path]}
    return SourceEdits({path: before[path] for path in after}, after)
