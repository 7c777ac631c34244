"""`instar fix`: mend in place what the linter knows how to mend."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import counted, say

if TYPE_CHECKING:
    from pathlib import Path

    from instar_lint.findings import Finding
    from instar_lint.fixes import Mended


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
    from instar.cli.linting import chosen_paths, lint, open_lint
    from instar.cli.project import Project

    project = Project.open(repo, dialect=dialect, schema=schema)
    linted = open_lint(project, None, None, environment)
    chosen = chosen_paths(project, linted.source, paths, None)
    findings = lint(linted, chosen, unused_noqa=False).findings
    mended = 0
    changed = 0
    for path in sorted({finding.place.path for finding in findings if finding.fix}):
        data = linted.source.read(path) or b""
        done = _mended(data, [finding for finding in findings if finding.place.path == path])
        if done is None or not done.findings:
            continue
        mended += len(done.findings)
        changed += 1
        if show_diff or dry_run:
            say(_diff(path, data.decode(), done.text))
        else:
            replace_file(project.root / path, done.text.encode())
            say(f"{path}: {counted(len(done.findings), 'finding')} mended")
    rest = sum(finding.confidence == "proven" for finding in findings) - mended
    verb = "would be mended" if show_diff or dry_run else "mended"
    say(
        f"{counted(mended, 'finding')} {verb} in {counted(changed, 'file')}, {rest} left for you (instar lint)."
    )
    return 0


def _mended(data: bytes, findings: list[Finding]) -> Mended | None:
    from instar_lint.fixes import mend

    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return mend(text, findings)


def _diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(lines).rstrip("\n")
