"""Changes to deploys: each with its code, then the backfills and verifications that wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.atomic.acts import Act, Outcome, Setting
from instar.changes.atomic.fields import plan_field
from instar.changes.atomic.rules import plan_index, plan_table
from instar.schema.change import ConstraintChange, FieldChange, IndexChange, TableChange
from instar.schema.migration import Decision, Deploy, Phase, Step, Unplanned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.changes.options import PlanOptions
    from instar.schema.change import Change
    from instar.schema.migration import Migration


class AtomicPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The deploys, and what the user has to know or to decide."""

    deploys: tuple[Deploy, ...]
    decisions: tuple[Decision, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()
    notes: tuple[str, ...] = ()


def atomic_plan(migration: Migration, options: PlanOptions) -> AtomicPlan:
    """Plan the way from one schema to the other in the fewest deploys that no stored document fails in.

    Args:
        migration: What differs between which versions; it has no deploys yet.
        options: What the user decided; values are TypeScript expressions over `doc`.
    """
    changes = migration.changes
    setting = Setting(
        id=migration.id,
        before=migration.before,
        target=migration.target,
        options=options,
        large_tables=options.large_tables,
    )
    outcomes = tuple(_outcomes(changes, setting))
    acts = [act for outcome in outcomes for act in outcome.acts]
    numbers = sorted({act.deploy for act in acts})
    return AtomicPlan(
        deploys=tuple(_deploy(number, [act for act in acts if act.deploy == number]) for number in numbers),
        decisions=tuple(one for outcome in outcomes for one in outcome.decisions),
        unplanned=tuple(one for outcome in outcomes for one in outcome.unplanned),
        notes=tuple(dict.fromkeys(note for outcome in outcomes for note in outcome.notes)),
    )


def _outcomes(changes: Sequence[Change], setting: Setting) -> Iterator[Outcome]:
    fields: dict[tuple[str, str], list[tuple[int, FieldChange]]] = {}
    for number, change in enumerate(changes):
        if isinstance(change, FieldChange):
            fields.setdefault((change.table, change.field), []).append((number, change))
    done: set[tuple[str, str]] = set()
    for number, change in enumerate(changes):
        match change:
            case FieldChange():
                key = (change.table, change.field)
                if key not in done:
                    done.add(key)
                    yield plan_field(fields[key], setting)
            case IndexChange():
                yield plan_index(number, change, setting)
            case TableChange():
                yield plan_table(number, change, setting)
            case ConstraintChange():
                reason = "Convex has no constraints"
                yield Outcome(unplanned=(Unplanned(change=number, title=change.kind, reason=reason),))


def _deploy(number: int, acts: Sequence[Act]) -> Deploy:
    phase: Phase = "expand" if number == 1 else "contract"
    code = [act for act in acts if act.work is None]
    steps: list[Step] = []
    if code:
        steps.append(
            Step(
                id=f"{phase}-code-{number}",
                kind="code",
                phase=phase,
                title="\n".join(act.says for act in code),
                why="\n".join(dict.fromkeys(act.why for act in code if act.why)),
                changes=_served(code),
                edits=tuple(edit for act in code for edit in act.edits),
                access=tuple(access for act in code for access in act.access),
            )
        )
    backfills = [act for act in acts if act.work is not None]
    for position, act in enumerate(backfills, 1):
        assert act.work is not None
        suffix = f"{number}-{position}"
        steps.append(
            Step(
                id=f"backfill-{suffix}",
                kind="backfill",
                phase="backfill",
                title=act.says,
                why=act.why,
                changes=act.changes,
                work=act.work,
            )
        )
    steps += [
        Step(
            id=f"verify-{number}-{position}",
            kind="verify",
            phase="backfill",
            title=f"0 documents of {act.work.table} left ({act.work.target})",
            changes=act.changes,
            work=act.work,
        )
        for position, act in enumerate(backfills, 1)
        if act.work is not None
    ]
    why = next((act.why for act in code if act.why), "") if number > 1 else ""
    return Deploy(number=number, steps=tuple(steps), why=why)


def _served(acts: Sequence[Act]) -> tuple[int, ...]:
    return tuple(sorted({number for act in acts for number in act.changes}))
