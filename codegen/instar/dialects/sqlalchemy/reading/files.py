"""Which files of a version can declare tables, and their lowered form."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.declaring import declares
from instar.dialects.sqlalchemy.reading.parse import Unparsable, parse
from instar.dialects.sqlalchemy.reading.stamp import stamp
from instar.errors import InstarError
from instar.sources import LARGEST_FILE
from instar.sources.overlay import blob_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.config import Config
    from instar.dialects.sqlalchemy.reading.allowance import Allowance
    from instar.dialects.sqlalchemy.reading.cache import Cache
    from instar.dialects.sqlalchemy.reading.syntax import Module
    from instar.sources import Source, SourceFile

_SKIPPED = frozenset(
    {"site-packages", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".nox", ".git", ".eggs"}
)
_MIGRATIONS = re.compile("alembic|migrat|revision")
_ROUND = 200
_ASIDE = frozenset(
    {"tests", "test", "testing", "examples", "example", "docs", "doc", "samples", "benchmarks", "conftest.py"}
)


class Files:
    """The Python files of a source, without migrations, environments and what the configuration leaves out.

    Attributes:
        paths: Those that may be imported, sorted.
        migrations: The folders that hold revisions.
        read: Those whose lowered form was asked for.
    """

    def __init__(
        self, source: Source, config: Config, cache: Cache, allowance: Allowance | None = None
    ) -> None:
        self._source = source
        self._allowance = allowance
        self._config = config
        self._cache = cache
        self._files: dict[str, SourceFile] = {}
        self._data: dict[str, bytes] = {}
        self._blobs: dict[str, str] = {}
        self.read: set[str] = set()
        everything = source.files((".py", "script.py.mako", "alembic.ini"))
        homes = _environments(everything)
        self.migrations = _migration_folders(everything, homes)
        self._applications = sorted({home.rpartition("/")[0] for home in homes}, key=len, reverse=True)
        for file in everything:
            if file.path.endswith(".py") and not self._left_out(file.path):
                self._files[file.path] = file
        self.paths = tuple(self._files)

    def _left_out(self, path: str) -> bool:
        parts = path.split("/")
        if any(part in _SKIPPED for part in parts):
            return True
        if any(path.startswith(f"{folder}/") or not folder for folder in self.migrations):
            return True
        return _matches(path, self._config.exclude)

    def schema(self) -> list[str]:
        """The files that can declare tables: the configured ones, else all whose text looks like it.

        Raises:
            InstarError: A configured path matches no file.
        """
        if self._config.schema:
            for pattern in self._config.schema:
                if not any(_matches(path, (pattern,)) for path in self.paths):
                    raise InstarError(
                        f'"{pattern}" in [tool.instar] schema matches no Python file at {self._source.label}.'
                    )
            return [path for path in self.paths if _matches(path, self._config.schema)]
        self._load(self.paths)
        return [
            path
            for path in self.paths
            if self._cache.declares(self._key(path)) or self._files[path].size > LARGEST_FILE
        ]

    def lowered(self, path: str) -> Module | Unparsable | None:
        """The lowered form of a file; None where there is none."""
        file = self._files.get(path)
        if file is None:
            return None
        self.read.add(path)
        if file.size > LARGEST_FILE:
            return Unparsable(f"is larger than {LARGEST_FILE // 1024 // 1024} MiB")
        self._identify((path,))
        key = self._key(path)
        found = self._cache.get(key)
        if found is None:
            data = self._data.pop(path, None)
            if data is None:
                data = self._source.read(path)
            found = parse(data) if data is not None else Unparsable("could not be read")
            self._cache.put(key, found)
            self._spend()
        return found

    def prepare(self, paths: Iterable[str]) -> None:
        """Lower what nobody has read yet before anything is worked out, where time is limited.

        What the files mean is worked out anew by each call. In a large project that would take all of the time, again
        and again, and calls would get on by one file each.

        Raises:
            PutOffError: No time is left.
        """
        if self._allowance is not None:
            kept = self._cache.lowered()
            for path in paths:
                self._identify((path,))
                if self._key(path) not in kept:
                    self.lowered(path)

    def aside(self, path: str) -> bool:
        """Whether a file is a test, an example or documentation: its tables count only where there are no others."""
        parts = path.split("/")
        return (
            any(part in _ASIDE for part in parts)
            or parts[-1].startswith("test_")
            or parts[-1].endswith("_test.py")
        )

    def fingerprint(self) -> str:
        """A hash of everything that a reading depends on: which files there are, and their contents."""
        self._identify(self.paths)
        digest = hashlib.sha256(repr((stamp(), self._config, self.migrations)).encode())
        for path in self.paths:
            digest.update(f"{path}\0{self._key(path)}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def migrates(self, path: str) -> bool:
        """Whether a file stands in a folder that is called after migrations, where copies of models are kept."""
        return _MIGRATIONS.search(path.rpartition("/")[0].lower()) is not None

    def application(self, path: str) -> str | None:
        """The innermost folder around a file that has an Alembic environment; None where there is none."""
        around = (folder for folder in self._applications if not folder or path.startswith(f"{folder}/"))
        return next(around, None)

    def content(self, path: str) -> str:
        """What identifies the content of a file."""
        return self._key(path)

    def _key(self, path: str) -> str:
        return self._blobs.get(path) or self._files[path].blob

    def _identify(self, paths: Iterable[str]) -> None:
        """Files on disk are known by their content, as those of a commit are."""
        wanted = [p for p in paths if p not in self._blobs and self._files[p].blob.startswith("stat:")]
        for start in range(0, len(wanted), _ROUND):
            for path, data in self._source.read_many(wanted[start : start + _ROUND]).items():
                self._blobs[path] = blob_id(data)
                self._note(path, data)

    def _load(self, paths: Iterable[str]) -> None:
        """Read the files that the cache does not know, and note which of them can declare tables."""
        self._identify(paths)
        wanted = [
            p for p in paths if not self._cache.knows(self._key(p)) and self._files[p].size <= LARGEST_FILE
        ]
        for start in range(0, len(wanted), _ROUND):
            for path, data in self._source.read_many(wanted[start : start + _ROUND]).items():
                self._note(path, data)
            self._spend()

    def _spend(self) -> None:
        if self._allowance is not None:
            self._allowance.spend()

    def _note(self, path: str, data: bytes) -> None:
        key = self._key(path)
        if not self._cache.knows(key):
            self._cache.note(key, declares=declares(data))
        if self._cache.declares(key):
            self._data[path] = data


def _environments(files: Iterable[SourceFile]) -> set[str]:
    """The folders of Alembic environments: `env.py` beside `script.py.mako`."""
    names: dict[str, set[str]] = {}
    for file in files:
        folder, _, name = file.path.rpartition("/")
        names.setdefault(folder, set()).add(name)
    return {folder for folder, inside in names.items() if {"env.py", "script.py.mako"} <= inside and folder}


def _migration_folders(files: Iterable[SourceFile], homes: set[str]) -> tuple[str, ...]:
    """The folders of Alembic environments and of revisions.

    Of an environment in a folder that is not called after migrations, only the revisions count: models may stand there.
    """
    found = {folder if _MIGRATIONS.search(folder.lower()) else f"{folder}/versions" for folder in homes}
    for folder in {file.path.rpartition("/")[0] for file in files}:
        parts = folder.split("/")
        if "versions" in parts:
            above = "/".join(parts[: parts.index("versions")])
            if (
                parts[parts.index("versions") - 1 : parts.index("versions")]
                in (["alembic"], ["migrations"], ["migration"])
                or above in homes
            ):
                found.add("/".join(parts[: parts.index("versions") + 1]))
    return tuple(sorted(found))


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is one of the patterns, lies below one, or matches one as a glob."""
    return any(
        path == pattern or path.startswith(pattern.rstrip("/") + "/") or fnmatch.fnmatchcase(path, pattern)
        for pattern in (each.removeprefix("./") for each in patterns)
    )
