"""`instar rebase`: put one of two heads after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import counted, say

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.project import Project
    from instar.ledger import Ledger
    from instar.schema.migration import Migration


@click.command(name="rebase")
@options.repo
@options.dry_run
def command(*, repo: Path, dry_run: bool) -> None:
    """Put migrations that nothing has applied after those of the default branch.

    Two people who planned from the same version leave two heads. A migration that is on the default branch or
    applied in a recorded environment never moves. Where the Alembic folder has two heads for the same reason, the
    oldest revision of what moves follows the other head.

    \b
    Example:
      instar rebase --dry-run
    """
    from instar.cli.project import Project
    from instar.ledger import encode, ledger_of, path_of
    from instar.rebase import rebased
    from instar.staging import write_all

    project = Project.open(repo)
    ledger = ledger_of(project.source(), project.config)
    moved = rebased(ledger, _fixed(project, ledger))
    files: dict[str, str | None] = {}
    for number, one in enumerate(moved):
        parent = ledger.version(one.parent or "")
        say(f"{one.name} now follows {parent.name if parent else one.parent}.")
        migration = _revisions_too(project, one, files) if number == 0 else one
        path = ledger.paths.get(migration.id, path_of(migration, project.config))
        files[path] = encode(migration).decode()
    if not moved:
        say("There is one head; nothing to do.")
    elif dry_run:
        say("Nothing was written.")
    else:
        write_all(project.root, files)
        say("Next: instar check")


def _revisions_too(project: Project, migration: Migration, files: dict[str, str | None]) -> Migration:
    """The migration whose revisions follow the other Alembic head, with the edit of the oldest among `files`."""
    from instar.cli.generating import immutable
    from instar.dialects.sqlalchemy.revised_order import behind_the_other_head

    if not migration.revisions:
        return migration
    moved = behind_the_other_head(project.source(), project.config, migration, immutable(project, migration))
    if moved is None:
        say(
            f"{counted(len(migration.revisions), 'Alembic revision')} of it stay where they are: see alembic heads, and "
            "set down_revision in the oldest where there are several."
        )
        return migration
    files[moved.path] = moved.text
    say(f"{moved.path} now follows the other Alembic head.")
    return moved.migration


def _fixed(project: Project, ledger: Ledger) -> frozenset[str]:
    """The versions on the default branch, and the migrations with a revision that a recorded database has."""
    from instar.cli.planning import ledger_at
    from instar.environments import read_states

    there = frozenset[str]()
    if project.repository is not None:
        there = frozenset(
            version.id for version in ledger_at(project, project.repository.default_branch()).versions
        )
    applied = {
        revision
        for state in read_states(project.source(), project.config).values()
        for revision in state.revisions
    }
    return there | {one.id for one in ledger.migrations if applied & set(one.revisions.values())}
