"""`instar generate`: write the files of a migration's deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from instar.cli import options
from instar.cli.output import say
from instar.cli.planning import plan_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="generate")
@click.argument("migration", required=False)
@options.project
@options.versions
@plan_options
@click.option(
    "--head", metavar="REVISION", help="The Alembic head or branch to follow, where there are several."
)
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option("--adopt", is_flag=True, help="Keep such files as they are, and take them as generated.")
@options.dry_run
@options.output_format
def command(
    *,
    migration: str | None,
    repo: Path,
    dialect: str | None,
    schema: tuple[str, ...],
    from_version: str | None,
    to_version: str,
    head: str | None,
    force: bool,
    adopt: bool,
    dry_run: bool,
    output_format: str,
    **said: Any,  # noqa: ANN401 - click's values for the fields of Said, which checks them
) -> int:
    """Write the files of the first deploy: revisions, source edits, accessors, the migration itself.

    Without a name it plans what the models say and writes the first deploy. With the name of a migration it writes
    the files of its current deploy again. All files are written, or none.

    \b
    Examples:
      instar generate --rename users.user_name=display_name --dry-run
      instar generate --compute users.avatar_url=app/avatars.py:avatar_url
      instar generate display-names --adopt
    """
    from instar.cli.generating import base_of, choices, finish, produce
    from instar.cli.planning import Said, make
    from instar.cli.project import Project
    from instar.errors import InstarError
    from instar.ledger import ledger_of

    project = Project.open(repo, dialect=dialect, schema=schema)
    number = None
    if migration is not None:
        ledger = ledger_of(project.source(), project.config)
        if not any(migration in {one.name, one.id, one.slug} for one in ledger.migrations):
            listed = ", ".join(one.name for one in ledger.migrations) or "none"
            raise InstarError(
                f'there is no migration "{migration}" to write again. There are: {listed}. '
                f"To give a new one that name: instar generate --name {migration}"
            )
        plan = ledger.migration(migration)
        number = max(plan.generated, 1)
    else:
        planning = make(project, Said(**said), from_version=from_version, to_version=to_version)
        plan = planning.migration
        if not plan.changes:
            say("Nothing differs that is not planned already. The next deploy of a migration: instar advance")
            return 0
    may = choices(project, plan, head=head, force=force, adopt=adopt)
    made = produce(project, plan, base=base_of(project, from_version), said=may, number=number)
    finish(project, made, dry_run=dry_run, output_format=output_format)
    return 0
