"""What a source is: one version of a tree of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes. Nobody writes a larger source file by hand; larger ones are listed, and read as missing."""


class SourceFile(msgspec.Struct, frozen=True, order=True):
    """A file of a source: its path relative to the repository root, with `/`, and what identifies its content.

    `blob` is git's object id where it is known without reading the file, else `stat:` and a key of size and times;
    `stat:new:` where the file has changed so recently that it may change again and keep them.
    """

    path: str
    blob: str
    size: int = 0


class Source(Protocol):
    """One version of a tree of files. Nothing in it is ever executed."""

    @property
    def label(self) -> str:
        """How a user names this version: a ref, `WORKTREE`."""
        ...

    def files(self, suffixes: Iterable[str]) -> tuple[SourceFile, ...]:
        """The regular files whose names end so, sorted by path; no symlinks, no ignored files."""
        ...

    def read(self, path: str) -> bytes | None:
        """The content of one file, or None where there is no such file or it is larger than `LARGEST_FILE`."""
        ...

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The content of many files at once; missing and too large ones are left out."""
        ...
