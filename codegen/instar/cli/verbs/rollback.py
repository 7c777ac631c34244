"""`instar rollback`: take the last generated deploy of a migration back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import counted, say, warn

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="rollback")
@click.argument("migration", required=False)
@options.project
@options.environment
@click.option(
    "--url", metavar="URL", help="A database to take back as well, instead of --env; env:VARIABLE works."
)
@options.dry_run
def command(
    *,
    migration: str | None,
    repo: Path,
    dialect: str | None,
    schema: tuple[str, ...],
    environment: str | None,
    url: str | None,
    dry_run: bool,
) -> int:
    """Take the last generated deploy back: source edits, revisions, accessors.

    With a database its columns and triggers go first, also where a revision stopped half way. A deploy that drops
    columns cannot be taken back.

    \b
    Examples:
      instar rollback display-names --dry-run
      instar rollback display-names --url env:DATABASE_URL
    """
    from instar.cli.backfills import database_url
    from instar.cli.generating import diff_of, immutable, workspace
    from instar.cli.project import Project
    from instar.errors import InstarError
    from instar.ledger import ledger_of
    from instar.rollback import rollback
    from instar.staging import write_all

    project = Project.open(repo, dialect=dialect, schema=schema)
    plan = ledger_of(project.source(), project.config).migration(migration)
    address = database_url(repo, environment, url) if environment or url else None
    settled = immutable(project, plan)
    only_files = frozenset(plan.revisions.values()) - settled if address is None else frozenset()
    back = rollback(workspace(project), plan, only_files=only_files)
    ids = [script.revision for script, _ in back.scripts]
    fixed = sorted(settled & set(ids))
    if fixed and address is None:
        raise InstarError(
            f"revision {fixed[0]} is on the default branch or applied in a recorded environment. Name the database "
            "to take back with --env or --url. Nothing was written."
        )
    for passage in back.lost:
        warn(
            f"{passage.path}:{passage.line}: what deploy {passage.deploy} wrote here has been edited since and stays; "
            "instar lint tells what has to read the accessor again."
        )
    if dry_run:
        for line in diff_of(back.made.before, back.made.files):
            say(line)
        say(f"{counted(len(back.made.files), 'file')}, {counted(len(ids), 'revision')}. Nothing was written.")
        return 0
    if address is not None:
        from instar.dialects.sqlalchemy.undo import undo_revisions

        for one in undo_revisions(address, back.scripts):
            say(f"taken back {one}")
    write_all(project.root, back.made.files)
    for path, text in sorted(back.made.files.items()):
        say(f"{'deleted' if text is None else 'changed':8} {path}")
    return 0
