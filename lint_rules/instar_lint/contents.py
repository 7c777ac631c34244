"""What identifies the content of a version's files: git's object ids, also of files on disk.

Those are hashed when they are first met; a table of their times and sizes says later that they are still the same. A
file that has just changed is hashed every time until its times can be trusted, as git does it.
"""

from __future__ import annotations

import marshal
from contextlib import suppress
from typing import TYPE_CHECKING
from zlib import crc32

from instar.user_cache import cache_folder, store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.sources import Source, SourceFile

_FORMAT = 1
_ROUND = 200


def content_ids(
    source: Source, files: Iterable[SourceFile], place: str, *, writes: bool = True
) -> dict[str, str]:
    """The object id of every file that can be read, by path.

    Args:
        source: The version.
        files: Some of its files.
        place: The folder of the project, which the table is kept for.
        writes: Whether to keep what is new; a worker process only looks.
    """
    found: dict[str, str] = {}
    settled: dict[str, str] = {}
    for file in files:
        if file.blob.startswith("stat:"):
            settled[file.path] = file.blob
        else:
            found[file.path] = file.blob
    if not settled:
        return found
    table = _load(place)
    unknown = []
    for path, key in settled.items():
        match table.get(path):
            case (known, str(blob)) if known == key:
                found[path] = blob
            case _:
                unknown.append(path)
    if unknown:
        found |= _hashed(source, unknown)
        if writes:
            old = (path for path in settled if path in found and not settled[path].startswith("stat:new:"))
            _store(place, {path: (settled[path], found[path]) for path in old})
    return found


def _hashed(source: Source, paths: list[str]) -> dict[str, str]:
    from instar.sources.overlay import blob_id  # noqa: PLC0415 - loads what hashes, which takes a while

    found = {}
    for start in range(0, len(paths), _ROUND):
        for path, data in source.read_many(paths[start : start + _ROUND]).items():
            found[path] = blob_id(data)
    return found


def _load(place: str) -> dict[str, tuple[str, str]]:
    folder = cache_folder()
    if folder is None:
        return {}
    with suppress(OSError, EOFError, ValueError, TypeError):
        kept = marshal.loads((folder / _name(place)).read_bytes())  # noqa: S302 - the user's own cache folder
        known, table = kept
        if known == (_FORMAT, place) and isinstance(table, dict):
            return table
    return {}


def _store(place: str, table: dict[str, tuple[str, str]]) -> None:
    folder = cache_folder()
    if folder is not None:
        store(folder / _name(place), marshal.dumps(((_FORMAT, place), table)))


def _name(place: str) -> str:
    return f"contents/{crc32(place.encode('utf-8', 'surrogateescape')):08x}.marshal"
