"""The acts that a change needs, before they are put into deploys together with those of other changes."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from instar.schema.migration import FieldAccess, Phase, SourceEdit, StepKind
from instar.schema.operations import BackfillWork, Operation

Line: TypeAlias = tuple[str, str]
"""A subject and what happens to it; subjects of which the same is said share a line."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One act of one change, with what must come before and after it.

    Attributes:
        key: Its name in the plan, such as `users.display_name:add`.
        kind: What runs.
        phase: The part of the plan.
        lines: What it does.
        why: Why it stands where it stands.
        apart_why: Why it cannot share a deploy with what must come before it.
        changes: Which changes it serves, by position.
        operations: DDL.
        edits: What it does to the schema source.
        access: How code gets at fields in transition, from here on.
        work: A backfill or its verification.
        after: Keys of acts that come before this one; a key that the plan does not have says nothing.
        before: Keys of acts that come after this one.
        apart: Keys of acts that must be deployed everywhere before this one's deploy starts.
        aliases: Other keys that mean this act.
        alone: Whether it is a step of its own, as the build of an index is.
        unless_with: Left out where it would share its deploy with this act, which does the same later.
    """

    key: str
    kind: StepKind
    phase: Phase
    lines: tuple[Line, ...] = ()
    why: str = ""
    apart_why: str = ""
    changes: tuple[int, ...] = ()
    operations: tuple[Operation, ...] = ()
    edits: tuple[SourceEdit, ...] = ()
    access: tuple[FieldAccess, ...] = ()
    work: BackfillWork | None = None
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    alone: bool = False
    unless_with: str = ""
