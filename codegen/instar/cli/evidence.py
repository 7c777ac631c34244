"""What the gates ask, collected from the project: recorded state, the code of commits in service, its uses."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from instar.environments import EnvironmentState, Evidence, UnresolvedUse, leaving, read_states
from instar.environments.evidence import parse_age
from instar.errors import InstarError
from instar.ledger import ledger_of
from instar.schema.migration import Migration
from instar.schema.virtual import declared_after, schema_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from instar.cli.project import Project
    from instar.schema.model import Schema

NOTHING_RECORDED = "the default branch"
"""The name of what counts as deployed where no environment is recorded."""


class Environments(msgspec.Struct, frozen=True):
    """The environments of a project: which exist, which are required, what is recorded of each."""

    states: dict[str, EnvironmentState | None]
    required: tuple[str, ...]


def environments(project: Project) -> Environments:
    """Those that are configured or recorded, by name; a recorded one that is not configured counts as required."""
    config = project.config
    recorded = read_states(project.source(), config)
    names = sorted({*config.environments, *recorded})
    required = tuple(
        name for name in names if name not in config.environments or config.environments[name].required
    )
    return Environments({name: recorded.get(name) for name in names}, required)


def evidence(
    project: Project,
    migration: Migration,
    name: str,
    state: EnvironmentState | None,
    *,
    accept_unproven: bool = False,
) -> Evidence:
    """What is known of one environment, as far as the gates of one migration ask.

    Raises:
        InstarError: The configured `max_age` cannot be read.
    """
    configured = project.config.environments.get(name)
    refs = state.code if state else ()
    generated, mapped = {}, {}
    for ref in refs:
        found = _at(project, ref, migration)
        if found is not None:
            generated[ref], mapped[ref] = found
    return Evidence(
        state=state,
        environment=name,
        now=dt.datetime.now(dt.UTC),
        max_age=parse_age(configured.max_age if configured else None),
        generated=generated,
        mapped=mapped,
        applied=applied_revisions(project, state.revisions if state else ()),
        accept_unproven=accept_unproven,
    )


def assumed(project: Project, migration: Migration, *, accept_unproven: bool = False) -> Evidence:
    """What counts as deployed where nothing is recorded: the merge-base with the default branch, backfills unknown."""
    base = project.deployed()
    found = _at(project, base, migration)
    done, mapped = found if found is not None else (0, migration.before)
    now = dt.datetime.now(dt.UTC)
    state = EnvironmentState(
        name=NOTHING_RECORDED,
        code=(base,),
        code_as_of=now,
        schema=schema_after(migration, done),
        database_as_of=now,
    )
    return Evidence(
        state=state, now=now, generated={base: done}, mapped={base: mapped}, accept_unproven=accept_unproven
    )


def _at(project: Project, ref: str, migration: Migration) -> tuple[int, Schema] | None:
    """How many deploys of the migration a commit has, and what it declares; None for a commit that is not here."""
    try:
        source = project.source(ref)
    except InstarError:
        return None
    known = ledger_of(source, project.config).version(migration.id)
    done = known.generated if isinstance(known, Migration) else 0
    return done, declared_after(migration, done) if isinstance(known, Migration) else migration.before


def applied_revisions(project: Project, heads: Sequence[str]) -> frozenset[str]:
    """The revisions that a database with these heads has: they, and what they follow."""
    if not heads:
        return frozenset()
    from instar.dialects.sqlalchemy.script_folder import script_folder

    try:
        scripts = {
            script.revision: script for script in script_folder(project.source(), project.config).scripts
        }
    except InstarError:
        return frozenset(heads)
    seen: set[str] = set()
    waiting = list(heads)
    while waiting:
        revision = waiting.pop()
        if revision not in seen:
            seen.add(revision)
            waiting += scripts[revision].parents if revision in scripts else ()
    return frozenset(seen)


def with_unresolved(project: Project, migration: Migration, deploy: int, found: Evidence) -> Evidence:
    """The evidence with the uses, in the files as they are, that might name a field which has to be unused by then."""
    fields = leaving(migration, deploy)
    if not fields or found.accept_unproven or migration.dialect != "sqlalchemy":
        return found
    return msgspec.structs.replace(found, unresolved=_unresolved(project, fields))


def _unresolved(
    project: Project, fields: tuple[tuple[str | None, str, str], ...]
) -> Mapping[str, tuple[UnresolvedUse, ...]]:
    from instar_lint.facts import Unresolved
    from instar_lint.python.collect import collect
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.watch import Watch
    from instar_lint.uses import counts

    source = project.source()
    knowledge = Knowledge.of(source, project.config)
    paths = [file.path for file in source.files((".py",)) if counts(file.path, project.config)]
    dynamic = [
        fact
        for _, facts in collect(source, knowledge, Watch(everything=True), paths)
        for fact in facts
        if isinstance(fact, Unresolved)
    ]
    found: dict[str, tuple[UnresolvedUse, ...]] = {}
    for namespace, table, field in fields:
        uses = {
            UnresolvedUse(fact.place.path, fact.place.line, fact.text)
            for fact in dynamic
            if (fact.namespace, fact.table) == (namespace, table)
        }
        found[".".join(part for part in (namespace, table, field) if part)] = tuple(sorted(uses))
    return found
