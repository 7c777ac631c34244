"""`instar check`: what must be right before a merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import bad, counted, good, print_json, say, warn

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.findings import Problem
    from instar_lint.findings import Finding


@click.command(name="check")
@options.project
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="For people, scripts, or GitHub annotations.",
)
@click.option("--no-lint", is_flag=True, help="Leave the lint of the code out.")
def command(
    *, repo: Path, dialect: str | None, schema: tuple[str, ...], output_format: str, no_lint: bool
) -> int:
    """Check the whole project: what the pre-commit hook instar-check and CI run.

    Models that changed without a migration, two heads, a contract ahead of its gates, drift of recorded databases,
    and the lint of all code. Ends with 0 when all is well, 1 when something is found.

    \b
    Examples:
      instar check
      instar check --format github
    """
    from instar.cli.findings import problems
    from instar.cli.project import Project

    project = Project.open(repo, dialect=dialect, schema=schema)
    found = problems(project)
    linted = () if no_lint else _lint(project)
    match output_format:
        case "json":
            findings = tuple(finding.record() for finding in linted)
            print_json({"problems": found, "findings": findings})
        case "github":
            _github(found, linted)
        case _:
            _text(found, linted, linted_too=not no_lint)
    return 1 if found or linted else 0


def _lint(project: object) -> tuple[Finding, ...]:
    """The proven findings of the whole project."""
    from instar.cli.linting import lint, open_lint
    from instar.cli.project import Project

    assert isinstance(project, Project)
    opened = open_lint(project, None, None, None)
    for warning in opened.warnings:
        warn(warning)
    outcome = lint(opened, None)
    return tuple(finding for finding in outcome.findings if finding.confidence == "proven")


def _text(found: tuple[Problem, ...], linted: tuple[Finding, ...], *, linted_too: bool) -> None:
    from instar_lint.formats import text_line

    for problem in found:
        where = f"{problem.path}:{problem.line}: " if problem.path else ""
        say(f"{where}{bad(problem.check)}: {problem.message}")
    for finding in linted:
        say(text_line(finding))
    if found or linted:
        say(f"{counted(len(found) + len(linted), 'problem')} found.")
    else:
        checked = "models, ledger, gates, drift" + (" and code" if linted_too else "")
        say(good(f"All in step: {checked}."))


def _github(found: tuple[Problem, ...], linted: tuple[Finding, ...]) -> None:
    from instar_lint.formats import github_line

    for problem in found:
        where = f"file={problem.path},line={problem.line}," if problem.path else ""
        say(f"::error {where}title=instar {problem.check}::{_escaped(problem.message)}")
    for finding in linted:
        say(github_line(finding))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
