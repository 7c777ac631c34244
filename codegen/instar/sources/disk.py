"""Reading regular files below a folder: no symlinks, nothing outside, nothing too large."""

from __future__ import annotations

import os
import stat
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from instar.sources.base import LARGEST_FILE, SourceFile
from instar.user_cache import RECENT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def describe(root: Path, path: str) -> SourceFile | None:
    """The file at `path` below `root`, or None where it is no regular file or is reached through a symlink."""
    full = _inside(root, path)
    return _described(path, str(full), time.time_ns()) if full is not None else None


def describe_all(root: Path, paths: Iterable[str]) -> tuple[SourceFile, ...]:
    """The regular files among `paths`, sorted; the real path of every folder is looked up once."""
    base = os.path.realpath(root)
    now = time.time_ns()
    real: dict[str, bool] = {"": True}
    found = []
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in real:
            real[folder] = os.path.realpath(os.path.join(base, folder)) == os.path.join(base, folder)
        if real[folder] and (file := _described(path, f"{base}/{path}", now)) is not None:
            found.append(file)
    return tuple(sorted(found))


def _described(path: str, full: str, now: int) -> SourceFile | None:
    """A file by its times and size. Where it has just changed, they do not tell it from what it may still become."""
    try:
        state = os.lstat(full)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(state.st_mode):
        return None
    key = f"{state.st_size}:{state.st_mtime_ns}:{state.st_ctime_ns}:{state.st_ino}"
    settled = max(state.st_mtime_ns, state.st_ctime_ns) < now - RECENT
    return SourceFile(path, f"stat:{key}" if settled else f"stat:new:{key}", state.st_size)


def read_file(root: Path, path: str) -> bytes | None:
    """The content of a regular file below `root` that is not too large, else None."""
    full = _inside(root, path)
    return _read(str(full)) if full is not None else None


def read_all(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """The content of the regular files among `paths` that are not too large; folders are looked up once."""
    real: dict[str, bool] = {}
    found = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in real:
            real[folder] = _inside(root, path) is not None
        data = _read(f"{root}/{path}") if real[folder] else None
        if data is not None:
            found[path] = data
    return found


def _read(full: str) -> bytes | None:
    try:
        handle = os.open(full, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            state = os.fstat(handle)
            return file.read() if stat.S_ISREG(state.st_mode) and state.st_size <= LARGEST_FILE else None
    except (OSError, ValueError):
        return None


def _inside(root: Path, path: str) -> Path | None:
    """The full path, if no part of it leaves `root`, by `..` or by a symlink."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        return None
    full = root / parts
    try:
        return full if full.parent.resolve() == root.resolve() / parts.parent else None
    except (OSError, ValueError, RuntimeError):
        return None
