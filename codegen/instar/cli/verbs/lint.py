"""`instar lint`: code that the deployed schema cannot serve yet, or soon cannot serve any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import counted, print_json, say, warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.cli.linting import Linted
    from instar_lint.findings import Finding


@click.command(name="lint")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@options.project
@click.option(
    "--from",
    "from_version",
    metavar="REF",
    help="The version that counts as deployed.  [default: what is recorded]",
)
@click.option(
    "--to", "to_version", metavar="REF", help="The version whose code is linted.  [default: WORKTREE]"
)
@options.renames
@options.environment
@click.option("--all", "show_all", is_flag=True, help="Show likely and possible findings too.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="For people, scripts, GitHub annotations, or code scanning.",
)
@click.option(
    "--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Known findings; only new ones fail."
)
@click.option("--write-baseline", is_flag=True, help="Write the present findings to --baseline FILE.")
@click.option(
    "--changed-since", metavar="REF", help="Lint only files that differ from the merge-base with REF."
)
@click.option("--keep-unused-noqa", is_flag=True, help="Do not report noqa comments that take back nothing.")
@click.option(
    "--watch", "keep_watching", is_flag=True, help="Lint again on every change, and print what is different."
)
@click.option("--exit-zero", is_flag=True, help="End with 0 also when there are findings.")
def command(
    *,
    paths: tuple[str, ...],
    repo: Path,
    dialect: str | None,
    schema: tuple[str, ...],
    from_version: str | None,
    to_version: str | None,
    renames: tuple[str, ...],
    environment: str | None,
    show_all: bool,
    output_format: str,
    baseline: Path | None,
    write_baseline: bool,
    changed_since: str | None,
    keep_unused_noqa: bool,
    keep_watching: bool,
    exit_zero: bool,
) -> int:
    """Report code that the deployed schema cannot serve yet, or soon cannot serve any more.

    Without --from it holds the code against committed migrations and the recorded state of the environments, or
    against the merge-base with the default branch where nothing is recorded. With nothing in flight it says nothing.
    A finding is proven; --all shows likely and possible ones too. `# noqa: INS101 - reason` takes one back.

    \b
    Examples:
      instar lint
      instar lint app/views.py --env production
      instar lint --from v1.2 --to main --format json
      instar lint --from main --rename users.user_name=display_name
      instar lint --baseline instar/baseline.json --write-baseline
      instar lint convex --watch
    """
    from instar.cli.files import replace_file
    from instar.cli.linting import LINTED, chosen_paths, lint, open_lint
    from instar.cli.project import Project
    from instar_lint.baseline import encode

    if write_baseline and baseline is None:
        raise click.UsageError("--write-baseline needs a file: --baseline FILE.")
    if keep_watching and (write_baseline or to_version or output_format != "text"):
        raise click.UsageError("--watch lints the work tree as text, without --to and --write-baseline.")
    known = None if write_baseline else baseline

    def read() -> Linted:
        project = Project.open(repo, dialect=dialect, schema=schema)
        linted = open_lint(project, from_version, to_version, environment, renames)
        for warning in linted.warnings:
            warn(warning)
        chosen = chosen_paths(project, linted.source, paths, changed_since)
        return lint(linted, chosen, baseline=known, unused_noqa=not keep_unused_noqa)

    if keep_watching:
        from instar.cli.watching import watch

        root = Project.open(repo, dialect=dialect, schema=schema).root
        return watch(root, LINTED, lambda: _shown(read(), show_all=show_all))
    outcome = read()
    proven = [finding for finding in outcome.findings if finding.confidence == "proven"]
    if write_baseline and baseline is not None:
        replace_file(baseline, encode(proven))
        say(f"{baseline} knows {counted(len(proven), 'finding')}.")
        return 0
    _show(_shown(outcome, show_all=show_all), output_format)
    _tell_rest(outcome, show_all=show_all, output_format=output_format, baseline=baseline)
    return 1 if (proven or outcome.stale) and not exit_zero else 0


def _shown(outcome: Linted, *, show_all: bool) -> tuple[Finding, ...]:
    return tuple(one for one in outcome.findings if show_all or one.confidence == "proven")


def _show(findings: Sequence[Finding], output_format: str) -> None:
    from instar_lint import formats

    match output_format:
        case "json":
            from instar.contracts import LintDocument

            print_json(LintDocument(findings=tuple(finding.record() for finding in findings)))
        case "sarif":
            from importlib.metadata import version

            print_json(formats.sarif(findings, version("instar")))
        case "github":
            for finding in findings:
                say(formats.github_line(finding))
        case _:
            for finding in findings:
                say(formats.text_line(finding))


def _tell_rest(outcome: Linted, *, show_all: bool, output_format: str, baseline: Path | None) -> None:
    """What is beside the findings, on stderr."""
    for entry in outcome.stale:
        warn(f"{baseline}: nothing matches {entry} any more; write the baseline again with --write-baseline.")
    hidden = sum(finding.confidence != "proven" for finding in outcome.findings)
    if hidden and not show_all and output_format == "text":
        warn(f"{counted(hidden, 'likely or possible finding')} not shown; --all shows them.")
