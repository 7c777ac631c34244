"""`instar uses`: every place that would feel the removal of a field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli import options
from instar.cli.output import counted, print_json, quiet, say, warn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from instar.cli.project import Project
    from instar.contracts import UsesDocument
    from instar.schema.model import Schema
    from instar.sources import Source


@click.command(name="uses")
@click.argument("field", metavar="[SCHEMA.]TABLE.FIELD")
@options.project
@options.ref
@options.output_format
def command(
    *, field: str, repo: Path, dialect: str | None, schema: tuple[str, ...], ref: str, output_format: str
) -> None:
    """Show every place that would feel the removal of a field.

    A use is proven (the type is resolved), likely (an unresolved name that suggests it) or possible (dynamic code,
    templates, strings). Nothing is ever called unused: code that might name any field is counted as unresolved.

    \b
    Examples:
      instar uses users.user_name
      instar uses billing.invoices.total --ref v1.2 --format json
    """
    from instar.cli.project import Project

    project = Project.open(repo, dialect=dialect, schema=schema)
    document = _document(project, project.source(ref), field)
    if output_format == "json":
        print_json(document)
        return
    for line in _lines(document, field):
        say(line)


def _document(project: Project, source: Source, field: str) -> UsesDocument:
    from instar.dialects.registry import reader_for
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.uses import fields_named, typescript_uses, uses_of

    reader = reader_for(source, project.config)
    knowledge = Knowledge.of(source, project.config) if reader.name == "sqlalchemy" else None
    schema = knowledge.schema if knowledge is not None else reader.read(source, project.config)
    assert schema is not None
    fields = fields_named(schema, field)
    if not _has_field(schema, fields):
        warn(f"no table maps {field} in this version; only uses that name the column itself can be found.")
    if knowledge is None:
        return typescript_uses(source, schema, project.config, fields)
    return uses_of(source, knowledge, project.config, fields)


def _has_field(schema: Schema, fields: tuple[tuple[str | None, str, str], ...]) -> bool:
    tables = ((schema.table(table, namespace), name) for namespace, table, name in fields)
    return any(table is not None and table.field(name) is not None for table, name in tables)


def _lines(document: UsesDocument, field: str) -> Iterator[str]:
    for use in document.uses:
        sure = "" if use.confidence == "proven" else quiet(f" ({use.confidence})")
        yield f"{use.path}:{use.line}:{use.column}: {use.access}{sure}"
    if document.uses:
        yield ""
    tiers = [
        sum(use.confidence == tier for use in document.uses) for tier in ("proven", "likely", "possible")
    ]
    dynamic = counted(document.unresolved, "place")
    yield f"{field}: {tiers[0]} proven, {tiers[1]} likely, {tiers[2]} possible; {dynamic} that might name any field."
