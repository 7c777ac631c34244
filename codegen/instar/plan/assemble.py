"""Scheduled acts to deploys and steps: what is said in one line, runs in one revision, ships in one piece."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from instar.plan.schedule import Scheduled, keys_of
from instar.schema.migration import Deploy, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from instar.changes.drafts import Draft
    from instar.schema.migration import Phase
    from instar.schema.operations import BackfillWork


def deploys_of(scheduled: Sequence[Scheduled]) -> tuple[Deploy, ...]:
    """The deploys, with their steps in order and what keeps each apart from the one before."""
    present = keys_of(scheduled)
    counts: dict[tuple[str, str], int] = {}
    deploys = []
    for number, group in itertools.groupby(scheduled, key=lambda each: each.deploy):
        members = tuple(group)
        steps = tuple(_step(drafts, counts, present) for drafts in _grouped(members))
        deploys.append(Deploy(number=number, steps=steps, why=_why(members, number)))
    return tuple(deploys)


def said(drafts: Iterable[Draft]) -> tuple[str, ...]:
    """The lines of some acts; subjects of which the same is said share one."""
    lines: dict[str, list[str]] = {}
    for draft in drafts:
        for subject, says in draft.lines:
            subjects = lines.setdefault(says, [])
            if subject not in subjects:
                subjects.append(subject)
    return tuple(f"{', '.join(subjects)} {says}".strip() for says, subjects in lines.items())


def _grouped(members: Sequence[Scheduled]) -> Iterable[tuple[Draft, ...]]:
    """One code step a deploy; DDL by phase, with builds of indexes on their own; each backfill on its own."""

    def group(numbered: tuple[int, Scheduled]) -> tuple[object, ...]:
        number, draft = numbered[0], numbered[1].draft
        single = draft.alone or draft.kind in {"backfill", "verify"}
        return (draft.kind, "" if draft.kind == "code" else draft.phase, number if single else -1)

    for _, numbered in itertools.groupby(enumerate(members), key=group):
        yield tuple(each.draft for _, each in numbered)


def _step(drafts: Sequence[Draft], counts: dict[tuple[str, str], int], present: set[str]) -> Step:
    kind = drafts[0].kind
    phase: Phase = "expand" if any(draft.phase == "expand" for draft in drafts) else drafts[0].phase
    counts[phase, kind] = counts.get((phase, kind), 0) + 1
    return Step(
        id=f"{phase}-{kind}-{counts[phase, kind]}" if phase != kind else f"{kind}-{counts[phase, kind]}",
        kind=kind,
        phase=phase,
        title="\n".join(said(drafts)),
        why="\n".join(dict.fromkeys(draft.why for draft in drafts if draft.why)),
        changes=tuple(sorted({number for draft in drafts for number in draft.changes})),
        operations=tuple(act for draft in drafts for act in draft.operations),
        edits=tuple(edit for draft in drafts for edit in draft.edits),
        access=tuple(access for draft in drafts for access in draft.access),
        work=_work(drafts[0], present),
    )


def _work(draft: Draft, present: set[str]) -> BackfillWork | None:
    """A final sweep has the plain name where no earlier backfill has it."""
    work = draft.work
    if work is None or not work.name.endswith(".sweep") or f"{draft.key.rpartition(':')[0]}:early" in present:
        return work
    return msgspec.structs.replace(work, name=work.name.removesuffix(".sweep"))


def _why(members: Sequence[Scheduled], number: int) -> str:
    waiting = [each.draft for each in members if each.waits and each.draft.apart_why]
    if number == 1 or not waiting:
        return ""
    return min(waiting, key=_telling).apart_why.replace("{previous}", f"deploy {number - 1}")


def _telling(draft: Draft) -> int:
    """The drop of a column says more than the code that switches, and that more than the rest."""
    act = draft.key.rpartition(":")[2]
    return 0 if act in {"contract", "drop"} else (1 if draft.kind == "code" else 2)
