"""The acts that changes are planned in, before they are put together into deploys."""

from __future__ import annotations

import ast

import msgspec

from instar.changes.options import PlanOptions
from instar.dialects.convex.typescript_text import literal
from instar.schema.migration import Decision, FieldAccess, SourceEdit, Unplanned
from instar.schema.model import Schema
from instar.schema.operations import BackfillWork


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happens with, or after, a deploy.

    Attributes:
        deploy: The deploy that it ships with; a backfill runs once that is in service. Counted from 1.
        says: What it does, in one line of the plan.
        changes: Which changes it serves, by position.
        why: Why it stands where it stands.
        edits: What it does to the schema.
        access: How code gets at a field from then on.
        work: The backfill that it is, if it is one.
    """

    deploy: int
    says: str
    changes: tuple[int, ...]
    why: str = ""
    edits: tuple[SourceEdit, ...] = ()
    access: tuple[FieldAccess, ...] = ()
    work: BackfillWork | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan of one change comes to."""

    acts: tuple[Act, ...] = ()
    decisions: tuple[Decision, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()
    notes: tuple[str, ...] = ()


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What every change may ask.

    Attributes:
        id: The migration's id, which the names of its backfills start with.
        before: The schema that is deployed.
        target: The schema that the user wants.
        options: What the user said; values are TypeScript expressions over `doc`.
        large_tables: Tables whose indexes are staged first.
    """

    id: str
    before: Schema
    target: Schema
    options: PlanOptions
    large_tables: tuple[str, ...] = ()

    def value(self, table: str, field: str) -> str | None:
        """The TypeScript expression of the value of documents that have none, as the user gave it."""
        name = f"{table}.{field}"
        if name in self.options.fills:
            return self.options.fills[name]
        if name in self.options.defaults:
            value = ast.literal_eval(self.options.defaults[name])
            return literal(value) if isinstance(value, str | int | float | bool) else None
        return None

    def work_name(self, table: str, field: str, what: str = "") -> str:
        """The name of a backfill in the tracking table."""
        return f"{self.id}/{table}.{field}" + (f".{what}" if what else "")
