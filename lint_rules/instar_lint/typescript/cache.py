"""The facts of TypeScript files whose content, and that of the modules they rest on, is as it was: kept between runs.

One file per question (what is watched, by which schemas, in which project), in the user's cache folder; see
`instar_lint.python.cache`, which does the same for Python.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from instar.user_cache import cache_folder, code_stamp, store
from instar_lint.facts import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar.schema.model import Schema

_MOST = 24


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What one file said: its identity, the modules that it rests on with theirs, and the facts."""

    blob: str
    rests: dict[str, str]
    facts: tuple[Fact, ...]


_decode = msgspec.msgpack.Decoder(dict[str, Entry]).decode
_encode = msgspec.msgpack.Encoder().encode


class FactsCache:
    """The facts of one question, by path.

    Args:
        schemas: What the fields hold.
        names: What is in flight.
        blobs: What identifies the content of each file of the version, configurations among them.
    """

    def __init__(self, schemas: Iterable[Schema], names: Iterable[str], blobs: Mapping[str, str]) -> None:
        self._blobs = blobs
        folder = cache_folder()
        question = hashlib.sha256()
        for part in (code_stamp(), sorted(names), [schema.tables for schema in schemas]):
            question.update(_encode(part))
        # Where imports lead depends on which files there are, and on what configurations and manifests say.
        question.update(_encode([(p, blobs[p] if p.endswith(".json") else "") for p in sorted(blobs)]))
        name = f"typescript-{question.hexdigest()[:32]}.msgpack"
        self._file = folder / "facts" / name if folder is not None else None
        self._entries: dict[str, Entry] = {}
        self._changed = False
        if self._file is not None:
            with suppress(OSError, msgspec.DecodeError, ValueError):
                self._entries = _decode(self._file.read_bytes())

    def get(self, path: str) -> tuple[Fact, ...] | None:
        """The facts of a file, if nothing that they rest on has changed."""
        entry = self._entries.get(path)
        if entry is None or not self._is(path, entry.blob):
            return None
        return entry.facts if all(self._is(other, blob) for other, blob in entry.rests.items()) else None

    def _is(self, path: str, blob: str) -> bool:
        return self._blobs.get(path) == blob and not blob.startswith("stat:new:")

    def put(self, path: str, facts: tuple[Fact, ...], rests: Iterable[str] = ()) -> None:
        """Keep the facts of a file, and what they rest on."""
        blob = self._blobs.get(path)
        if blob is not None:
            known = {other: self._blobs[other] for other in rests if other in self._blobs}
            self._entries[path] = Entry(blob, known, facts)
            self._changed = True

    def save(self) -> None:
        """Write what is new; a folder that cannot be written is left alone."""
        if self._file is None or not self._changed:
            return
        store(self._file, _encode({p: e for p, e in self._entries.items() if p in self._blobs}))
        with suppress(OSError):
            kept = sorted(
                self._file.parent.glob("typescript-*.msgpack"),
                key=lambda file: file.stat().st_mtime,
                reverse=True,
            )
            for old in kept[_MOST:]:
                old.unlink(missing_ok=True)
