"""`instar state`: what is recorded of the environments."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from instar.cli import options
from instar.cli.output import counted, print_json, say

if TYPE_CHECKING:
    from instar.cli.project import Project
    from instar.environments import EnvironmentState


@click.group(name="state")
def command() -> None:
    """Record what runs where, and show it. The deploy job calls set and pull; gates and the linter read the record.

    \b
    Examples:
      instar state set --env production --code $SHA
      instar state set --env production --code $OLD --code $NEW     during a rollout
      instar state pull --env production
      instar state show
    """


@command.command(name="set")
@options.repo
@click.option("--env", "environment", metavar="NAME", required=True, help="The environment.")
@click.option(
    "--code",
    "code",
    multiple=True,
    required=True,
    metavar="REF",
    help="A commit in service; two during a rollout.",
)
@click.option(
    "--backfills",
    "results",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Convex: what the verify functions and migrations/tracking:status printed; - for standard input.",
)
@options.dry_run
def set_code(
    *, repo: Path, environment: str, code: tuple[str, ...], results: Path | None, dry_run: bool
) -> None:
    """Record which commits are in service, and for Convex how far the backfills are.

    \b
    Examples:
      instar state set --env production --code $SHA
      instar state set --env production --code $SHA --backfills results.json
    """
    from instar.cli.project import Project
    from instar.errors import InstarError

    project = Project.open(repo)
    if project.repository is None:
        raise InstarError(f"{project.root} is not in a git repository, so no commit can be in service.")
    commits = tuple(dict.fromkeys(project.repository.resolve(ref) for ref in code))
    state = msgspec.structs.replace(_recorded(project, environment), code=commits, code_as_of=_now())
    if results is not None:
        state = _with_results(state, results)
    _write(project, state, dry_run=dry_run)
    say(f"{environment}: {' and '.join(commit[:7] for commit in commits)} in service.")


@command.command(name="pull")
@options.repo
@click.option("--env", "environment", metavar="NAME", required=True, help="The environment.")
@click.option(
    "--url",
    metavar="URL",
    help="Its database, instead of the configured url; env:VARIABLE keeps it out of the shell.",
)
@options.dry_run
def pull(*, repo: Path, environment: str, url: str | None, dry_run: bool) -> None:
    """Record what the database says: schema, valid indexes, Alembic heads, backfills. Rows left are counted.

    \b
    Example:
      instar state pull --env production --url env:DATABASE_URL
    """
    from functools import partial

    from instar.cli.backfills import database_url
    from instar.cli.evidence import applied_revisions
    from instar.cli.project import Project
    from instar.cli.pulling import pulled
    from instar.ledger import read_ledger

    project = Project.open(repo)
    address = database_url(repo, None if url else environment, url)
    migrations = read_ledger(project.root, project.config).migrations
    recorded = _recorded(project, environment)
    state = pulled(recorded, address, migrations, partial(applied_revisions, project))
    _write(project, state, dry_run=dry_run)
    for line in _lines(state):
        say(line)


@command.command(name="show")
@options.repo
@options.environment
@options.output_format
def show(*, repo: Path, environment: str | None, output_format: str) -> None:
    """Show what is recorded.

    \b
    Example:
      instar state show --env production --format json
    """
    from instar.cli.project import Project
    from instar.environments import read_states
    from instar.errors import InstarError

    project = Project.open(repo)
    states = read_states(project.source(), project.config)
    if environment is not None:
        if environment not in states:
            known = ", ".join(sorted(states)) or "none"
            raise InstarError(f'nothing is recorded of "{environment}". Recorded: {known}.')
        states = {environment: states[environment]}
    if output_format == "json":
        print_json({"environments": list(states.values())})
        return
    for state in states.values():
        for line in _lines(state):
            say(line)
    if not states:
        say("Nothing is recorded, so the merge-base with the default branch counts as deployed.")
        say("Next: instar state set --env production --code $SHA")


def _recorded(project: Project, name: str) -> EnvironmentState:
    from instar.environments import EnvironmentState, read_states

    return read_states(project.source(), project.config).get(name) or EnvironmentState(name=name)


def _with_results(state: EnvironmentState, file: Path) -> EnvironmentState:
    """The state with what backfills of a Convex deployment printed."""
    from instar.cli.convex_runs import read_results
    from instar.environments import BackfillState

    backfills = dict(state.backfills)
    for result in read_results(file):
        known = backfills.get(result.name, BackfillState())
        backfills[result.name] = BackfillState(
            status=result.status or ("completed" if result.remaining == 0 else known.status),
            remaining=known.remaining if result.remaining is None else result.remaining,
            processed=result.processed or known.processed,
            error=result.error,
        )
    return msgspec.structs.replace(state, backfills=backfills, database_as_of=_now())


def _write(project: Project, state: EnvironmentState, *, dry_run: bool) -> None:
    from instar.cli.files import replace_file
    from instar.environments import encode_state, state_path

    path = state_path(state.name, project.config)
    if dry_run:
        say(f"Would write {path}.")
    else:
        replace_file(project.root / path, encode_state(state))


def _lines(state: EnvironmentState) -> list[str]:
    from instar.environments.evidence import ago

    now = _now()
    lines = [state.name]
    if state.code_as_of is not None:
        lines.append(
            f"  code      {', '.join(ref[:7] for ref in state.code)} in service ({ago(state.code_as_of, now)})"
        )
    if state.database_as_of is not None and state.schema is not None:
        indexes = [index for table in state.schema.tables for index in table.indexes]
        invalid = [index.name or "" for index in indexes if not index.valid]
        revisions = ", ".join(state.revisions) or "no Alembic revision"
        tables = counted(len(state.schema.tables), "table")
        lines.append(
            f"  database  {revisions}, {tables}, {counted(len(indexes), 'index', 'indexes')} ({ago(state.database_as_of, now)})"
        )
        lines += [f"            index {name} is not valid: rebuild it" for name in invalid]
    for name, one in sorted(state.backfills.items()):
        left = "" if one.remaining is None else f", {one.remaining:,} rows left"
        disagreeing = f", {one.disagreeing:,} disagree" if one.disagreeing else ""
        lines.append(f"  backfill  {name.partition('/')[2] or name}: {one.status}{left}{disagreeing}")
    return lines


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
