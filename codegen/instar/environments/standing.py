"""How far one migration is in one environment, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar.schema.operations import (
    AddConstraint,
    AddField,
    ChangeServerDefault,
    CreateIndex,
    DropConstraint,
    DropField,
    DropIndex,
    RelaxField,
    RequireField,
    SyncFields,
    UnsyncFields,
)

if TYPE_CHECKING:
    from instar.environments.evidence import Evidence
    from instar.schema.migration import Deploy, Migration, Step
    from instar.schema.model import Field, Schema, Table
    from instar.schema.operations import Operation

StepState: TypeAlias = Literal["done", "open", "unknown"]


class Standing(msgspec.Struct, frozen=True):
    """The state of each step of a migration, by step id, and the first deploy that is not done."""

    steps: dict[str, StepState]
    deploy: int

    def open(self, deploy: Deploy) -> tuple[Step, ...]:
        """The steps of a deploy that are not done."""
        return tuple(step for step in deploy.steps if self.steps[step.id] != "done")


def standing(migration: Migration, evidence: Evidence) -> Standing:
    """Judge every step by the evidence. What nobody recorded is `unknown`, never done."""
    states: dict[str, StepState] = {}
    for deploy in migration.deploys:
        for step in deploy.steps:
            match step.kind:
                case "ddl":
                    states[step.id] = ddl_state(migration, step, evidence)
                case "code":
                    states[step.id] = code_state(deploy, evidence)
                case "backfill" | "verify":
                    states[step.id] = work_state(deploy, step, evidence)
    _carried_back(migration, states)
    first = next(
        (d.number for d in migration.deploys if any(states[s.id] != "done" for s in d.steps)),
        len(migration.deploys) + 1,
    )
    return Standing(states, first)


def _carried_back(migration: Migration, states: dict[str, StepState]) -> None:
    """A backfill whose column a verified sweep has filled is done; so is all that a contract looked at itself."""
    verified = {
        step.work.target
        for step in migration.steps
        if step.kind == "verify" and step.work and states[step.id] == "done"
    }
    contracted = max(
        (
            deploy.number
            for deploy in migration.deploys
            for step in deploy.steps
            if _looked_itself(migration, step) and states[step.id] == "done"
        ),
        default=0,
    )
    for deploy in migration.deploys:
        for step in deploy.steps:
            if step.work is None:
                continue
            filled = step.kind == "backfill" and step.work.target in verified
            if filled or deploy.number < contracted:
                states[step.id] = "done"


def _looked_itself(migration: Migration, step: Step) -> bool:
    """Whether a step goes through only when the rows are as the deploys before it leave them.

    A contract revision counts them, and an atomic platform refuses code whose schema a stored document does not fit.
    """
    if migration.deploy_model == "atomic":
        return step.kind == "code"
    return step.kind == "ddl" and step.phase == "contract"


def ddl_state(migration: Migration, step: Step, evidence: Evidence) -> StepState:
    """By its revision where it has one, else by what the database looks like."""
    revision = migration.revisions.get(step.id)
    if revision is not None and evidence.applied:
        return "done" if revision in evidence.applied else "open"
    schema = evidence.state.schema if evidence.state else None
    if schema is None:
        return "unknown"
    return "done" if all(_shows(schema, act) for act in step.operations) else "open"


def code_state(deploy: Deploy, evidence: Evidence) -> StepState:
    """Whether all code in service is of this deploy or a later one."""
    if evidence.state is None or not evidence.state.code:
        return "unknown"
    return (
        "done"
        if all(evidence.generated.get(ref, 0) >= deploy.number for ref in evidence.state.code)
        else "open"
    )


def work_state(deploy: Deploy, step: Step, evidence: Evidence) -> StepState:
    """A verification holds when the rows were counted; a backfill is done when the tracking table says so.

    What follows code in its deploy counts only when that code alone is in service and the rows were looked at since:
    until then older code goes on inserting rows.
    """
    assert step.work is not None
    if evidence.state is None or evidence.state.database_as_of is None:
        return "unknown"
    if counted_too_early(deploy, step, evidence):
        return "open"
    found = evidence.state.backfills.get(step.work.name)
    if found is None:
        return "open"
    if step.kind == "backfill":
        return "done" if found.status == "completed" or found.holds else "open"
    return "done" if found.holds else "open"


def counted_too_early(deploy: Deploy, step: Step, evidence: Evidence) -> bool:
    """Whether the database was looked at before the code that the step follows was alone in service."""
    kinds = [each.kind for each in deploy.steps[: deploy.steps.index(step)]]
    if "code" not in kinds or evidence.state is None:
        return False
    code, database = evidence.state.code_as_of, evidence.state.database_as_of
    return code_state(deploy, evidence) != "done" or code is None or database is None or database < code


def _shows(schema: Schema, act: Operation) -> bool:
    """Whether a database looks as if this had been done; True for what leaves no trace in a schema."""
    table = schema.table(act.table, act.namespace)
    if table is None:
        return False
    match act:
        case AddField(field=field):
            return table.field(field.name) is not None
        case DropField(field=field):
            return table.field(field.name) is None
        case UnsyncFields(dropped=dropped):
            return dropped is None or table.field(dropped.name) is None
        case RelaxField(field=field):
            return _optional(table, field, default=True)
        case RequireField(field=field):
            return not _optional(table, field, default=True)
        case ChangeServerDefault(field=field, after=after):
            column = table.field(field.name)
            return column is None or (column.server_default is None) == (after is None)
        case SyncFields(new=new):
            return table.field(new.name) is not None
        case _:
            return _shows_rule(table, act)


def _shows_rule(table: Table, act: Operation) -> bool:
    """The same for indexes and constraints; a unique index may be kept as a constraint."""
    match act:
        case CreateIndex(index=index):
            return any(one.name == index.name and one.valid for one in table.indexes) or index.unique
        case DropIndex(index=index):
            return all(one.name != index.name for one in table.indexes)
        case AddConstraint(constraint=one):
            return any(_alike(one, other) for other in table.constraints)
        case DropConstraint(constraint=one):
            return not any(_alike(one, other) for other in table.constraints)
        case _:
            return True


def _optional(table: Table, field: Field, *, default: bool) -> bool:
    column = table.field(field.name)
    return default if column is None else column.optional


def _alike(one: object, other: object) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("kind", "fields"))
