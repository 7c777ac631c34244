"""The files of a migration's next deploy: revisions, source edits, accessors and the migration itself."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.base import Choices
from instar.errors import InstarError
from instar.fingerprint import fingerprint
from instar.ledger import encode, path_of
from instar.schema.in_flight import in_flight
from instar.schema.migration import Migration
from instar.sources import OverlaySource

if TYPE_CHECKING:
    from collections.abc import Collection

    from instar.dialects.base import Edited, Emission, Emitter, Workspace
    from instar.schema.migration import Deploy
    from instar.schema.model import Opaque, Schema
    from instar.schema.renaming import TableKey
    from instar.sources import Source


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written, all or none.

    Attributes:
        migration: The migration as it is stored afterwards.
        files: Whole texts by path; None deletes. The migration's own file is among them.
        before: The texts that are there now; None where there is no file.
        revisions: The ids of the new revisions, in order.
    """

    migration: Migration
    files: dict[str, str | None]
    before: dict[str, str | None]
    revisions: tuple[str, ...] = ()


def generate(
    workspace: Workspace,
    migration: Migration,
    *,
    number: int | None = None,
    base: Source | None = None,
    choices: Choices | None = None,
) -> Generated:
    """The files of one deploy.

    Args:
        workspace: Where they go.
        migration: The plan. Until its first deploy is generated, the workspace may hold the target already.
        number: Which deploy; the next one when absent.
        base: The files that the plan starts from, to put declarations back as they were written.
        choices: What the user said.

    Raises:
        InstarError: Something is undecided or not planned, the plan has no such deploy, a generated file was edited
            by hand, a revision is immutable, the Alembic folder has several heads, or a declaration cannot be found.
    """
    choices = choices or Choices()
    _refuse_unready(migration)
    deploy = _deploy(migration, number)
    emitter, migration, schema = _ready(workspace, migration, base)
    emission = emitter.emit(workspace, migration, deploy, schema, choices)
    files, hashes, adopted = _settled(workspace.source, migration, emission, choices)
    _refuse_broken(emitter, workspace, migration, schema, files)
    generated = max(migration.generated, deploy.number)
    migration = msgspec.structs.replace(
        migration,
        generated=generated,
        in_flight=in_flight(migration, generated),
        revisions={**migration.revisions, **emission.revisions},
        files=hashes,
        adopted=adopted,
        replaced=(*migration.replaced, *emission.replaced),
    )
    files[path_of(migration, workspace.config)] = encode(migration).decode()
    before = {path: _text(workspace.source, path) for path in files}
    files = {path: text for path, text in files.items() if text != before[path]}
    return Generated(
        migration=migration,
        files=files,
        before={path: before[path] for path in files},
        revisions=tuple(emission.revisions.values()),
    )


def source_edits(
    workspace: Workspace, migration: Migration, *, base: Source | None = None
) -> tuple[Edited, ...]:
    """The files of the user's that the next deploy edits; arguments and errors as of `generate`."""
    _refuse_unready(migration)
    deploy = _deploy(migration, None)
    emitter, migration, schema = _ready(workspace, migration, base)
    return emitter.edits(workspace, migration, deploy, schema)


def _ready(
    workspace: Workspace, migration: Migration, base: Source | None
) -> tuple[Emitter, Migration, Schema]:
    """The emitter, the migration with the declarations as the user wrote them, and what the source declares."""
    emitter = _emitter(migration.dialect)
    schema = workspace.read(workspace.source)
    _refuse_unreadable(migration, schema)
    if not migration.declarations:
        side = "before" if schema.tables == migration.before.tables else "target"
        kept = emitter.declared(migration, side, workspace.source, schema)
        if base is not None:
            kept.update(emitter.declared(migration, "before", base, workspace.read(base)))
        migration = msgspec.structs.replace(migration, declarations=kept)
    return emitter, migration, schema


def _emitter(dialect: str) -> Emitter:
    """The emitter of a dialect, which is found by its folder's name."""
    emitter: Emitter = importlib.import_module(f"instar.dialects.{dialect}.emit").EMITTER
    return emitter


def _refuse_unready(migration: Migration) -> None:
    if migration.decisions:
        first = migration.decisions[0]
        raise InstarError(f"{first.sentence} Answer it with {' or '.join(first.answers)}.")
    if migration.unplanned:
        listed = ", ".join(one.title for one in migration.unplanned)
        raise InstarError(
            f"this change is recognised and not planned: {listed}. {migration.unplanned[0].reason}. "
            "Leave it out with --only."
        )


