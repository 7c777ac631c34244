"""Where each migration stands in each environment, as lines; and the one thing to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.cli.output import good, heading, notable
from instar.environments import Evidence, Standing, gates, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.environments import Missing
    from instar.schema.migration import Deploy, Migration, Step

_LABEL = 64


class Place(msgspec.Struct, frozen=True):
    """One environment of one migration; one that is not required holds no deploy up."""

    name: str
    evidence: Evidence
    standing: Standing
    required: bool = True

    @classmethod
    def of(cls, name: str, migration: Migration, evidence: Evidence, *, required: bool = True) -> Place:
        """Judged by the evidence."""
        return cls(name, evidence, standing(migration, evidence), required)


def render(migration: Migration, places: Sequence[Place]) -> Iterator[str]:
    """The block of one migration: a line a step, a column an environment."""
    names = "".join(f"{place.name:<16}" for place in places)
    yield f"{heading(f'{migration.name:<{_LABEL}}')}{names}".rstrip()
    for deploy in migration.deploys:
        label = f"  deploy {deploy.number}"
        for step in deploy.steps:
            text = f"{label:<12} {step.kind:<9}{_subject(step)}"
            cells = "".join(f"{_cell(migration, deploy, step, place):<16}" for place in places)
            yield f"{_cut(text):<{_LABEL}}{cells}".rstrip()
            label = ""


def _cut(text: str) -> str:
    return text if len(text) < _LABEL else text[: _LABEL - 3].rstrip(" ,") + " …"


def _subject(step: Step) -> str:
    if step.work is not None:
        return ".".join(filter(None, (step.work.namespace, step.work.table, step.work.target)))
    lines = step.title.splitlines()
    return lines[0] if lines else ""


def _cell(migration: Migration, deploy: Deploy, step: Step, place: Place) -> str:
    state = place.standing.steps[step.id]
    if state == "done":
        return "in service" if step.kind == "code" else "done"
    if deploy.number > migration.generated:
        return "-" if deploy.number > place.standing.deploy else "to be generated"
    if step.work is not None and place.evidence.state is not None:
        found = place.evidence.state.backfills.get(step.work.name)
        if found is not None and found.status == "running" and found.total:
            return f"{100 * found.processed // found.total} %"
        if found is not None and found.remaining:
            return f"{found.remaining:,} left"
    return "not recorded" if state == "unknown" else "open"


def next_act(migration: Migration, places: Sequence[Place], upgrade: str = "alembic upgrade head") -> str:
    """The one thing to do next, in the place that is furthest behind: a required one as long as one is not done.

    Args:
        migration: The migration.
        places: The environments.
        upgrade: The command that applies the DDL.
    """
    last = len(migration.deploys)
    held = [place for place in places if place.required and place.standing.deploy <= last] or places
    behind = min(held, key=lambda place: place.standing.deploy)
    if behind.standing.deploy > last:
        return good(f"{migration.name} is done everywhere.")
    if behind.standing.deploy <= migration.generated:
        return f"Next, in {behind.name}: {_in_place(migration, behind, upgrade)}"
    number = migration.generated + 1
    missing = [(place.name, lack) for place in held for lack in gates(migration, number, place.evidence)]
    if missing:
        name, lack = missing[0]
        return f"Next, in {name}: {lack.text}" + (f" ({lack.hint})" if lack.hint else "")
    return f"Next: instar advance {migration.name}   (writes deploy {number})"


def _in_place(migration: Migration, place: Place, upgrade: str) -> str:
    deploy = migration.deploys[place.standing.deploy - 1]
    step = place.standing.open(deploy)[0]
    if place.standing.steps[step.id] == "unknown":
        what = "set --env NAME --code $SHA" if step.kind == "code" else "pull --env NAME"
        return f"record what is there: instar state {what.replace('NAME', place.name)}"
    match step.kind:
        case "ddl":
            return f"deploy {deploy.number}: {upgrade}"
        case "code":
            return (
                f"deploy {deploy.number}: ship the code, then instar state set --env {place.name} --code $SHA"
            )
        case "backfill":
            return f"instar run {migration.name} --env {place.name}"
        case _:
            return f"instar verify {migration.name} --env {place.name}, then instar state pull --env {place.name}"


def lacking(name: str, missing: Sequence[Missing]) -> Iterator[str]:
    """What `instar advance` says of an environment whose gates do not hold."""
    yield f"{notable('Not yet.')} {name} lacks:"
    for lack in missing:
        yield f"  - {lack.text}"
        if lack.hint:
            yield f"    {lack.hint}"
