"""`instar verify`: hold the backfills of a migration against the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from instar.cli import backfills, options
from instar.cli.output import bad, counted, good, notable, print_json, say

if TYPE_CHECKING:
    from instar.backfill.keyset import Key
    from instar.backfill.verification import Verification
    from instar.cli.project import Project
    from instar.schema.migration import Migration
    from instar.schema.operations import BackfillWork


@click.command(name="verify")
@click.argument("migration", required=False)
@backfills.database
@click.option(
    "--work",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A backfill as JSON instead of a migration; repeatable.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Convex: what the verify functions printed; - for standard input.",
)
@click.option("--sample", default=1_000, show_default=True, help="How many rows to compute again.")
@options.output_format
def command(
    *,
    migration: str | None,
    repo: Path,
    environment: str | None,
    url: str | None,
    files: tuple[Path, ...],
    results: Path | None,
    sample: int,
    output_format: str,
) -> int:
    """Count the rows that are left, and compare values with what they should be. Nothing is written.

    Ends with 1 when rows are left or values disagree. A sampled value that differs from a recomputation is shown
    and does not count: the application may have written it since.

    \b
    Examples:
      instar verify display-names --env production
      instar verify --url env:DATABASE_URL --work users_avatar_url.json
    """
    from instar.backfill import Options, verify

    if not files and url is None:
        from instar.cli.convex_runs import convex_migration, judge, print_commands, read_results

        convex = convex_migration(repo, migration)
        if convex is not None and results is not None:
            return judge(convex, read_results(results), output_format)
        if convex is not None:
            return print_commands(
                convex, "verify", environment=environment, deploy=None, output_format=output_format
            )
    if results is not None:
        raise click.UsageError(
            "--results reads what a Convex deployment printed; this is no Convex migration."
        )
    target = backfills.database_url(repo, environment, url)
    root, over = repo, frozenset[str]()
    if files:
        works = backfills.read_works(files)
    else:
        project, found = backfills.find_migration(repo, migration)
        root, works = project.root, _verified(found)
        ended = _ended(project, found, target)
        over, works = ended, tuple(work for work in works if work.name not in ended)
    checked = [verify(work, target, options=Options(root=root), sample=sample) for work in works]
    if output_format == "json":
        print_json({"backfills": [_document(one) for one in checked]})
    else:
        for name in sorted(over):
            say(
                f"{backfills.title(name)}: the column that it was filled from is dropped, after a last look at it"
            )
        for one in checked:
            _tell(one)
    return 0 if all(one.clean for one in checked) else 1


def _verified(migration: Migration) -> tuple[BackfillWork, ...]:
    """The works of the verify steps, or of the backfills where there are none."""
    works = [(step.kind, step.work) for step in migration.steps if step.work is not None]
    verified = [work for kind, work in works if kind == "verify"] or [work for _, work in works]
    return tuple({work.name: work for work in verified}.values())


def _ended(project: Project, migration: Migration, url: str) -> frozenset[str]:
    """The works that nothing can be held against any more, because this database has dropped their other column."""
    from instar.cli.evidence import applied_revisions
    from instar.cli.pulling import ended_works, heads_of
    from instar.dialects.sqlalchemy.engine import connect, resolve_url

    with connect(resolve_url(url, "the database"), "the database") as connection:
        heads = heads_of(connection)
    return ended_works(migration, applied_revisions(project, heads))


def _tell(found: Verification) -> None:
    name = backfills.title(found.name)
    lines = [_line(found.left, "left", found.left_keys)]
    if found.disagree is not None:
        lines.append(_line(found.disagree, "with a wrong value", found.disagree_keys))
    if found.sampled > found.differ:
        lines.append(f"{counted(found.sampled - found.differ, 'sampled row')} as computed now")
    lines.append(good("ok") if found.clean else bad("not verified"))
    say(f"{name}: {', '.join(lines)}")
    if found.differ:
        text = f"{found.differ:,} of {counted(found.sampled, 'sampled row')} {_differs(found.differ)} another value"
        say(
            notable(
                f"  {text} than computed now{_keys(found.differ_keys)}; the application may have written it"
            )
        )
    for skipped in found.skipped:
        say(f"  skipped{_keys((skipped.key,))}: {skipped.reason}")


def _differs(count: int) -> str:
    return "holds" if count == 1 else "hold"


def _line(count: int, what: str, keys: tuple[Key, ...]) -> str:
    return f"{counted(count, 'row')} {what}{_keys(keys)}"


def _keys(keys: tuple[Key, ...]) -> str:
    from instar.backfill.keyset import show_key

    return f" (key {'; '.join(show_key(key) for key in keys)})" if keys else ""


def _document(found: Verification) -> dict[str, Any]:
    from instar.backfill.keyset import show_key

    return {
        "name": found.name,
        "left": found.left,
        "left_keys": [show_key(key) for key in found.left_keys],
        "disagree": found.disagree,
        "disagree_keys": [show_key(key) for key in found.disagree_keys],
        "sampled": found.sampled,
        "differ": found.differ,
        "differ_keys": [show_key(key) for key in found.differ_keys],
        "skipped": [{"key": show_key(row.key), "reason": row.reason} for row in found.skipped],
        "verified": found.clean,
    }
