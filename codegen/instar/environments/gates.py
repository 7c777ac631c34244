"""The gates: what must be true in an environment before a deploy of a migration may begin. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar.environments.evidence import ago
from instar.environments.standing import counted_too_early, ddl_state, standing, work_state
from instar.schema.virtual import declared_after

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from instar.environments.evidence import Evidence
    from instar.environments.state import EnvironmentState
    from instar.schema.migration import Deploy, Migration, Step
    from instar.schema.model import Schema

MissingKind: TypeAlias = Literal["record", "age", "ddl", "code", "backfill", "verify", "proof"]


class Missing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that an environment lacks.

    Attributes:
        kind: What sort of thing.
        text: What is missing, for a list item.
        hint: What to do about it; empty where the text says it.
        step: The step that it is about.
    """

    kind: MissingKind
    text: str
    hint: str = ""
    step: str = ""


def gates(migration: Migration, deploy: int, evidence: Evidence) -> tuple[Missing, ...]:
    """What is missing before `deploy` may begin; empty when every gate holds.

    Every step of the deploys before it must be done: DDL applied, the code in service everywhere and nothing older
    beside it, backfills done and verified. Uses of a field that goes which could not be resolved want the user's word.

    Args:
        migration: The migration.
        deploy: The number of the deploy that would begin.
        evidence: What is known of the environment.
    """
    earlier = migration.deploys[: deploy - 1]
    if not earlier:
        return ()
    state = evidence.state
    if state is None:
        name = evidence.environment
        hint = f"instar state set --env {name} --code $SHA; instar state pull --env {name}"
        return (Missing(kind="record", text="a record: nothing has been recorded", hint=hint),)
    found = [*_ages(migration, state, earlier, evidence), *_code(migration, earlier, evidence)]
    found += _database(migration, earlier, evidence)
    found += _proof(migration, deploy, evidence)
    return tuple({missing.text: missing for missing in found}.values())


def _look(migration: Migration, environment: str) -> str:
    """The command that records what is in the database."""
    if migration.dialect == "convex":
        return f"instar state set --env {environment} --code $SHA --backfills results.json"
    return f"instar state pull --env {environment}"


def _ages(
    migration: Migration, state: EnvironmentState, earlier: tuple[Deploy, ...], evidence: Evidence
) -> Iterator[Missing]:
    steps = [step for deploy in earlier for step in deploy.steps]
    name = state.name
    if any(step.kind != "code" for step in steps):
        yield from _age("the database", state.database_as_of, _look(migration, name), evidence)
    if any(step.kind == "code" for step in steps):
        yield from _age(
            "the code in service", state.code_as_of, f"instar state set --env {name} --code $SHA", evidence
        )


def _age(what: str, as_of: dt.datetime | None, hint: str, evidence: Evidence) -> Iterator[Missing]:
    if as_of is None:
        yield Missing(kind="record", text=f"a record of {what}", hint=hint)
    elif evidence.max_age is not None and evidence.now - as_of > evidence.max_age:
        yield Missing(
            kind="age",
            text=f"a newer record of {what}: the last one is from {ago(as_of, evidence.now)}, "
            f"and max_age is {_spelled(evidence.max_age)}",
            hint=hint,
        )


def _spelled(age: dt.timedelta) -> str:
    """As the configuration writes it."""
    seconds = int(age.total_seconds())
    sizes = (("d", 86_400), ("h", 3_600), ("m", 60))
    return next((f"{seconds // size}{unit}" for unit, size in sizes if seconds % size == 0), f"{seconds}s")


def _database(migration: Migration, earlier: tuple[Deploy, ...], evidence: Evidence) -> Iterator[Missing]:
    state = evidence.state
    assert state is not None
    if state.database_as_of is None:
        return
    as_of = f"(as of {ago(state.database_as_of, evidence.now)})"
    judged = standing(migration, evidence)
    for deploy in earlier:
        lacking: list[str] = []
        for step in judged.open(deploy):
            if step.kind == "ddl" and ddl_state(migration, step, evidence) != "done":
                revision = migration.revisions.get(step.id)
                named = f" (revision {revision})" if revision else ""
                text = f"the DDL of deploy {deploy.number}{named}: {step.title.splitlines()[0]} {as_of}"
                yield Missing(kind="ddl", text=text, step=step.id)
            elif step.kind in {"backfill", "verify"} and work_state(deploy, step, evidence) != "done":
                assert step.work is not None
                if step.work.name not in lacking:
                    lacking.append(step.work.name)
                    yield _work(migration, deploy, step, evidence, as_of)


