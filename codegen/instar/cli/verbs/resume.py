"""`instar resume`: take a pause back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import backfills
from instar.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="resume")
@click.argument("name", required=False)
@backfills.database
def command(*, name: str | None, repo: Path, environment: str | None, url: str | None) -> int:
    """Take a pause back. Workers that wait go on by themselves.

    NAME is the backfill as instar status shows it; it may be left out where only one is at work.

    \b
    Examples:
      instar resume users.avatar_url --env production
      instar resume --url env:DATABASE_URL
    """
    from instar.backfill import read_progress, resume

    target = backfills.database_url(repo, environment, url)
    full = backfills.one_of(read_progress(target), name, wanted="resume")
    working = resume(target, full)
    short = backfills.title(full)
    run = f"instar run {backfills.place(environment)}"
    say(f"{short} goes on." if working else f"{short} may go on. Work on it with: {run}")
    return 0
