"""A migration: the ordered plan that carries one schema version to another, as it is stored and committed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from instar.schema.change import Change
from instar.schema.model import Schema
from instar.schema.operations import BackfillWork, Operation

StepKind: TypeAlias = Literal["ddl", "code", "backfill", "verify"]
Phase: TypeAlias = Literal["expand", "backfill", "contract"]
DeployModel: TypeAlias = Literal["rolling", "atomic"]
FieldStatus: TypeAlias = Literal["arriving", "leaving"]


class SourceEdit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a code step does to the declaration of one field or index, in the words of the editor.

    `after` is the declaration that this step leaves in the source; None where it takes it out.
    """

    table: str
    namespace: str | None = None
    field: str | None = None
    index: str | None = None
    action: Literal["add", "change", "unmap", "rename_attribute", "add_index", "drop_index"] = "add"


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act of a plan.

    Attributes:
        id: Unique and stable in its migration, such as `expand-ddl-1`.
        kind: What runs: DDL, a code deploy, a backfill or a verification.
        phase: The part of the plan that it belongs to.
        title: What it does, in a line of `instar plan`.
        why: Why it is a step of its own and stands where it stands (`plan --explain`).
        changes: Which changes of the migration it serves, by position.
        operations: What a `ddl` step does, in order.
        edits: What a `code` step does to the schema source, in order.
        work: What a `backfill` or `verify` step runs.
    """

    id: str
    kind: StepKind
    phase: Phase
    title: str
    why: str = ""
    changes: tuple[int, ...] = ()
    operations: tuple[Operation, ...] = ()
    edits: tuple[SourceEdit, ...] = ()
    work: BackfillWork | None = None


class Deploy(msgspec.Struct, frozen=True, kw_only=True):
    """The steps that ship together, in order."""

    number: int
    steps: tuple[Step, ...]


class Migration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named, ordered plan from `before` to `target`.

    Attributes:
        id: Eight hexadecimal digits; also the start of its file's name.
        parent: The id of the migration or snapshot that it follows.
        name: A slug that people read and type.
        dialect: The dialect of the schema.
        deploy_model: Whether old and new code run side by side.
        backend: The database that the DDL is written for; empty for Convex.
        before: The schema that it starts from.
        target: The schema that the user wants.
        changes: What differs, renames included as they were told.
        deploys: The plan.
        generated: How many deploys have their source edits and revisions written.
        revisions: The Alembic revision of each `ddl` step, by step id.
        files: The hash of every generated file by its path, to notice an edit by hand.
    """

    id: str
    name: str
    dialect: str
    deploy_model: DeployModel
    before: Schema
    target: Schema
    changes: tuple[Change, ...]
    deploys: tuple[Deploy, ...]
    parent: str | None = None
    backend: str = ""
    generated: int = 0
    revisions: dict[str, str] = {}
    files: dict[str, str] = {}

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps of all deploys, in order."""
        return tuple(step for deploy in self.deploys for step in deploy.steps)
