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


@click.command(name="rebase")
@options.repo
@options.dry_run
def command(*, repo: Path, dry_run: bool) -> None:
    """Put migrations that nothing has applied after those of the default branch.

    Two people who planned from the same version leave two heads. A migration that is on the default branch or
    applied in a recorded environment never moves.

    \b
    Example:
      instar rebase --dry-run
    """
    from instar.cli.files import replace_file
    from instar.cli.project import Project
    from instar.ledger import encode, ledger_of, path_of
    from instar.rebase import rebased

    project = Project.open(repo)
    ledger = ledger_of(project.source(), project.config)
    moved = rebased(ledger, _fixed(project, ledger))
    for migration in moved:
        parent = ledger.version(migration.parent or "")
        say(f"{migration.name} now follows {parent.name if parent else migration.parent}.")
        if not dry_run:
            replace_file(
                project.root / ledger.paths.get(migration.id, path_of(migration, project.config)),
                encode(migration),
            )
    if not moved:
        say("There is one head; nothing to do.")
    elif dry_run:
        say("Nothing was written.")
    else:
        _tell_revisions([revision for migration in moved for revision in migration.revisions.values()])


def _tell_revisions(revisions: list[str]) -> None:
    if revisions:
        say(
            f"{counted(len(revisions), 'Alembic revision')} of it ({', '.join(revisions)}) may have to follow another one: "
            "see alembic heads, and set down_revision in the oldest."
        )
    say("Next: instar check")


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
