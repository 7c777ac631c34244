"""`instar advance`: write the next deploy of a migration when its gates hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import print_json, say

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.project import Project
    from instar.environments import Missing
    from instar.schema.migration import Migration


@click.command(name="advance")
@click.argument("migration", required=False)
@options.repo
@options.environment
@click.option("--accept-unproven", is_flag=True, help="You have read the uses that could not be resolved.")
@click.option(
    "--head", metavar="REVISION", help="The Alembic head or branch to follow, where there are several."
)
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option("--adopt", is_flag=True, help="Keep such files as they are, and take them as generated.")
@options.dry_run
@options.exit_code
@options.output_format
def command(
    *,
    migration: str | None,
    repo: Path,
    environment: str | None,
    accept_unproven: bool,
    head: str | None,
    force: bool,
    adopt: bool,
    dry_run: bool,
    exit_code: bool,
    output_format: str,
) -> int:
    """Write the next deploy of a migration when its gates hold in every required environment, else say what lacks.

    It reads recorded state alone: see instar state.

    \b
    Examples:
      instar advance
      instar advance display-names --env production
      instar advance --accept-unproven --dry-run
    """
    from instar.cli.generating import choices, finish, produce
    from instar.cli.project import Project
    from instar.ledger import ledger_of

    project = Project.open(repo)
    ledger = ledger_of(project.source(), project.config)
    plan = ledger.migration(migration or _unfinished([one for one in ledger.migrations if _left(one)]))
    number = plan.generated + 1
    if not _left(plan):
        say(f"Every deploy of {plan.name} is written. Next: instar status")
        return 0
    missing = _missing(project, plan, number, environment, accept_unproven=accept_unproven)
    if any(missing.values()):
        _refuse(plan, number, missing, output_format)
        return 1 if exit_code else 0
    may = choices(project, plan, head=head, force=force, adopt=adopt)
    made = produce(project, plan, base=None, said=may, number=number)
    finish(project, made, dry_run=dry_run, output_format=output_format)
    return 0


def _left(migration: Migration) -> bool:
    return migration.generated < len(migration.deploys)


def _unfinished(migrations: list[Migration]) -> str | None:
    """The only migration with something left to write; None leaves the question to the ledger."""
    return migrations[0].id if len(migrations) == 1 else None


def _missing(
    project: Project, migration: Migration, number: int, environment: str | None, *, accept_unproven: bool
) -> dict[str, tuple[Missing, ...]]:
    """What each environment lacks: the required ones, and the named one."""
    from instar.cli.databases import environment_url
    from instar.cli.evidence import (
        NOTHING_RECORDED,
        assumed,
        environments,
        evidence,
        with_unresolved,
    )
    from instar.environments import gates

    places = environments(project)
    if environment is not None and environment not in places.states:
        environment_url(project.config, environment)
    names = [name for name in places.states if name in {environment, *places.required}]
    seen = {
        name: evidence(project, migration, name, places.states[name], accept_unproven=accept_unproven)
        for name in names
    }
    if not seen:
        seen = {NOTHING_RECORDED: assumed(project, migration, accept_unproven=accept_unproven)}
    return {
        name: gates(migration, number, with_unresolved(project, migration, number, found))
        for name, found in seen.items()
    }


def _refuse(
    migration: Migration, number: int, missing: dict[str, tuple[Missing, ...]], output_format: str
) -> None:
    from instar.cli.status_text import lacking

    if output_format == "json":
        print_json({"migration": migration.name, "deploy": number, "written": False, "missing": missing})
        return
    for name, lacks in missing.items():
        for line in lacking(name, lacks) if lacks else ():
            say(line)
    say("Nothing was written.")
