"""Lowered files by the identity of their content, kept between runs.

One SQLite file in the user's cache folder: safe under concurrent use, written in one transaction at the end. It is
never needed: without it, or where it is damaged, files are read and lowered again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.reading.stamp import stamp
from instar.dialects.sqlalchemy.reading.syntax import Module
from instar.schema.model import Schema
from instar.user_cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from instar.dialects.sqlalchemy.reading.parse import Unparsable

_FORMAT = 1
_LARGEST = 256 * 1024 * 1024
_decode = msgspec.msgpack.Decoder(Module).decode
_encode = msgspec.msgpack.Encoder().encode


def cache_file() -> Path | None:
    """Where the cache is: below `INSTAR_CACHE_DIR`, `XDG_CACHE_HOME` or `~/.cache`; None where there is no home."""
    folder = cache_folder()
    if folder is None:
        return None
    return folder / f"python-{_FORMAT}-{stamp()}-{sys.version_info[0]}.{sys.version_info[1]}.sqlite"


class Cache:
    """What is known of contents by blob id: whether they can declare tables, and their lowered form.

    Args:
        path: The file; None keeps everything in memory.
        writes: Whether to keep what is new; a worker process only looks.
    """

    def __init__(self, path: Path | None, *, writes: bool = True) -> None:
        self._path = path
        self._writes = writes
        self._declares: dict[str, bool] = {}
        self._lowered: dict[str, Module | Unparsable] = {}
        self._new: dict[str, bytes | None] = {}
        self._stored: set[str] = set()
        for key, kind in self._rows("select key, declares from contents where key not like 'schema:%'"):
            if isinstance(key, str):
                self._declares[key] = bool(kind)
                self._stored.add(key)

    def knows(self, key: str) -> bool:
        """Whether it is known if a content can declare tables."""
        return key in self._declares

    def declares(self, key: str) -> bool:
        """Whether a content can declare tables."""
        return self._declares.get(key, False)

    def note(self, key: str, *, declares: bool) -> None:
        """Note whether a content can declare tables."""
        self._declares[key] = declares
        self._new.setdefault(key, None)

    def get(self, key: str) -> Module | Unparsable | None:
        """The lowered form of a content, if it is known."""
        if key in self._lowered:
            return self._lowered[key]
        if key not in self._stored:
            return None
        for (data,) in self._rows("select lowered from contents where key = ?", key):
            with contextlib.suppress(msgspec.DecodeError, TypeError):
                if isinstance(data, bytes):
                    self._lowered[key] = _decode(data)
        return self._lowered.get(key)

    def lowered(self) -> frozenset[str]:
        """The keys whose lowered form is kept."""
        kept = (str(key) for (key,) in self._rows("select key from contents where lowered is not null"))
        return frozenset((*kept, *self._lowered))

    def put(self, key: str, lowered: Module | Unparsable) -> None:
        """Keep the lowered form of a content. What does not parse is not kept: a newer library may parse it."""
        self._lowered[key] = lowered
        if isinstance(lowered, Module) and not key.startswith("stat:"):
            self._new[key] = _encode(lowered)

    def get_schema(self, fingerprint: str) -> Schema | None:
        """What a version was read as before, by the fingerprint of its files."""
        for (data,) in self._rows("select lowered from contents where key = ?", f"schema:{fingerprint}"):
            with contextlib.suppress(msgspec.DecodeError, TypeError):
                if isinstance(data, bytes):
                    return msgspec.msgpack.decode(data, type=Schema)
        return None

    def put_schema(self, fingerprint: str, schema: Schema) -> None:
        """Keep what a version was read as."""
        self._new[f"schema:{fingerprint}"] = _encode(schema)

    def save(self) -> None:
        """Write what is new, if anything; a file that is locked, damaged or cannot be written is left or replaced."""
        fresh = {key: data for key, data in self._new.items() if not key.startswith("stat:")}
        self._new.clear()
        if not fresh or self._path is None or not self._writes:
            return
        try:
            self._write(self._path, fresh)
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):
                with contextlib.suppress(OSError):
                    self._path.unlink()
        except OSError:
            pass

    def _write(self, path: Path, fresh: dict[str, bytes | None]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LARGEST:
            path.unlink()
        connection = sqlite3.connect(path, timeout=0.5)
        try:
            with connection:
                connection.execute("pragma synchronous = off")
                connection.execute(
                    "create table if not exists contents (key text primary key, declares int, lowered blob) without rowid"
                )
                connection.executemany(
                    "insert into contents values (?, ?, ?) on conflict (key) do update "
                    "set declares = excluded.declares, lowered = coalesce(excluded.lowered, lowered)",
                    [(key, self._declares.get(key, True), data) for key, data in fresh.items()],
                )
        finally:
            connection.close()
        self._stored |= set(fresh)

    def _rows(self, query: str, *values: str) -> Iterator[tuple[object, ...]]:
        if self._path is None or not self._path.exists():
            return
        try:
            connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=0.5)
            try:
                yield from connection.execute(query, values).fetchall()
            finally:
                connection.close()
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            with contextlib.suppress(OSError):
                self._path.unlink()
