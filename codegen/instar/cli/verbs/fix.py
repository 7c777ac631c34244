"""`instar fix`: mend in place what the linter knows how to mend."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import counted, say

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="fix")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@options.project
@options.environment
@click.option("--diff", "show_diff", is_flag=True, help="Show what would be written, and write nothing.")
@options.dry_run
def command(
    *,
    paths: tuple[str, ...],
    repo: Path,
    dialect: str | None,
    schema: tuple[str, ...],
    environment: str | None,
    show_diff: bool,
    dry_run: bool,
) -> int:
    """Mend what lint finds and knows how to mend.

    A read of a field that leaves, or is not filled yet, goes through its accessor; a filter uses the accessor's
    expression; a write gets the other side of its pair. Formatting and comments are kept.

    \b
    Examples:
      instar fix --diff
      instar fix app/views.py
    """
    from instar.cli.files import replace_file
    from instar.cli.mending import mend_project
    from instar.cli.project import Project

    project = Project.open(repo, dialect=dialect, schema=schema)
    done = mend_project(project, paths, environment)
    for file in done.files:
        if show_diff or dry_run:
            say(_diff(file.path, *file.texts))
        else:
            replace_file(project.root / file.path, file.after)
            say(f"{file.path}: {counted(file.mended, 'finding')} mended")
    verb = "would be mended" if show_diff or dry_run else "mended"
    mended = sum(file.mended for file in done.files)
    say(
        f"{counted(mended, 'finding')} {verb} in {counted(len(done.files), 'file')}, "
        f"{done.left} left for you (instar lint)."
    )
    return 0


def _diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(lines).rstrip("\n")
