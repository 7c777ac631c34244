"""The way back of a migration's last generated deploy, as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.accessors import access_files
from instar.dialects.sqlalchemy.editor import edit_to
from instar.dialects.sqlalchemy.listeners import listener_files
from instar.dialects.sqlalchemy.replaced import put_back
from instar.dialects.sqlalchemy.script_folder import Script, script_folder
from instar.errors import InstarError
from instar.fingerprint import fingerprint
from instar.generate import Generated
from instar.ledger import encode, path_of
from instar.schema.in_flight import in_flight
from instar.schema.migration import Replaced
from instar.schema.operations import DropField, UnsyncFields
from instar.sources import OverlaySource

if TYPE_CHECKING:
    from instar.dialects.base import Workspace
    from instar.schema.migration import Deploy, Migration
    from instar.sources import Source


class Rollback(msgspec.Struct, frozen=True, kw_only=True):
    """What takes a deploy back: the files, and its revisions with their texts, in their order.

    In `lost` is what the deploy replaced and somebody has edited since, so that it stays as it is.
    """

    made: Generated
    scripts: tuple[tuple[Script, str], ...]
    lost: tuple[Replaced, ...] = ()


def rollback(
    workspace: Workspace, migration: Migration, *, only_files: frozenset[str] = frozenset()
) -> Rollback:
    """Take the last generated deploy back: source edits, revisions, accessors, the migration's own record.

    The source ends as it was one deploy before; with the first deploy the migration's file goes too.

    Args:
        workspace: The files.
        migration: As it stands in the ledger.
        only_files: Revisions that are files of this work tree and nothing else: applied nowhere that is known.

    Raises:
        InstarError: Nothing is generated, or the deploy drops columns, whose values no way back could give again.
    """
    deploy = next((one for one in migration.deploys if one.number == migration.generated), None)
    if deploy is None:
        raise InstarError(
            f"{migration.name} has nothing to take back. See where it stands with instar status."
        )
    _refuse_after_drop(migration, deploy, only_files)
    source, config = workspace.source, workspace.config
    files: dict[str, str | None] = {}
    for edited in edit_to(source, workspace.read(source), migration, deploy.number - 1):
        files[edited.path] = edited.text
    scripts = _scripts(workspace, migration, deploy)
    files.update({script.path: None for script, _ in scripts})
    accessors = [path for path in migration.files if path not in files and "/versions/" not in path]
    kept = access_files(source, config, migration, _before(migration, deploy)) if deploy.number > 1 else None
    there = kept.owned if kept is not None else {}
    files.update({path: there.get(path) for path in (*accessors, *there)})
    lost = _callers_back(source, migration, deploy, files)
    edits: dict[str, bytes | None] = {
        path: None if text is None else text.encode() for path, text in files.items()
    }
    listeners = listener_files(OverlaySource(source, edits), config, migration, deploy.number - 1)
    files.update({**listeners.owned, **listeners.edited})
    hashes = {path: known for path, known in migration.files.items() if files.get(path, "") is not None}
    hashes.update({path: fingerprint(path, text) for path, text in there.items() if text is not None})
    gone = {step.id for step in deploy.steps}
    back = msgspec.structs.replace(
        migration,
        generated=deploy.number - 1,
        in_flight=in_flight(migration, deploy.number - 1),
        revisions={step: one for step, one in migration.revisions.items() if step not in gone},
        files=hashes,
        replaced=tuple(one for one in migration.replaced if one.deploy != deploy.number),
    )
    files[path_of(migration, config)] = encode(back).decode() if back.generated else None
    before = {path: None if (data := source.read(path)) is None else data.decode() for path in files}
    files = {path: text for path, text in files.items() if text != before[path]}
    return Rollback(
        made=Generated(migration=back, files=files, before={path: before[path] for path in files}),
        scripts=scripts,
        lost=lost,
    )


def _callers_back(
    source: Source, migration: Migration, deploy: Deploy, files: dict[str, str | None]
) -> tuple[Replaced, ...]:
    """Callers of the deploy's accessors as they had been, among `files`; those that were edited since."""
    lost: list[Replaced] = []
    by_path: dict[str, list[Replaced]] = {}
    for one in migration.replaced:
        if one.deploy == deploy.number:
            by_path.setdefault(one.path, []).append(one)
    for path, passages in by_path.items():
        there = source.read(path)
        text = files.get(path) or (there.decode() if there is not None else "")
        text, missed = put_back(text, passages)
        lost += missed
        if there is not None:
            files[path] = text
    return tuple(lost)


def _before(migration: Migration, deploy: Deploy) -> Deploy:
    return next(one for one in migration.deploys if one.number == deploy.number - 1)


def _refuse_after_drop(migration: Migration, deploy: Deploy, only_files: frozenset[str]) -> None:
    for step in deploy.steps:
        if migration.revisions.get(step.id) in only_files:
            continue
        for act in step.operations:
            if isinstance(act, DropField) or (isinstance(act, UnsyncFields) and act.dropped is not None):
                dropped = act.field if isinstance(act, DropField) else act.dropped
                name = f"{act.table}.{dropped.name if dropped else ''}"
                raise InstarError(
                    f"deploy {deploy.number} of {migration.name} drops {name}, and its values cannot come back. "
                    "Where it is not applied yet, restore its files with git; where it is, alembic downgrade "
                    "rebuilds what its revision says it can."
                )


def _scripts(workspace: Workspace, migration: Migration, deploy: Deploy) -> tuple[tuple[Script, str], ...]:
    """The deploy's revisions that are there, with their texts."""
    wanted = [migration.revisions[step.id] for step in deploy.steps if step.id in migration.revisions]
    if not wanted:
        return ()
    folder = script_folder(workspace.source, workspace.config)
    by_id = {script.revision: script for script in folder.scripts}
    followers = [s for s in folder.scripts if set(s.parents) & set(wanted) and s.revision not in wanted]
    if followers:
        raise InstarError(
            f"revision {followers[0].revision} follows what would be taken back; take that one back first.",
            path=followers[0].path,
        )
    found = [by_id[one] for one in wanted if one in by_id]
    return tuple((one, (workspace.source.read(one.path) or b"").decode()) for one in found)
