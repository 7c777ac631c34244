"""Which revisions and compute functions of a version are linted, and which fields they fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.python.parsing import decoded
from instar_lint.revisions import parse_compute, parse_revision

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from instar.schema.migration import Migration
    from instar.schema.model import Schema
    from instar.sources import Source
    from instar_lint.deployment import TableKey
    from instar_lint.revisions import Revision


def new_revisions(
    source: Source, before: Source | None, applied: Collection[str] = ()
) -> tuple[Revision, ...]:
    """The Alembic revisions of a version that the one before does not have and that are applied nowhere."""
    if before is None:
        return ()
    known = {file.path for file in before.files((".py",))}
    added = [file.path for file in source.files((".py",)) if file.path not in known]
    files = source.read_many(added)
    read = (
        parse_revision(decoded(files[path]), path)
        for path in sorted(files)
        if b"down_revision" in files[path]
    )
    return tuple(revision for revision in read if revision and revision.identifier not in applied)


def new_typescript_migrations(source: Source, before: Source | None) -> tuple[Revision, ...]:
    """The Convex functions of a version that rewrite a table and that the one before does not have."""
    from instar_lint.typescript.migrations import new_migrations  # noqa: PLC0415 - loads its parser

    return new_migrations(source, before)


def compute_functions(source: Source, migrations: Sequence[Migration]) -> tuple[Revision, ...]:
    """The files of the functions that some migrations compute values with, as far as they are written."""
    names: dict[str, set[str]] = {}
    for migration in migrations:
        for step in migration.steps:
            if step.work is not None and step.work.compute is not None:
                path, _, function = step.work.compute.partition(":")
                names.setdefault(path, set()).add(function)
    files = source.read_many(sorted(names))
    read = (parse_compute(decoded(data), path, names[path]) for path, data in sorted(files.items()))
    return tuple(found for found in read if found is not None)


def filled_by(revisions: Sequence[Revision], schema: Schema) -> frozenset[tuple[TableKey, str]]:
    """The fields of a schema that some revision fills itself."""
    return frozenset(
        (table.key, field.name)
        for table in schema.tables
        for field in table.fields
        if any(revision.fills(table.name, field.name) for revision in revisions)
    )
