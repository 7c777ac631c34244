"""Reading regular files below a folder: no symlinks, nothing outside, nothing too large."""

from __future__ import annotations

import os
import stat
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from instar.sources.base import LARGEST_FILE, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def describe(root: Path, path: str) -> SourceFile | None:
    """The file at `path` below `root`, or None where it is no regular file or is reached through a symlink."""
    full = _inside(root, path)
    if full is None:
        return None
    try:
        state = full.lstat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(state.st_mode):
        return None
    return SourceFile(path, f"stat:{state.st_size}:{state.st_mtime_ns}:{state.st_ino}", state.st_size)


def describe_all(root: Path, paths: Iterable[str]) -> tuple[SourceFile, ...]:
    """The regular files among `paths`, sorted; the real path of every folder is looked up once."""
    base = os.path.realpath(root)
    real: dict[str, bool] = {"": True}
    found = []
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in real:
            real[folder] = os.path.realpath(os.path.join(base, folder)) == os.path.join(base, folder)
        if not real[folder]:
            continue
        try:
            state = os.lstat(os.path.join(base, path))
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(state.st_mode):
            key = f"stat:{state.st_size}:{state.st_mtime_ns}:{state.st_ino}"
            found.append(SourceFile(path, key, state.st_size))
    return tuple(sorted(found))


def read_file(root: Path, path: str) -> bytes | None:
    """The content of a regular file below `root` that is not too large, else None."""
    file = describe(root, path)
    if file is None or file.size > LARGEST_FILE:
        return None
    try:
        return (root / path).read_bytes()
    except OSError:
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
