"""`instar plan --format json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.contracts import ChangeRecord

if TYPE_CHECKING:
    from instar.schema.migration import Migration


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `changes` are positions in the document's `changes`."""

    id: str
    kind: str
    phase: str
    lines: tuple[str, ...]
    why: tuple[str, ...]
    changes: tuple[int, ...]


class DeployRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One deploy, and what keeps it apart from the one before."""

    number: int
    why: str
    steps: tuple[StepRecord, ...]


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that only the user knows."""

    table: str
    field: str
    question: str
    answers: tuple[str, ...]
    schema: str | None = None


class UnplannedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A change that the plan leaves out."""

    change: int
    title: str
    reason: str


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A plan."""

    id: str
    name: str
    backend: str
    deploy_model: str
    sync: str
    changes: tuple[ChangeRecord, ...]
    deploys: tuple[DeployRecord, ...]
    decisions: tuple[DecisionRecord, ...]
    unplanned: tuple[UnplannedRecord, ...]
    notes: tuple[str, ...]


def document(migration: Migration) -> PlanDocument:
    """The plan in the JSON contract."""
    deploys = tuple(
        DeployRecord(
            number=deploy.number,
            why=deploy.why,
            steps=tuple(
                StepRecord(
                    id=step.id,
                    kind=step.kind,
                    phase=step.phase,
                    lines=tuple(step.title.splitlines()),
                    why=tuple(step.why.splitlines()),
                    changes=step.changes,
                )
                for step in deploy.steps
            ),
        )
        for deploy in migration.deploys
    )
    return PlanDocument(
        id=migration.id,
        name=migration.name,
        backend=migration.backend,
        deploy_model=migration.deploy_model,
        sync=migration.sync,
        changes=tuple(ChangeRecord.of(change) for change in migration.changes),
        deploys=deploys,
        decisions=tuple(
            DecisionRecord(
                table=d.table, schema=d.namespace, field=d.field, question=d.question, answers=d.answers
            )
            for d in migration.decisions
        ),
        unplanned=tuple(
            UnplannedRecord(change=u.change, title=u.title, reason=u.reason) for u in migration.unplanned
        ),
        notes=migration.notes,
    )
