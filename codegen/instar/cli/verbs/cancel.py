"""`instar cancel`: end a backfill before its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import backfills
from instar.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="cancel")
@click.argument("name", required=False)
@backfills.database
def command(*, name: str | None, repo: Path, environment: str | None, url: str | None) -> int:
    """End a backfill: its workers stop after the batch under way. Rows that are done stay done.

    NAME is the backfill as instar status shows it; it may be left out where only one is at work.

    \b
    Examples:
      instar cancel users.avatar_url --env production
      instar cancel --url env:DATABASE_URL
    """
    from instar.backfill import cancel, read_progress

    target = backfills.database_url(repo, environment, url)
    full = backfills.one_of(read_progress(target), name, wanted="cancel")
    working = cancel(target, full)
    short = backfills.title(full)
    say(f"{short} ends after the batch under way." if working else f"{short} is cancelled.")
    return 0
