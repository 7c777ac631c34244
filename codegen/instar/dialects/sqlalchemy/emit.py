"""A deploy of a SQLAlchemy project as files: source edits, Alembic revisions, accessors, compute modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.dialects.base import Edited, Emission
from instar.dialects.sqlalchemy.editing.texts import declarations
from instar.dialects.sqlalchemy.editor import edit_to
from instar.dialects.sqlalchemy.reader import read_around
from instar.errors import InstarError
from instar.fingerprint import fingerprint
from instar.sources import OverlaySource

if TYPE_CHECKING:
    from collections.abc import Collection

    from instar.dialects.base import Choices, Workspace
    from instar.dialects.sqlalchemy.accessors import AccessFiles
    from instar.dialects.sqlalchemy.revision import Revision
    from instar.schema.migration import Declaration, Deploy, Migration
    from instar.schema.model import Schema
    from instar.schema.renaming import TableKey
    from instar.sources import Source


class _Emitter:
    """See `instar.dialects.base.Emitter`."""

    def declared(
        self, migration: Migration, side: str, source: Source, schema: Schema
    ) -> dict[str, Declaration]:
        return declarations(migration, side, source, schema)

    def reread(
        self, workspace: Workspace, source: Source, schema: Schema, tables: Collection[TableKey]
    ) -> Schema:
        referenced = {
            (one.references.namespace, one.references.table)
            for table in schema.tables
            if table.key in tables
            for one in table.constraints
            if one.references is not None
        }
        wanted = {*tables, *referenced}
        places = [table.place for table in schema.tables if table.key in wanted and table.place]
        return read_around(source, workspace.config, {place.path for place in places})

    def edits(
        self, workspace: Workspace, migration: Migration, deploy: Deploy, schema: Schema
    ) -> tuple[Edited, ...]:
        files = {one.path: one for one in edit_to(workspace.source, schema, migration, deploy.number)}
        if any(step.access for step in deploy.steps):
            edited = OverlaySource(workspace.source, _buffers({one.path: one.text for one in files.values()}))
            more = _access_files(edited, workspace, migration, deploy).edited
            files.update({path: Edited(path, text) for path, text in more.items()})
        return tuple(files.values())

    def emit(
        self, workspace: Workspace, migration: Migration, deploy: Deploy, schema: Schema, choices: Choices
    ) -> Emission:
        revisions = _revisions(workspace, migration, deploy, choices)
        files: dict[str, str | None] = {
            one.path: one.text
            for one in revisions
            if one.id not in choices.immutable or _adopted(workspace.source, migration, one, choices)
        }
        owned = tuple(files)
        for edited in edit_to(workspace.source, schema, migration, deploy.number):
            files[edited.path] = edited.text
        from instar.dialects.sqlalchemy.compute import compute_stubs  # noqa: PLC0415 - see `_access_files`

        files.update(compute_stubs(workspace.source, migration, deploy))
        edited_source = OverlaySource(workspace.source, _buffers(files))
        accessors = _access_files(edited_source, workspace, migration, deploy)
        files.update(accessors.edited)
        files.update(accessors.owned)
        return Emission(
            files=files,
            owned=(*owned, *accessors.owned),
            revisions={one.step: one.id for one in revisions},
            replaced=accessors.replaced,
        )


EMITTER = _Emitter()


def _access_files(source: Source, workspace: Workspace, migration: Migration, deploy: Deploy) -> AccessFiles:
    # Templates and SQLAlchemy take time that a look at the source edits alone does not need.
    from instar.dialects.sqlalchemy.accessors import access_files  # noqa: PLC0415 - see above

    return access_files(source, workspace.config, migration, deploy)


def _adopted(source: Source, migration: Migration, revision: Revision, choices: Choices) -> bool:
    """Whether a revision that may not be written again was edited by hand and is to be taken as it is.

    Raises:
        InstarError: It was edited, and nobody says that the edit counts.
    """
    there, known = source.read(revision.path), migration.files.get(revision.path)
    if there is None or known is None or fingerprint(revision.path, there.decode()) == known:
        return False
    if not choices.adopt:
        raise InstarError(
            f"revision {revision.id} has been edited since it was generated. It is on the default branch or applied in "
            "a recorded environment, so it is not written again, also not with --force. Put it back with git, or keep "
            "the edit with --adopt. Nothing was written.",
            path=revision.path,
        )
    return True


def _revisions(
    workspace: Workspace, migration: Migration, deploy: Deploy, choices: Choices
) -> tuple[Revision, ...]:
    """The revisions of the deploy's DDL steps, each on top of the one before."""
    from instar.dialects.sqlalchemy.revision import (  # noqa: PLC0415 - see `_access_files`
        revision_id,
        write_revision,
    )
    from instar.dialects.sqlalchemy.script_folder import script_folder  # noqa: PLC0415 - likewise

    steps = [step for step in deploy.steps if step.operations]
    if not steps:
        return ()
    folder = script_folder(workspace.source, workspace.config)
    own = {revision_id(migration, step) for step in steps}
    existing = {script.revision: script for script in folder.scripts if script.revision in own}
    others = msgspec.structs.replace(
        folder, scripts=tuple(s for s in folder.scripts if s.revision not in own)
    )
    first = existing.get(revision_id(migration, steps[0]))
    parents = first.parents if first is not None else others.head(choices.head)
    made = []
    for step in steps:
        revision = write_revision(migration, step, parents, folder.versions)
        if revision.id in existing:
            revision = msgspec.structs.replace(revision, path=existing[revision.id].path)
        made.append(revision)
        parents = (revision.id,)
    return tuple(made)


def _buffers(files: dict[str, str | None]) -> dict[str, bytes | None]:
    return {path: None if text is None else text.encode() for path, text in files.items()}