def _deploy(migration: Migration, number: int | None) -> Deploy:
    wanted = migration.generated + 1 if number is None else number
    found = next((deploy for deploy in migration.deploys if deploy.number == wanted), None)
    if found is None:
        state = "is generated completely" if wanted > len(migration.deploys) else f"has no deploy {wanted}"
        raise InstarError(f"{migration.name} {state}. See where it stands with instar status.")
    return found


def _refuse_unreadable(migration: Migration, schema: Schema) -> None:
    """Nothing is written while a file that nobody could read may declare one of the tables."""
    tables = {(edit.namespace, edit.table) for step in migration.steps for edit in step.edits}
    if not schema.unreadable or all(schema.table(name, space) is not None for space, name in tables):
        return
    bad = schema.unreadable[0]
    raise InstarError(
        "this file could not be read and may declare a table of the migration; correct it first.",
        path=bad.path,
        line=bad.line,
    )


def _refuse_broken(
    emitter: Emitter,
    workspace: Workspace,
    migration: Migration,
    schema: Schema,
    files: dict[str, str | None],
) -> None:
    """Nothing is written that the reader understands less of, as where a constraint names a column that is gone."""
    touched = {(edit.namespace, edit.table) for step in migration.steps for edit in step.edits}
    edited = OverlaySource(
        workspace.source, {path: text.encode() for path, text in files.items() if text is not None}
    )
    if _broken(schema, emitter.reread(workspace, edited, schema, touched), touched) is None:
        return
    # A part that leans on a file that was not read again is none: the whole is read before anything is refused.
    found = _broken(schema, workspace.read(edited), touched)
    if found is not None:
        name, part = found
        raise InstarError(
            f"this deploy's edit would leave a part of {name} that cannot be read ({part.reason}): an index or "
            "constraint here names a column that the deploy does not map. Write it as "
            f"{migration.name} needs it now, then generate again. Nothing was written.",
            path=part.place.path if part.place else None,
            line=part.place.line if part.place else None,
        )


def _broken(before: Schema, after: Schema, tables: Collection[TableKey]) -> tuple[str, Opaque] | None:
    """The first part of one of the tables that cannot be read any more, with the table's name."""
    for table in after.tables:
        old = before.table(table.name, table.namespace)
        if table.key not in tables or old is None:
            continue
        known = {(part.field, part.reason) for part in old.opaque}
        for part in table.opaque:
            if (part.field, part.reason) not in known:
                return table.name, part
    return None


def _settled(
    source: Source, migration: Migration, emission: Emission, choices: Choices
) -> tuple[dict[str, str | None], dict[str, str], dict[str, str]]:
    """The files without those that stay as the user made them, the hashes of all of them, and what was adopted.

    A file that was adopted stays until something else would be written there than was at that time.
    """
    settled, hashes, adopted = dict(emission.files), dict(migration.files), dict(migration.adopted)
    for path in emission.owned:
        text = emission.files[path]
        there = _text(source, path)
        known = migration.files.get(path)
        would = fingerprint(path, text or "")
        edited = there is not None and fingerprint(path, there) != (known or would)
        if not edited and there is not None and adopted.get(path) == would and not choices.force:
            settled.pop(path, None)
            continue
        edited = edited or (there is not None and text is not None and path in adopted)
        if edited and known is None and not choices.force:
            raise InstarError(
                "instar would write this file and it is there already. Move it, or overwrite it with --force. "
                "Nothing was written.",
                path=path,
            )
        if edited and choices.adopt and there is not None:
            settled.pop(path, None)
            hashes[path] = fingerprint(path, there)
            adopted[path] = would
            continue
        if edited and not choices.force:
            raise InstarError(
                "this file has been edited since it was generated. Keep your edit with --adopt, or overwrite it "
                "with --force. Nothing was written.",
                path=path,
            )
        adopted.pop(path, None)
        if text is None:
            hashes.pop(path, None)
            continue
        hashes[path] = would
        if there is not None and fingerprint(path, there) == would and not choices.force:
            settled.pop(path, None)  # the same in the layout of the user's formatter
    return settled, hashes, adopted


def _text(source: Source, path: str) -> str | None:
    data = source.read(path)
    return None if data is None else data.decode()
