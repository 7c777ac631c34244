"""The facts of files whose content, and everything that they were judged by, is as it was: kept between runs.

One file per question (what is watched, by which models), named by the digest of the question, in the user's cache
folder. It is written to a temporary name and renamed, so that readers see a whole one or none; a damaged or newer one
counts as none.
"""

from __future__ import annotations

import hashlib
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from instar.user_cache import cache_folder, code_stamp, store
from instar_lint.facts import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.memory import Consulted
    from instar_lint.python.watch import Watch

_MOST = 24
_PLACE = re.compile(rb'"place":\["(?:[^"\\]|\\.)*",\d+,\d+\],?')


class Rest(msgspec.Struct, frozen=True, array_like=True):
    """A file that something rests on.

    Attributes:
        path: The file.
        blob: What identifies its content; empty where it cannot be read.
        parts: What identifies those parts of it that matter, by name; None where all of it does.
    """

    path: str
    blob: str
    parts: dict[str, bytes] | None


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What one file said: its identity, the facts, what they rested on.

    Attributes:
        names: Which files dotted names meant.
        mentions: What identifies the files that mention names.
    """

    blob: str
    facts: tuple[Fact, ...] = ()
    rests: tuple[Rest, ...] = ()
    names: dict[str, str] = {}
    mentions: dict[str, str] = {}


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """Every entry, and what identifies the paths by which dotted names meant the files that the entries say."""

    paths: str
    entries: dict[str, Entry]


_decode = msgspec.msgpack.Decoder(_Kept).decode
_encode = msgspec.msgpack.Encoder().encode


class FactsCache:
    """The facts of one question, by path.

    Args:
        knowledge: The project; its models and configured types are part of the question.
        watch: What is in flight.
        blobs: What identifies the content of each Python file of the version now.
    """

    def __init__(self, knowledge: Knowledge, watch: Watch, blobs: Mapping[str, str]) -> None:
        self._modules = knowledge.modules
        self._blobs = blobs
        self._paths = hashlib.sha256("\0".join(blobs).encode("utf-8", "surrogateescape")).hexdigest()
        folder = cache_folder()
        self._file = (
            folder / "facts" / f"{_question(knowledge, watch)}.msgpack" if folder is not None else None
        )
        self._entries: dict[str, Entry] = {}
        self._changed = False
        if self._file is not None:
            with suppress(OSError, msgspec.DecodeError, ValueError):
                kept = _decode(self._file.read_bytes())
                self._entries = kept.entries if kept.paths == self._paths else self._of_same_names(kept)

    def _of_same_names(self, kept: _Kept) -> dict[str, Entry]:
        """The entries whose dotted names mean the same files although files came or went."""
        found = {name: self._meaning(name) for name in {n for e in kept.entries.values() for n in e.names}}
        return {
            path: entry
            for path, entry in kept.entries.items()
            if all(found[name] == meant for name, meant in entry.names.items())
        }

    def get(self, path: str) -> tuple[Fact, ...] | None:
        """The facts of a file, if nothing that they rest on has changed."""
        entry = self._entries.get(path)
        if entry is None or entry.blob != self._blobs.get(path):
            return None
        if any(self._modules.mentioned(name) != state for name, state in entry.mentions.items()):
            return None
        changed = [rest for rest in entry.rests if rest.blob != self._blobs.get(rest.path, "")]
        if not changed:
            return entry.facts
        if not all(self._is_same(rest) for rest in changed):
            return None
        self._entries[path] = msgspec.structs.replace(entry, rests=tuple(map(self._as_now, entry.rests)))
        self._changed = True
        return entry.facts

    def _is_same(self, rest: Rest) -> bool:
        """Whether what matters of a file that changed is what it was."""
        return rest.parts is not None and all(
            self._modules.digest(rest.path, part) == digest for part, digest in rest.parts.items()
        )

    def _as_now(self, rest: Rest) -> Rest:
        return Rest(rest.path, self._blobs.get(rest.path, ""), rest.parts)

    def put(self, path: str, facts: tuple[Fact, ...], consulted: Iterable[Consulted] = ()) -> None:
        """Keep the facts of a file, and what they rest on."""
        blob = self._blobs.get(path)
        if blob is None:
            return
        names: dict[str, str] = {}
        mentions: dict[str, str] = {}
        parts: dict[str, dict[str, bytes] | None] = {}
        for one in sorted(consulted):
            if one.kind == "name":
                names[one.name] = self._meaning(one.name)
            elif one.kind == "mention":
                mentions[one.name] = self._modules.mentioned(one.name)
            elif one.name != path:
                known = parts.setdefault(one.name, {})
                if one.kind == "path":
                    parts[one.name] = None
                elif known is not None:
                    known[one.part] = self._modules.digest(one.name, one.part)
        rests = tuple(Rest(other, self._blobs.get(other, ""), found) for other, found in parts.items())
        self._entries[path] = Entry(blob, facts, rests, names, mentions)
        self._changed = True

    def save(self) -> None:
        """Write what is new; a folder that cannot be written is left alone."""
        if self._file is None or not self._changed:
            return
        kept = {path: entry for path, entry in self._entries.items() if path in self._blobs}
        store(self._file, _encode(_Kept(self._paths, kept)), most=_MOST)

    def _meaning(self, name: str) -> str:
        return self._modules.path_of(name) or ""


def _question(knowledge: Knowledge, watch: Watch) -> str:
    asked = (
        code_stamp(),
        sys.version_info[:2],
        _placeless(knowledge.models),
        _placeless(knowledge.before),
        _placeless(knowledge.schema),
        sorted(knowledge.types.items()),
        sorted(watch.fields, key=repr),
        sorted(watch.tables, key=repr),
        sorted(watch.columns, key=repr),
        sorted(watch.indexes),
        watch.dynamic,
        watch.everything,
    )
    return hashlib.sha256(_encode(asked)).hexdigest()[:32]


def _placeless(declared: object) -> bytes:
    """Without the places of declarations: what moves within a file, or from one to another, changes no fact."""
    return _PLACE.sub(b"", msgspec.json.encode(declared))
