"""`instar pause`: let a running backfill wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import backfills
from instar.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="pause")
@click.argument("name", required=False)
@backfills.database
def command(*, name: str | None, repo: Path, environment: str | None, url: str | None) -> int:
    """Let a backfill wait: its workers stop after the batch under way, and nobody else begins.

    NAME is the backfill as instar status shows it; it may be left out where only one is at work.

    \b
    Examples:
      instar pause users.avatar_url --env production
      instar pause --url env:DATABASE_URL
    """
    from instar.backfill import pause, read_progress

    target = backfills.database_url(repo, environment, url)
    full = backfills.one_of(read_progress(target), name, wanted="pause")
    working = pause(target, full)
    short = backfills.title(full)
    state = "pauses after the batch under way" if working else "is paused"
    say(f"{short} {state}. Go on with: instar resume {short} {backfills.place(environment)}")
    return 0
