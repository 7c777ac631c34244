"""`instar snapshot`: a version of the schema as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import counted, say, warn

if TYPE_CHECKING:
    from instar.cli.project import Project
    from instar.schema.model import Schema


@click.command(name="snapshot")
@options.project
@options.ref
@click.option(
    "--import",
    "target",
    metavar="MODULE:NAME",
    help="Import the application and read its MetaData: app.db:Base.",
)
@click.option(
    "--evaluate",
    is_flag=True,
    help="Convex: bundle the schema with the project's own esbuild, run it, and read what the backend gets.",
)
@click.option("--python", metavar="PATH", help="The interpreter for --import.  [default: the project's own]")
@click.option("--timeout", type=float, default=60, show_default=True, help="Seconds that --import may take.")
@click.option("--url", metavar="URL", help="Read a live database: a URL, or env:VARIABLE that holds it.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write.  [default: print]",
)
@options.dry_run
def command(
    *,
    repo: Path,
    dialect: str | None,
    schema: tuple[str, ...],
    ref: str,
    target: str | None,
    evaluate: bool,
    python: str | None,
    timeout: float,
    url: str | None,
    output: Path | None,
    dry_run: bool,
) -> None:
    """Print a version of the schema as JSON, or write it to a file that other verbs take as a version.

    Models are read without running them. --import runs the application's code, in a process of its own, and is exact;
    --url reads the catalogue of a live database.

    \b
    Examples:
      instar snapshot --ref v1.2 --output before.json
      instar snapshot --import app.db:Base
      instar snapshot --evaluate
      instar snapshot --url env:DATABASE_URL --output production.json
      instar diff --from before.json --to WORKTREE
    """
    from instar.cli.files import replace_file
    from instar.cli.project import Project
    from instar.errors import InstarError
    from instar.schema.snapshot import decode, encode

    if target and url:
        raise click.UsageError("--import and --url are two sources; name one.")
    if evaluate and (target or url or ref != "WORKTREE"):
        raise click.UsageError(
            "--evaluate runs the schema of the work tree; leave out --import, --url and --ref."
        )
    if evaluate and dialect == "sqlalchemy":
        raise click.UsageError("--evaluate runs a schema of Convex; see --import for SQLAlchemy.")
    project = Project.open(repo, dialect=dialect, schema=schema)
    found = (
        _evaluated(project)
        if evaluate
        else _schema(project, ref, target, url, python=python, timeout=timeout)
    )
    for unreadable in found.unreadable:
        warn(
            f"{unreadable.path} could not be read ({unreadable.reason}); what it defines is not in the snapshot."
        )
    if not found.tables and found.backend is None:
        raise InstarError(
            f"no models were found in {project.root}. Name the files that declare them with --schema PATH."
        )
    data = encode(found)
    if output is None:
        click.echo(data, nl=False)
        return
    if output.is_file():
        decode(output.read_bytes(), str(output))
    what = f"{output}: {counted(len(found.tables), 'table')}"
    if dry_run:
        say(f"Would write {what}. Nothing was written.")
        return
    replace_file(output, data)
    say(f"Wrote {what}.\nNext: instar diff --from {output}")


def _evaluated(project: Project) -> Schema:
    from instar.dialects.convex.evaluated import evaluate_schema
    from instar.dialects.convex.reader import schema_path
    from instar.errors import InstarError

    path = schema_path(project.source(), project.config)
    if path is None:
        raise InstarError("there is no convex/schema.ts here. Name it with --schema PATH.")
    return evaluate_schema(project.root, path)


def _schema(
    project: Project, ref: str, target: str | None, url: str | None, *, python: str | None, timeout: float
) -> Schema:
    if target:
        from instar.dialects.sqlalchemy.imported import import_schema

        return import_schema(target, project.root, python=python, timeout=timeout)
    if url:
        from instar.dialects.sqlalchemy.inspect import inspect_url

        return inspect_url(url)
    return project.version(ref).schema
