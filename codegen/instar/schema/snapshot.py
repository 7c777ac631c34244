"""A schema version as a file: canonical JSON with a format version, the same bytes for the same schema."""

from __future__ import annotations

import msgspec

from instar.errors import InstarError
from instar.schema.model import Schema

FORMAT = 1


class _Head(msgspec.Struct, frozen=True):
    """The part that every format keeps: enough to tell an old instar that a file is newer than it."""

    format: int
    kind: str = "snapshot"


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    kind: str
    schema: Schema


def encode(schema: Schema) -> bytes:
    """The snapshot of a schema: sorted keys, two spaces of indentation, a final newline; UTF-8."""
    snapshot = _Snapshot(format=FORMAT, kind="snapshot", schema=schema)
    return msgspec.json.format(msgspec.json.encode(snapshot, order="sorted"), indent=2) + b"\n"


def kind_of(data: bytes) -> str | None:
    """What a stored file says it is (`snapshot`, `migration`); None where it is no file of instar's."""
    try:
        return msgspec.json.decode(data, type=_Head).kind
    except (msgspec.DecodeError, RecursionError):
        return None


def decode(data: bytes, path: str) -> Schema:
    """Read a snapshot back.

    Args:
        data: The whole file.
        path: Its path, for errors.

    Raises:
        InstarError: It is no snapshot, is damaged, or was written by a newer instar.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InstarError(
            f"this is not a snapshot of instar ({error}). Write one with: instar snapshot --output FILE",
            path=path,
        ) from None
    if head.format > FORMAT:
        raise InstarError(
            f"this snapshot has format {head.format} and this instar reads up to {FORMAT}. "
            "Upgrade instar to the version that wrote it.",
            path=path,
        )
    if head.kind != "snapshot":
        raise InstarError(f'this is a "{head.kind}" file of instar, not a snapshot.', path=path)
    try:
        return msgspec.json.decode(data, type=_Snapshot).schema
    except (msgspec.DecodeError, RecursionError) as error:
        raise InstarError(
            f"this snapshot is damaged ({error}). Restore it from git, or write it again with: "
            "instar snapshot --output FILE",
            path=path,
        ) from None
