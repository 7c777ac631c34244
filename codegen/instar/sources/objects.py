"""The files of a git tree, read through one `git cat-file --batch` process without a checkout."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from typing import IO, TYPE_CHECKING

from instar.errors import InstarError
from instar.sources.base import LARGEST_FILE, SourceFile
from instar.sources.git import command, environment, output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_ROUND = 64
"""Requests written before their answers are read: few enough never to fill a pipe."""


class ObjectReader:
    """Blobs by id. One process serves all trees of a repository; it ends with this object."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def read(self, blobs: Sequence[str]) -> dict[str, bytes]:
        """The content of every blob that exists and is not larger than `LARGEST_FILE`."""
        found: dict[str, bytes] = {}
        with self._lock:
            process = self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            for start in range(0, len(blobs), _ROUND):
                wanted = blobs[start : start + _ROUND]
                try:
                    process.stdin.write("".join(f"{blob}\n" for blob in wanted).encode())
                    process.stdin.flush()
                    for blob in wanted:
                        data = _answer(process.stdout)
                        if data is not None:
                            found[blob] = data
                except (BrokenPipeError, ValueError):
                    self.close()
                    raise InstarError(
                        f"git cat-file stopped while reading {self._folder}. Check the repository with git fsck."
                    ) from None
        return found

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                command(self._folder, "cat-file", "--batch"),
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


def _answer(pipe: IO[bytes]) -> bytes | None:
    """One answer of `cat-file --batch`: `<id> <type> <size>`, then the content and a newline."""
    header = pipe.readline().split()
    if not header:
        raise ValueError
    if len(header) != 3:  # `<id> missing`
        return None
    left = int(header[2])
    if left <= LARGEST_FILE:
        data = pipe.read(left)
        pipe.read(1)
        return data if header[1] == b"blob" else None
    left += 1
    while left:
        left -= len(pipe.read(min(left, 1 << 20)))
    return None


class GitSource:
    """The tree of one commit.

    Args:
        folder: The repository.
        objects: What reads its blobs.
        ref: How the user named it.
        commit: The commit's full id.
    """

    def __init__(self, folder: Path, objects: ObjectReader, ref: str, commit: str) -> None:
        self._folder = folder
        self._objects = objects
        self._label = ref
        self.commit = commit
        self._tree: dict[str, SourceFile] | None = None

    @property
    def label(self) -> str:
        """The ref as the user named it."""
        return self._label

    def files(self, suffixes: Iterable[str]) -> tuple[SourceFile, ...]:
        """The regular files whose names end so, sorted by path."""
        endings = tuple(suffixes)
        return tuple(file for path, file in self._files().items() if path.endswith(endings))

    def read(self, path: str) -> bytes | None:
        """The content of one file, or None."""
        return self.read_many((path,)).get(path)

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The content of many files; missing ones are left out."""
        tree = self._files()
        blobs = {path: tree[path].blob for path in paths if path in tree}
        contents = self._objects.read(list(dict.fromkeys(blobs.values())))
        return {path: contents[blob] for path, blob in blobs.items() if blob in contents}

    def _files(self) -> dict[str, SourceFile]:
        if self._tree is None:
            listing = output(self._folder, "ls-tree", "-r", "-l", "-z", "--full-tree", self.commit)
            self._tree = dict(sorted((file.path, file) for file in map(_entry, listing.split(b"\0")) if file))
        return self._tree


def _entry(record: bytes) -> SourceFile | None:
    """`<mode> <type> <id> <size>`, a tab, `<path>`; a symlink (120000) and a submodule (commit) are no files."""
    head, _, path = record.partition(b"\t")
    parts = head.split()
    if len(parts) != 4 or parts[1] != b"blob" or parts[0] == b"120000" or not parts[3].isdigit():
        return None
    return SourceFile(path.decode(errors="surrogateescape"), parts[2].decode(), int(parts[3]))
