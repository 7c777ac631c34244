"""The facts of files whose content, and everything that they were judged by, is as it was: kept between runs.

One file per question (what is watched, by which models), named by the digest of the question, in the user's cache
folder. It is written to a temporary name and renamed, so that readers see a whole one or none; a damaged or newer one
counts as none.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from instar.user_cache import cache_folder, code_stamp, store
from instar_lint.facts import Fact
from instar_lint.python.memory import Consulted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.watch import Watch

_MOST = 24


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What one file said: its identity, what it rested on with what that was, and the facts."""

    blob: str
    consulted: tuple[tuple[Consulted, str], ...] = ()
    facts: tuple[Fact, ...] = ()


_decode = msgspec.msgpack.Decoder(dict[str, Entry]).decode
_encode = msgspec.msgpack.Encoder().encode


class FactsCache:
    """The facts of one question, by path.

    Args:
        knowledge: The project; its models and configured types are part of the question.
        watch: What is in flight.
        blobs: What identifies the content of each Python file of the version now.
    """

    def __init__(self, knowledge: Knowledge, watch: Watch, blobs: Mapping[str, str]) -> None:
        self._knowledge = knowledge
        self._blobs = blobs
        folder = cache_folder()
        self._file = (
            folder / "facts" / f"{_question(knowledge, watch)}.msgpack" if folder is not None else None
        )
        self._entries: dict[str, Entry] = {}
        self._changed = False
        if self._file is not None:
            with suppress(OSError, msgspec.DecodeError, ValueError):
                self._entries = _decode(self._file.read_bytes())

    def get(self, path: str) -> tuple[Fact, ...] | None:
        """The facts of a file, if nothing that they rest on has changed."""
        entry = self._entries.get(path)
        if entry is None or entry.blob != self._blobs.get(path):
            return None
        if any(self._now(consulted) != then for consulted, then in entry.consulted):
            return None
        return entry.facts

    def put(self, path: str, facts: tuple[Fact, ...], consulted: Iterable[Consulted] = ()) -> None:
        """Keep the facts of a file, and what they rest on."""
        blob = self._blobs.get(path)
        if blob is not None:
            rests = tuple((part, self._now(part)) for part in consulted)
            self._entries[path] = Entry(blob, rests, facts)
            self._changed = True

    def save(self) -> None:
        """Write what is new; a folder that cannot be written is left alone."""
        if self._file is None or not self._changed:
            return
        kept = {path: entry for path, entry in self._entries.items() if path in self._blobs}
        store(self._file, _encode(kept), most=_MOST)

    def _now(self, consulted: Consulted) -> str:
        if consulted.kind == "name":
            return self._knowledge.modules.path_of(consulted.name) or ""
        return self._blobs.get(consulted.name, "")


def _question(knowledge: Knowledge, watch: Watch) -> str:
    asked = (
        code_stamp(),
        sys.version_info[:2],
        knowledge.models,
        knowledge.before,
        knowledge.schema,
        sorted(knowledge.types.items()),
        sorted(watch.fields, key=repr),
        sorted(watch.tables, key=repr),
        sorted(watch.columns, key=repr),
        sorted(watch.indexes),
        watch.dynamic,
        watch.everything,
    )
    return hashlib.sha256(_encode(asked)).hexdigest()[:32]
