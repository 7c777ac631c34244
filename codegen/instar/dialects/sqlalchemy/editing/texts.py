"""How the user wrote each declaration, kept in the migration: what goes out of the source may come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.editing.imports import Import, imported, names_used
from instar.dialects.sqlalchemy.editing.statements import Module, parsed
from instar.errors import InstarError
from instar.schema.change import FieldChange
from instar.schema.migration import Declaration

if TYPE_CHECKING:
    from instar.schema.migration import Migration
    from instar.schema.model import Schema
    from instar.sources import Source

Side = str
"""`before` or `target`."""


def text_key(side: Side, namespace: str | None, table: str, attribute: str) -> str:
    """The key of a declaration: which side of the migration, and which attribute of which table."""
    return f"{side}:{namespace + '.' if namespace else ''}{table}.{attribute}"


def touched_fields(migration: Migration) -> dict[tuple[str | None, str], set[str]]:
    """The stored names of the fields that a migration's edits are about, by table, as the user wrote them too."""
    found: dict[tuple[str | None, str], set[str]] = {}
    for step in migration.steps:
        for edit in step.edits:
            names = {one.name for one in (edit.before, edit.after) if one is not None}
            found.setdefault((edit.namespace, edit.table), set()).update(names)
    for change in migration.changes:
        if isinstance(change, FieldChange) and (change.namespace, change.table) in found:
            wrote = {one.name for one in (change.before, change.after) if one is not None}
            found[change.namespace, change.table] |= wrote
    return found


def declarations(migration: Migration, side: Side, source: Source, schema: Schema) -> dict[str, Declaration]:
    """The declarations of every attribute that a migration touches, as a version of the source has them.

    Args:
        migration: The plan.
        side: Which end of the migration the source is at.
        source: The files.
        schema: What they declare, with the place of each field.
    """
    found: dict[str, Declaration] = {}
    modules: dict[str, Module | None] = {}
    bound: dict[str, dict[str, Import]] = {}
    for namespace, table_name in touched_fields(migration):
        table = schema.table(table_name, namespace)
        for field in table.fields if table is not None else ():
            if field.place is None:
                continue
            path = field.place.path
            if path not in modules:
                modules[path] = module = _parsed(source, path)
                bound[path] = imported(module.tree) if module is not None else {}
            module = modules[path]
            statement = module.statement_at(field.place.line) if module is not None else None
            if module is None or statement is None:
                continue
            names = names_used(statement) & bound[path].keys()
            needed = tuple(sorted(bound[path][name] for name in names))
            key = text_key(side, namespace, table_name, field.code_name)
            bare = statement.with_changes(leading_lines=())
            found[key] = Declaration(text=module.source(bare).strip(), field=field, imports=needed)
    return found


def _parsed(source: Source, path: str) -> Module | None:
    data = source.read(path)
    if data is None:
        return None
    try:
        return parsed(data.decode(), path)
    except (InstarError, UnicodeDecodeError):
        return None
