"""What `instar check` finds besides the lint: ledger, models, gates, drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.unplanned import title_of
from instar.cli.carried import names_of, not_carried
from instar.cli.comparison import compare
from instar.cli.evidence import applied_revisions, assumed, environments, evidence
from instar.cli.planning import base_schema, ledger_at
from instar.cli.project import SchemaVersion
from instar.environments import gates
from instar.errors import InstarError
from instar.ledger import Ledger, ledger_of
from instar.schema.migration import Migration
from instar.schema.operations import AddField
from instar.schema.wording import type_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.cli.project import Project
    from instar.schema.change import Change


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that must not be merged.

    Attributes:
        check: Which check found it: `heads`, `parents`, `models`, `gates` or `drift`.
        message: What is wrong and what to type next.
        path: The file that it is about.
        line: The line in it.
    """

    check: str
    message: str
    path: str = ""
    line: int = 1


def problems(project: Project) -> tuple[Problem, ...]:
    """Everything that the checks find, in their order.

    Raises:
        InstarError: The models, the ledger or a record cannot be read.
    """
    ledger = ledger_of(project.source(), project.config)
    base = project.deployed() if project.repository is not None or ledger.versions else None
    found = [*_heads(ledger), *_parents(ledger)]
    if base is not None:
        found += _models(project, base, ledger)
    if base is not None and project.repository is not None:
        found += _gates(project, ledger_at(project, base), ledger)
    found += _drift(project, ledger)
    found += _in_the_way(project, ledger)
    return tuple(found)


def _heads(ledger: Ledger) -> Iterator[Problem]:
    heads = ledger.heads()
    if len(heads) > 1:
        names = " and ".join(head.name for head in heads)
        message = f"{names} follow the same version. Put one after the other with: instar rebase"
        yield Problem(check="heads", message=message, path=ledger.paths[heads[-1].id])


def _parents(ledger: Ledger) -> Iterator[Problem]:
    for version in ledger.versions:
        if version.parent is not None and ledger.version(version.parent) is None:
            message = (
                f"{version.name} follows {version.parent}, which is not here. Restore that file from git."
            )
            yield Problem(check="parents", message=message, path=ledger.paths[version.id])


def _models(project: Project, base: str, now: Ledger) -> Iterator[Problem]:
    """Changes of the models that neither a migration nor a revision of this branch carries."""
    comparison = compare(base_schema(project, base, now), project.version("WORKTREE"))
    for change in not_carried(project, base, comparison.changes, now):
        place = _place(change)
        message = (
            f"{title_of(change)}: no migration carries this change. Next: instar plan, then instar generate"
        )
        yield Problem(check="models", message=message, path=place[0], line=place[1])


def _place(change: Change) -> tuple[str, int]:
    part = change.after or change.before
    place = part.place if part else None
    return (place.path, place.line) if place else ("", 1)


def _gates(project: Project, then: Ledger, now: Ledger) -> Iterator[Problem]:
    """Deploys that this branch brings before their gates hold."""
    places = environments(project)
    for migration in now.migrations:
        known = then.version(migration.id)
        done = known.generated if isinstance(known, Migration) else 0
        path = now.paths[migration.id]
        if migration.generated > done + 1:
            message = (
                f"{migration.name} has {migration.generated - done} new deploys in one merge (from {done + 1} to "
                f"{migration.generated}); each must be deployed everywhere before the next. Merge them one by one."
            )
            yield Problem(check="gates", message=message, path=path)
        if migration.generated <= max(done, 1):
            continue
        recorded = [
            (name, places.states[name]) for name in places.required if places.states[name] is not None
        ]
        judged = [(name, evidence(project, migration, name, state)) for name, state in recorded]
        for name, seen in judged or [("the default branch", assumed(project, migration))]:
            missing = gates(migration, migration.generated, seen)
            if missing:
                message = f"deploy {migration.generated} of {migration.name} is ahead of {name}, which lacks {missing[0].text}"
                yield Problem(check="gates", message=message, path=path)


def _drift(project: Project, ledger: Ledger) -> Iterator[Problem]:
    """What a recorded database has or lacks against the code that runs on it, migrations in flight aside."""
    moving = {
        (c.namespace, c.table, name) for m in ledger.migrations for c in m.changes for name in _touched(m, c)
    }
    for name, state in environments(project).states.items():
        if state is None or state.schema is None or not state.code:
            continue
        try:
            running = project.version(state.code[-1])
        except InstarError:
            continue
        live = SchemaVersion(f"db:{name}", f'the database of "{name}"', state.schema)
        for change in compare(live, running).changes:
            touched = {(change.namespace, change.table, part) for part in names_of(change)}
            if not touched & moving and not change.table.startswith("instar_"):
                verb = title_of(change)
                message = f"{name} has drifted from the code in service ({state.code[-1][:7]}): it would take {verb} to agree"
                yield Problem(check="drift", message=message)


def _in_the_way(project: Project, ledger: Ledger) -> Iterator[Problem]:
    """Columns that somebody added by hand where a revision which is not applied yet adds one of that name."""
    for name, state in environments(project).states.items():
        if state is None or state.schema is None:
            continue
        applied = applied_revisions(project, state.revisions)
        for migration in ledger.migrations:
            for step in migration.steps:
                revision = migration.revisions.get(step.id)
                for act in step.operations if revision is not None and revision not in applied else ():
                    if not isinstance(act, AddField):
                        continue
                    live = state.schema.table(act.table, act.namespace)
                    there = live.field(act.field.name) if live is not None else None
                    before = migration.before.table(act.table, act.namespace)
                    if there is None or (before is not None and before.field(act.field.name) is not None):
                        continue
                    title = ".".join(filter(None, (act.namespace, act.table, act.field.name)))
                    message = (
                        f"{name} has {title} ({type_text(there.type)}) already, and revision {revision} of "
                        f"{migration.name}, not applied there, adds it ({type_text(act.field.type)}): rename or drop "
                        f"the column there, then instar state pull --env {name}"
                    )
                    yield Problem(check="drift", message=message)


def _touched(migration: Migration, change: Change) -> set[str]:
    """The columns and indexes that a migration moves in the table of one of its changes, old and new."""
    names: set[str] = set()
    for step in migration.steps:
        for act in step.operations:
            if (act.namespace, act.table) == (change.namespace, change.table):
                parts = [
                    getattr(act, part, None) for part in ("field", "old", "new", "index", "before", "after")
                ]
                names |= {str(part.name) for part in parts if part is not None and hasattr(part, "name")}
    return names
