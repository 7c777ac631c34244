"""`instar init`: set a project up."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import counted, say, warn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from instar.cli.project import Project
    from instar.cli.setup.edits import Edits
    from instar.cli.setup.survey import Survey


@click.command(name="init")
@options.project
@click.option(
    "--backend",
    type=click.Choice(["sqlite", "postgresql", "mariadb"]),
    help="The database.  [default: found]",
)
@click.option("--alembic", metavar="DIR", help="The folder with Alembic's env.py.  [default: found]")
@click.option("--base", metavar="MODULE.CLASS", help="The declarative base, where there are several.")
@click.option("--yes", is_flag=True, help="Ask nothing; end with the options where there is a choice.")
@options.dry_run
def command(
    *,
    repo: Path,
    dialect: str | None,
    schema: tuple[str, ...],
    backend: str | None,
    alembic: str | None,
    base: str | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Set a project up: find its models, its database and its Alembic folder, and write the configuration.

    Adds [tool.instar] to pyproject.toml (or writes instar.toml), tells ruff to keep INS comments, keeps Alembic's
    autogenerate away from instar's tables, and stores the first snapshot. Nothing that is there already is changed.

    \b
    Examples:
      instar init
      instar init --dry-run
      instar init --yes --backend postgresql --alembic migrations
    """
    from instar.cli.project import Project
    from instar.cli.setup.edits import edits
    from instar.cli.setup.survey import Choices, survey
    from instar.errors import InstarError
    from instar.staging import write_all

    project = Project.open(repo, dialect=dialect, schema=schema)
    if project.repository is not None and project.repository.bare:
        raise InstarError(
            f"{project.root} is a bare repository; instar init writes to a work tree. Clone it first."
        )
    found = survey(project, Choices(backend, alembic, base, ask=not yes))
    made = edits(project, found)
    for line in _finding(found):
        say(line)
    if dry_run:
        for line in _differences(project, made):
            say(line)
    else:
        write_all(project.root, made.texts)
        for path, what in made.lines:
            say(f"  wrote   {path}: {what}")
    for text in made.advice:
        say(f"\n{text}")
    for line in _standing(project, found, dry_run=dry_run):
        say(line)


def _finding(found: Survey) -> Iterator[str]:
    schema = found.version.schema
    files = {table.place.path for table in schema.tables if table.place is not None}
    models = f"{counted(len(schema.tables), 'table')} in {counted(len(files), 'file')}"
    yield f"  models  {schema.dialect}, {models}"
    if schema.dialect == "sqlalchemy":
        backend = found.values.get("backend")
        where = f" ({found.notes['backend']})" if "backend" in found.notes else ""
        yield (
            f"  backend {backend}{where}"
            if backend
            else "  backend not found; set it in [tool.instar] before instar plan"
        )
        yield f"  alembic {found.values.get('alembic', 'no folder found')}"
    for unreadable in schema.unreadable:
        warn(
            f"{unreadable.path} could not be read ({unreadable.reason}); what it defines is not in the snapshot."
        )


def _differences(project: Project, made: Edits) -> Iterator[str]:
    """What would be written; of a snapshot only that it would be."""
    source = project.source()
    for path, text in made.texts.items():
        old = source.read(path)
        if path.endswith(".json"):
            continue
        before = [] if old is None else old.decode().splitlines()
        yield from difflib.unified_diff(before, text.splitlines(), path, path, n=1, lineterm="")
    for path, what in made.lines:
        yield f"  would write {path}: {what}"
    yield "Nothing was written."


def _standing(project: Project, found: Survey, *, dry_run: bool) -> Iterator[str]:
    """Whether the work tree is in step with what counts as deployed, and what comes next."""
    from instar.cli.comparison import compare
    from instar.errors import InstarError

    command = "instar init" if dry_run else "instar diff"
    try:
        before = project.version(project.deployed())
    except InstarError:
        yield "There is no earlier version to compare with yet."
        yield f"Next: {command if dry_run else 'edit a model, then: instar diff'}"
        return
    comparison = compare(before, found.version)
    if comparison.changes:
        yield f"{counted(len(comparison.changes), 'change')} between {before.title} and the work tree."
        yield f"Next: {command}"
    else:
        yield f"In step: {before.title} and the work tree."
        yield f"Next: {command if dry_run else 'edit a model, then: instar diff'}"