def _work(migration: Migration, deploy: Deploy, step: Step, evidence: Evidence, as_of: str) -> Missing:
    assert step.work is not None
    assert evidence.state is not None
    title = ".".join(part for part in (step.work.namespace, step.work.table, step.work.target) if part)
    found = evidence.state.backfills.get(step.work.name)
    run = f"instar run {migration.name} --env {evidence.state.name}"
    if found is None or (found.status == "absent" and found.remaining is None):
        return Missing(
            kind="backfill", text=f"backfill {title}: it has not run {as_of}", hint=run, step=step.id
        )
    if found.error:
        return Missing(
            kind="backfill",
            text=f"backfill {title}: it failed: {found.error} {as_of}",
            hint=run,
            step=step.id,
        )
    if found.remaining:
        return Missing(
            kind="backfill", text=f"backfill {title}: {_rows(found.remaining)} left {as_of}", step=step.id
        )
    verify = f"instar verify {migration.name} --env {evidence.state.name}"
    if found.disagreeing:
        text = f"agreement of {title}: {found.disagreeing:,} rows disagree {as_of}"
        return Missing(kind="verify", text=text, hint=verify, step=step.id)
    pull = _look(migration, evidence.state.name)
    if counted_too_early(deploy, step, evidence):
        text = f"verification of {title} after the code of deploy {deploy.number}: older code may have inserted rows since"
        return Missing(kind="verify", text=text, hint=f"{run}; {pull}", step=step.id)
    return Missing(
        kind="verify",
        text=f"verification of {title}: its rows were not counted {as_of}",
        hint=pull,
        step=step.id,
    )


def _code(migration: Migration, earlier: tuple[Deploy, ...], evidence: Evidence) -> Iterator[Missing]:
    state = evidence.state
    assert state is not None
    with_code = [deploy for deploy in earlier if any(step.kind == "code" for step in deploy.steps)]
    if not with_code or state.code_as_of is None:
        return
    last = with_code[-1]
    step = next(step for step in last.steps if step.kind == "code")
    if not state.code:
        yield Missing(
            kind="code",
            text=f"the code of deploy {last.number}: no code is recorded in service",
            step=step.id,
        )
        return
    expected = declared_after(migration, last.number)
    for ref in state.code:
        if evidence.generated.get(ref, 0) < last.number:
            still = _still_mapped(migration.before, expected, evidence.mapped.get(ref))
            names = f" and maps {', '.join(still)}" if still else ""
            text = f"the code of deploy {last.number}: {ref[:7]} is still in service{names}"
            yield Missing(kind="code", text=text, step=step.id)


def _still_mapped(before: Schema, expected: Schema, mapped: Schema | None) -> list[str]:
    """The fields that the plan has unmapped by then and this code still maps."""
    if mapped is None:
        return []
    found = []
    for table in before.tables:
        kept, here = expected.table(table.name, table.namespace), mapped.table(table.name, table.namespace)
        if kept is None or here is None:
            continue
        found += [
            f"{table.name}.{field.name}"
            for field in table.fields
            if kept.field(field.name) is None and here.field(field.name) is not None
        ]
    return found


def _proof(migration: Migration, deploy: int, evidence: Evidence) -> Iterator[Missing]:
    """Uses that could not be resolved, of fields that this deploy drops or unmaps."""
    if evidence.accept_unproven or evidence.state is None:
        return
    titles = {".".join(filter(None, field)) for field in leaving(migration, deploy)}
    for title, uses in sorted(evidence.unresolved.items()):
        if uses and title in titles:
            shown = ", ".join(str(use) for use in uses[:5])
            more = f" and {len(uses) - 5} more" if len(uses) > 5 else ""
            count = f"{len(uses)} use{'s' if len(uses) > 1 else ''}"
            text = f"proof for {count} of {title} that could not be resolved: {shown}{more}"
            yield Missing(kind="proof", text=text, hint="read them, then --accept-unproven")


def leaving(migration: Migration, deploy: int) -> tuple[tuple[str | None, str, str], ...]:
    """The fields, by namespace, table and name, whose uses the user answers for before a deploy.

    Those that it unmaps; before the second one also those that the first one did, which is written without a gate.
    """
    before = declared_after(migration, 0 if deploy == 2 else deploy - 1)
    after = declared_after(migration, deploy)
    found = []
    for table in before.tables:
        kept = after.table(table.name, table.namespace)
        gone = [field for field in table.fields if kept is None or kept.field(field.name) is None]
        found += [(table.namespace, table.name, field.name) for field in gone]
    return tuple(found)


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"
