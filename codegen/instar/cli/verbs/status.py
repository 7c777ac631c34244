"""`instar status`: where each migration stands in each environment, and what to do next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from instar.cli import options
from instar.cli.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from instar.cli.project import Project
    from instar.cli.status_text import Place
    from instar.ledger import Ledger
    from instar.schema.migration import Migration


@click.command(name="status")
@click.argument("migration", required=False)
@options.repo
@options.environment
@click.option("--all", "show_all", is_flag=True, help="Show migrations that are done everywhere too.")
@click.option(
    "--watch", is_flag=True, help="Look again every two seconds, with the live progress of backfills."
)
@options.output_format
def command(
    *,
    migration: str | None,
    repo: Path,
    environment: str | None,
    show_all: bool,
    watch: bool,
    output_format: str,
) -> None:
    """Show each migration, its step in each environment, and the one next thing to do.

    It reads recorded state (instar state); --watch asks the configured databases for running backfills.

    \b
    Examples:
      instar status
      instar status display-names --env production --watch
    """
    from instar.cli.project import Project
    from instar.ledger import ledger_of

    while True:
        project = Project.open(repo)
        ledger = ledger_of(project.source(), project.config)
        chosen = (ledger.migration(migration),) if migration else ledger.migrations
        places = {one.id: _places(project, one, environment, live=watch) for one in chosen}
        shown = [one for one in chosen if show_all or migration or not _finished(one, places[one.id])]
        upgrade = _upgrade(project, ledger)
        if output_format == "json":
            print_json({"migrations": [_record(one, places[one.id], upgrade) for one in shown]})
        else:
            if watch:
                click.clear()  # where it is a terminal
            _print(shown, places, upgrade)
        if not watch:
            return
        if output_format == "text":
            _print_running(project, environment)
        time.sleep(2)


def _places(project: Project, migration: Migration, only: str | None, *, live: bool) -> list[Place]:
    from instar.cli.databases import environment_url
    from instar.cli.evidence import NOTHING_RECORDED, assumed, environments, evidence
    from instar.cli.status_text import Place
    from instar.errors import InstarError

    known = environments(project)
    states = known.states
    if only is not None and only not in states:
        environment_url(project.config, only)
    names = [name for name in states if only in {None, name}]
    if not names:
        return [Place.of(NOTHING_RECORDED, migration, assumed(project, migration))]
    found = []
    for name in names:
        state = states[name]
        if live and state is not None:
            try:
                state = _live(project, name, state)
            except InstarError as error:
                say(f"{name}: {error}")
        judged = evidence(project, migration, name, state)
        found.append(Place.of(name, migration, judged, required=name in known.required))
    return found


def _print_running(project: Project, only: str | None) -> None:
    """A line for every backfill that is not completed, in every database that is configured."""
    from instar.backfill import read_progress
    from instar.cli.backfills import database_url
    from instar.cli.progress_lines import describe
    from instar.errors import InstarError

    for name in project.config.environments:
        if only not in {None, name}:
            continue
        try:
            found = read_progress(database_url(project.root, name, None))
        except InstarError:
            continue  # it was told beside its name
        for one in found:
            if one.status not in {"completed", "cancelled"}:
                say(f"{name}  {describe(one)}  {', '.join(one.workers) or one.status}")


def _live(project: Project, name: str, state: Any) -> Any:  # noqa: ANN401 - EnvironmentState, imported late
    """The state with the progress of backfills as the database has it now; nothing is recorded."""
    import msgspec

    from instar.backfill import read_progress
    from instar.cli.backfills import database_url
    from instar.environments import BackfillState

    backfills = dict(state.backfills)
    for one in read_progress(database_url(project.root, name, None)):
        backfills[one.name] = BackfillState(
            status=one.status, processed=one.processed, total=one.total, error=one.error
        )
    return msgspec.structs.replace(state, backfills=backfills)


def _finished(migration: Migration, places: Sequence[Place]) -> bool:
    return all(place.standing.deploy > len(migration.deploys) for place in places)


def _upgrade(project: Project, ledger: Ledger) -> str:
    """What applies the DDL: with several heads `alembic upgrade head` refuses.

    Two heads of the ledger are two plans from one version, which are put in a row first.
    """
    from instar.dialects.sqlalchemy.script_folder import script_folder
    from instar.errors import InstarError

    if len(ledger.heads()) > 1:
        return "two migrations follow the same version: instar rebase"
    try:
        heads = script_folder(project.source(), project.config).heads
    except InstarError:
        return "alembic upgrade head"
    return "alembic upgrade heads" if len(heads) > 1 else "alembic upgrade head"


def _print(shown: Sequence[Migration], places: dict[str, list[Place]], upgrade: str) -> None:
    from instar.cli.status_text import next_act, render

    for one in shown:
        for line in render(one, places[one.id]):
            say(line)
        say()
        say(next_act(one, places[one.id], upgrade))
    if not shown:
        say("No migration is in flight.")
        say("Next: edit the models to what you want, then instar plan")


def _record(migration: Migration, places: Sequence[Place], upgrade: str) -> dict[str, object]:
    from instar.cli.status_text import next_act

    return {
        "id": migration.id,
        "name": migration.name,
        "deploys": len(migration.deploys),
        "generated": migration.generated,
        "environments": [
            {"name": place.name, "deploy": place.standing.deploy, "steps": place.standing.steps}
            for place in places
        ],
        "next": click.unstyle(next_act(migration, places, upgrade)),
    }
