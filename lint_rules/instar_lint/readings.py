"""What versions of a project's models say, kept between runs: never stale, and never needed.

A kept reading counts only for the very files that it came from: every file that was read has the same content, none was
added or taken away, and no other file has become one that could declare tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from instar.dialects.sqlalchemy.mapping import Models, Reading
from instar.dialects.sqlalchemy.reading.declaring import declares
from instar.dialects.sqlalchemy.reading.stamp import stamp
from instar.schema.model import Schema
from instar.sources.overlay import blob_id
from instar.user_cache import cache_folder, code_stamp, store

if TYPE_CHECKING:
    from pathlib import Path

    from instar.config import Config
    from instar.dialects.sqlalchemy.reading.allowance import Allowance
    from instar.sources import Source

_TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json")
_SUFFIXES = (".py", "script.py.mako", "alembic.ini")


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A reading with what it depends on: every file by its identity, and the object ids of those that were read."""

    question: str
    version: str
    schema: Schema
    models: Models
    files: dict[str, str]
    read: dict[str, str]


class Readings:
    """Reads versions, from the user's cache folder where they are known there.

    Args:
        config: The configuration of the project.
        place: The folder of the project, so that projects do not take each other's place.
        writes: Whether to keep what is read; a worker process only looks.
        allowance: How long reading may take, over all versions; as long as it takes when None.
    """

    def __init__(
        self, config: Config, place: str = "", *, writes: bool = True, allowance: Allowance | None = None
    ) -> None:
        self.place = place
        self.writes = writes
        self._config = config
        self._allowance = allowance
        folder = cache_folder()
        self._folder = folder / "readings" if folder is not None else None

    def of(self, source: Source) -> Reading:
        """The reading of a version; one is kept for each label.

        Args:
            source: The version.

        Raises:
            InstarError: The configuration names what does not exist, or two classes contradict each other.
            PutOffError: The allowance was spent; what was read is kept, and the next call goes on from there.
        """
        typescript = self._config.schema and all(
            path.endswith((".ts", ".tsx", ".js", ".mts")) for path in self._config.schema
        )
        if self._config.dialect == "convex" or (self._config.dialect is None and typescript):
            return self._of_convex(source)
        found = self._of_models(source)
        if self._config.dialect is None and not found.schema.tables and _is_convex(source):
            return self._of_convex(source)
        return found

    def _of_models(self, source: Source) -> Reading:
        files = {file.path: file.blob for file in source.files(_SUFFIXES)}
        question = msgspec.json.encode([self.place, source.label, self._config], order="sorted").decode()
        path = self._folder / f"{crc32(question.encode()):08x}.msgpack" if self._folder is not None else None
        kept = _load(path, question, stamp()) if path is not None else None
        if kept is not None and _counts(kept, files, source):
            if self.writes and path is not None and kept.files != files:
                _store(path, msgspec.structs.replace(kept, files=files))
            return Reading(kept.schema, kept.models, tuple(sorted(kept.read)))
        from instar.dialects.sqlalchemy.reader import read_models  # noqa: PLC0415 - what is kept needs no reader
        from instar.dialects.sqlalchemy.reading.cache import Cache, cache_file  # noqa: PLC0415 - only where there is something to read

        lowered = None if self.writes else Cache(cache_file(), writes=False)
        reading = read_models(source, self._config, lowered, self._allowance)
        if self.writes and path is not None:
            read = {name: blob_id(data) for name, data in source.read_many(reading.files).items()}
            _store(path, _Kept(question, stamp(), reading.schema, reading.models, files, read))
        return reading

    def _of_convex(self, source: Source) -> Reading:
        """The schema of a Convex project, which has no mapped classes."""
        files = {file.path: file.blob for file in source.files(_TYPESCRIPT)}
        question = msgspec.json.encode([self.place, source.label, self._config], order="sorted").decode()
        name = f"convex-{crc32(question.encode()):08x}.msgpack"
        path = self._folder / name if self._folder is not None else None
        kept = _load(path, question, str(code_stamp())) if path is not None else None
        if kept is not None and _is_same(kept, files):
            return Reading(kept.schema, kept.models, ())
        from instar.dialects.convex.reader import READER  # noqa: PLC0415 - loads the TypeScript parser

        schema, consulted = READER.read_with_files(source, self._config)
        if self.writes and path is not None:
            projects = (name for name in files if name.endswith("convex.json"))
            read = {name: files[name] for name in (*consulted, *projects) if name in files}
            _store(path, _Kept(question, str(code_stamp()), schema, Models(), dict.fromkeys(files, ""), read))
        return Reading(schema, Models(), ())


def _is_convex(source: Source) -> bool:
    from instar.dialects.convex.reader import READER  # noqa: PLC0415 - loads the TypeScript parser

    return READER.detects(source)


def _counts(kept: _Kept, files: dict[str, str], source: Source) -> bool:
    """Whether a kept reading is that of these files."""
    if kept.files.keys() != files.keys():
        return False
    changed = [
        path for path, blob in files.items() if kept.files[path] != blob or blob.startswith("stat:new:")
    ]
    if not all(path.endswith(".py") for path in changed):
        return False
    now = source.read_many(changed)
    return all(
        blob_id(now.get(path, b"")) == kept.read[path]
        if path in kept.read
        else not declares(now.get(path, b""))
        for path in changed
    )


def _is_same(kept: _Kept, files: dict[str, str]) -> bool:
    """Whether the files are the same ones, and those that were read have not changed."""
    return kept.files.keys() == files.keys() and all(
        files[path] == blob and not blob.startswith("stat:new:") for path, blob in kept.read.items()
    )


def _load(path: Path, question: str, version: str) -> _Kept | None:
    try:
        kept = msgspec.msgpack.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None
    return kept if (kept.question, kept.version) == (question, version) else None


def _store(path: Path, kept: _Kept) -> None:
    store(path, msgspec.msgpack.encode(kept))
