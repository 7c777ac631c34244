"""`instar diff`: what differs between two versions of the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import print_json, say, warn

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.comparison import Comparison


@click.command(name="diff")
@options.project
@options.versions
@options.renames
@options.output_format
@options.exit_code
def command(
    *,
    repo: Path,
    dialect: str | None,
    schema: tuple[str, ...],
    from_version: str | None,
    to_version: str,
    renames: tuple[str, ...],
    output_format: str,
    exit_code: bool,
) -> int:
    """Show what differs between two versions of the schema.

    A version is a git ref, WORKTREE (the files on disk), a snapshot file or a live database (db:ENV). Nothing is
    checked out and no code of the project runs.

    \b
    Examples:
      instar diff
      instar diff --from v1.2 --to main
      instar diff --rename users.user_name=display_name
      instar diff --from db:production --to WORKTREE --exit-code
    """
    from instar.cli.comparison import compare, document
    from instar.cli.diff_text import render
    from instar.cli.project import Project

    project = Project.open(repo, dialect=dialect, schema=schema)
    before = project.version(from_version or project.deployed())
    comparison = compare(before, project.version(to_version), renames)
    for title in comparison.empty:
        warn(f"{title} declares no models; it counts as an empty schema.")
    if output_format == "json":
        print_json(document(comparison))
    else:
        for line in render(comparison):
            say(line)
        for line in _next(comparison, from_version, renames):
            say(line)
    return 1 if exit_code and comparison.changes else 0


def _next(comparison: Comparison, from_version: str | None, renames: tuple[str, ...]) -> list[str]:
    """What to type now; nothing where both versions are history."""
    if not comparison.changes or comparison.after.label != "WORKTREE":
        return []
    told = [f"--from {from_version}"] if from_version else []
    told += [f"--rename {rename}" for rename in renames]
    return [" ".join(["Next: instar plan", *told])]
