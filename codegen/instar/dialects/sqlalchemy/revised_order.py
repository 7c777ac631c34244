"""The Alembic revisions of a migration that moves behind another one: the oldest of them follows the other head."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.script_folder import script_folder
from instar.fingerprint import fingerprint
from instar.schema.migration import Migration

if TYPE_CHECKING:
    from instar.config import Config
    from instar.sources import Source


class Reordered(msgspec.Struct, frozen=True):
    """The migration with the new hash of the file, the file and its new text."""

    migration: Migration
    path: str
    text: str


def behind_the_other_head(
    source: Source, config: Config, migration: Migration, immutable: frozenset[str]
) -> Reordered | None:
    """The edit that puts a migration's revisions behind the folder's other head; None where there is nothing to do.

    Nothing is done either where there are more than two heads, or where a revision has to stay as it is: the user
    knows better then.

    Raises:
        InstarError: There is no Alembic folder, or a revision does not parse.
    """
    own = set(migration.revisions.values())
    folder = script_folder(source, config)
    others = [script for script in folder.heads if script.revision not in own]
    oldest = [s for s in folder.scripts if s.revision in own and not own & set(s.parents)]
    if len(folder.heads) != 2 or len(others) != 1 or len(oldest) != 1 or oldest[0].revision in immutable:
        return None
    (first,), head = oldest, others[0].revision
    if len(first.parents) != 1:
        return None
    before = (source.read(first.path) or b"").decode()
    text = re.sub(
        rf"^(down_revision\b[^=]*= *)([\"']){first.parents[0]}\2",
        rf"\1\g<2>{head}\2",
        before,
        flags=re.MULTILINE,
    )
    text = re.sub(rf"^Revises: {first.parents[0]}$", f"Revises: {head}", text, flags=re.MULTILINE)
    files = dict(migration.files)
    if files.get(first.path) == fingerprint(first.path, before):
        files[first.path] = fingerprint(first.path, text)
    return Reordered(msgspec.structs.replace(migration, files=files), first.path, text)
