"""A deploy of a migration to files: the schema in place, accessor modules, backfill modules and their tracking."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.base import Choices, Edited, Emission
from instar.dialects.convex.accessors import MARK, accessor_module
from instar.dialects.convex.backfills import (
    FOLDER,
    MIGRATIONS_TABLE,
    Style,
    backfill_module,
    module_name,
    tracking_module,
)
from instar.dialects.convex.editor import edit_schema
from instar.dialects.convex.reader import accessor_folder, schema_path
from instar.dialects.convex.resolution import parse_jsonc
from instar.dialects.convex.typescript_text import camel, string
from instar.errors import InstarError
from instar.schema.virtual import declared_after

if TYPE_CHECKING:
    from collections.abc import Collection

    from instar.config import Config
    from instar.dialects.base import Workspace
    from instar.schema.migration import Declaration, Deploy, FieldAccess, Migration
    from instar.schema.model import Schema
    from instar.schema.renaming import TableKey
    from instar.sources import Source

_COMPONENT = "@convex-dev/migrations"
_CONFIG = """\
import migrations from "@convex-dev/migrations/convex.config.js";
import { defineApp } from "convex/server";

const app = defineApp();
app.use(migrations);

export default app;
"""


class _Emitter:
    """See `instar.dialects.base.Emitter`."""

    def declared(
        self, migration: Migration, side: str, source: Source, schema: Schema
    ) -> dict[str, Declaration]:
        """Nothing: fields keep their own spelling in the schema model."""
        del migration, side, source, schema
        return {}

    def reread(
        self, workspace: Workspace, source: Source, schema: Schema, tables: Collection[TableKey]
    ) -> Schema:
        """All of them: they stand in one file."""
        del schema, tables
        return workspace.read(source)

    def edits(
        self, workspace: Workspace, migration: Migration, deploy: Deploy, schema: Schema
    ) -> tuple[Edited, ...]:
        """Whatever is there and changes."""
        files = self.emit(workspace, migration, deploy, schema, Choices()).files
        there = [path for path in files if workspace.source.read(path) is not None]
        return tuple(Edited(path, files[path]) for path in there)

    def emit(
        self, workspace: Workspace, migration: Migration, deploy: Deploy, schema: Schema, choices: Choices
    ) -> Emission:
        """The files of a deploy; accessors and backfills are instar's own, the schema is the user's."""
        del schema, choices
        files = emit_deploy(workspace.source, workspace.config, migration, deploy.number)
        path = schema_path(workspace.source, workspace.config)
        functions = posixpath.dirname(path or "")
        folders = (
            posixpath.join(functions, FOLDER) + "/",
            accessor_folder(workspace.config, functions) + "/",
        )
        return Emission(files=dict(files), owned=tuple(name for name in files if name.startswith(folders)))


EMITTER = _Emitter()


def emit_deploy(source: Source, config: Config, migration: Migration, number: int) -> dict[str, str]:
    """Path to whole new text of every file that deploy `number` of a migration changes.

    Raises:
        InstarError: The user still has to decide something, or a file cannot be edited safely.
    """
    if migration.decisions:
        decision = migration.decisions[0]
        raise InstarError(f"{decision.sentence} Answer with {' or '.join(decision.answers)}.")
    path = schema_path(source, config)
    if path is None:
        raise InstarError("there is no convex/schema.ts to edit. Name it with --schema PATH.")
    functions = posixpath.dirname(path)
    deploy = migration.deploys[number - 1]
    style = style_of(source, path)
    files: dict[str, str] = {}
    files |= _backfills(source, functions, migration, deploy, style=style, config=config)
    files |= _accessors(source, functions, migration, number, config)
    for edited in schema_edits(source, config, migration, number):
        if edited.text is not None:
            files[edited.path] = edited.text
    return files


def schema_edits(source: Source, config: Config, migration: Migration, number: int) -> tuple[Edited, ...]:
    """The schema source as it has to be with deploy `number`, the tracking table included.

    Raises:
        InstarError: There is no schema, or a declaration cannot be edited safely.
    """
    path = schema_path(source, config)
    if path is None:
        raise InstarError("there is no convex/schema.ts to edit. Name it with --schema PATH.")
    wanted = declared_after(migration, number)
    tracked = any(step.kind == "backfill" for step in migration.steps)
    if tracked and style_of(source, path) == "self-contained":
        wanted = _with_tracking(wanted)
    return edit_schema(source, path, wanted)


def style_of(source: Source, path: str) -> Style:
    """The style by the nearest `package.json`: the component where it is installed."""
    folder = posixpath.dirname(path)
    while True:
        data = source.read(posixpath.join(folder, "package.json"))
        manifest = parse_jsonc(data) if data is not None else None
        if isinstance(manifest, dict):
            wanted = {**(manifest.get("dependencies") or {}), **(manifest.get("devDependencies") or {})}
            return "component" if _COMPONENT in wanted else "self-contained"
        if not folder:
            return "self-contained"
        folder = posixpath.dirname(folder)


def _with_tracking(schema: Schema) -> Schema:
    if schema.table(MIGRATIONS_TABLE.name) is not None:
        return schema
    tables = tuple(sorted((*schema.tables, MIGRATIONS_TABLE), key=lambda table: table.name))
    return msgspec.structs.replace(schema, tables=tables)


def _backfills(
    source: Source, functions: str, migration: Migration, deploy: Deploy, *, style: Style, config: Config
) -> dict[str, str]:
    files: dict[str, str] = {}
    stored = declared_after(migration, deploy.number)
    for step in deploy.steps:
        if step.kind != "backfill" or step.work is None:
            continue
        table = stored.table(step.work.table)
        if table is None:
            continue
        name = module_name(step.work)
        taken = source.read(posixpath.join(functions, FOLDER, f"{name}.ts"))
        if taken is not None and string(step.work.name).encode() not in taken:
            name = f"{name}_{migration.id}"
        accessors = posixpath.relpath(accessor_folder(config, functions), functions)
        text = backfill_module(step.work, table, style, name, accessors)
        files[posixpath.join(functions, FOLDER, f"{name}.ts")] = text
    if files and style == "self-contained":
        files[posixpath.join(functions, FOLDER, "tracking.ts")] = tracking_module()
    if files and style == "component":
        config_path = posixpath.join(functions, "convex.config.ts")
        existing = source.read(config_path)
        if existing is None:
            files[config_path] = _CONFIG
        elif _COMPONENT.encode() not in existing:
            raise InstarError(
                f'add app.use(migrations) with: import migrations from "{_COMPONENT}/convex.config.js"',
                path=config_path,
            )
    return files


def _accessors(
    source: Source, functions: str, migration: Migration, number: int, config: Config
) -> dict[str, str]:
    """One module a table, with every access of the deploys so far in its latest form."""
    latest: dict[tuple[str, str], FieldAccess] = {}
    for deploy in migration.deploys[:number]:
        for step in deploy.steps:
            for access in step.access:
                latest[access.table, access.field.name] = access
    files: dict[str, str] = {}
    for table in dict.fromkeys(table for table, _ in latest):
        path = posixpath.join(accessor_folder(config, functions), f"{camel(table)}.ts")
        existing = source.read(path)
        if existing is not None and MARK.encode() not in existing:
            raise InstarError(
                "this file is yours, and the accessors of its table would overwrite it. "
                'Give them another folder: accessors = "convex/accessors" in [tool.instar].',
                path=path,
            )
        files[path] = accessor_module(table, [one for key, one in latest.items() if key[0] == table])
    return files
