"""Which files of a project mention a name: as something that is called, as a class, or as an attribute of `g`.

The names of each file are kept by what identifies its content, so that a later run reads only the files that are new.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from instar.user_cache import cache_folder, store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from instar.sources import Source

_FORMAT = 1
_ROUND = 100
_FEW = 50
"""How many files that changed are looked at where nothing is kept: a worker process, an editor."""
_NAMES = re.compile(rb"\b(?:[A-Z]\w*|\w+(?=\()|g\.\w+(?=\s*=[^=])|user_loader)")


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """The names of files by the identity of their content, one after the other on lines of their own."""

    format: int
    names: dict[str, bytes]


class Mentions:
    """The files that mention a name; no answer as long as some file was not looked at.

    Args:
        source: The version of the project.
        ids: What identifies the content of each Python file.
        place: The folder of the project; nothing is kept where it is empty.
    """

    def __init__(self, source: Source, ids: Mapping[str, str], place: str) -> None:
        self._source = source
        self._ids = ids
        self._place = place
        self._names: dict[str, bytes] | None = None
        self._changed = False
        self._text = b""
        self._starts: list[int] = []
        self._paths: list[str] = []
        self._answers: dict[str, tuple[str, ...]] = {}
        self._states: dict[str, str] = {}
        self.reads = False

    def of(self, name: str) -> tuple[str, ...]:
        """The paths of the files that mention a name (`update_user`, `UserForm`, `g.user`), in order."""
        if not self._complete():
            return ()
        if name not in self._answers:
            self._answers[name] = tuple(self._find(name))
        return self._answers[name]

    def state(self, name: str) -> str:
        """What an answer about a name rests on: changes when another set of files mentions it."""
        if name not in self._states and self._complete():
            self._states[name] = f"{crc32(repr(self.of(name)).encode()):08x}"
        return self._states.get(name, "")

    def extend(self, seconds: float) -> bool:
        """Look at files for so much CPU time; whether all have been."""
        names = self._loaded()
        missing = [path for path, blob in self._ids.items() if blob not in names]
        until = time.process_time() + seconds
        for start in range(0, len(missing), _ROUND):
            some = missing[start : start + _ROUND]
            names.update(dict.fromkeys((self._ids[path] for path in some), b""))
            for path, data in self._source.read_many(some).items():
                names[self._ids[path]] = b"\n".join(sorted(set(_NAMES.findall(data))))
            self._changed = True
            if time.process_time() >= until:
                return start + _ROUND >= len(missing)
        return True

    def save(self) -> None:
        """Keep the names for the next run."""
        file = self._file()
        if file is not None and self._changed and self._names is not None:
            now = set(self._ids.values())
            kept = {blob: names for blob, names in self._names.items() if blob in now}
            store(file, msgspec.msgpack.encode(_Kept(_FORMAT, kept)))
            self._changed = False

    def _complete(self) -> bool:
        if self._paths:
            return True
        names = self._loaded()
        missing = sum(blob not in names for blob in self._ids.values())
        if missing > (len(self._ids) if self.reads else _FEW) or (missing and not self.extend(float("inf"))):
            return False
        parts: list[bytes] = [b"\n"]
        at = 1
        for path, blob in sorted(self._ids.items()):
            self._paths.append(path)
            self._starts.append(at)
            parts += (names[blob], b"\n")
            at += len(names[blob]) + 1
        self._text = b"".join(parts)
        return bool(self._paths)

    def _find(self, name: str) -> list[str]:
        wanted = b"\n%s\n" % name.encode()
        found: dict[str, None] = {}
        at = self._text.find(wanted)
        while at >= 0:
            found[self._paths[bisect_right(self._starts, at + 1) - 1]] = None
            at = self._text.find(wanted, at + 1)
        return list(found)

    def _loaded(self) -> dict[str, bytes]:
        if self._names is None:
            self._names = {}
            file = self._file()
            if file is not None:
                with suppress(OSError, msgspec.DecodeError, ValueError):
                    kept = msgspec.msgpack.decode(file.read_bytes(), type=_Kept)
                    self._names = dict(kept.names) if kept.format == _FORMAT else {}
        return self._names

    def _file(self) -> Path | None:
        folder = cache_folder() if self._place else None
        name = f"{crc32(self._place.encode('utf-8', 'surrogateescape')):08x}.msgpack"
        return folder / "mentions" / name if folder is not None else None
