"""The user's cache folder: what is kept there is never needed, and written whole or not at all.

Standard library only, and little of it: the editor plugin looks here before it loads anything else.
"""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from pathlib import Path
from zlib import crc32

RECENT = 2_000_000_000
"""Nanoseconds. A file that changed less than this ago may change again and keep its times: clocks tick coarsely."""


def cache_folder() -> Path | None:
    """`INSTAR_CACHE_DIR`, else `instar` below `XDG_CACHE_HOME` or `~/.cache`; None where there is no home."""
    own = os.environ.get("INSTAR_CACHE_DIR")
    if own:
        return Path(own)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "instar"
    except RuntimeError:
        return None


@functools.cache
def code_stamp() -> int:
    """What instar itself is: another version, or one that was edited, trusts nothing that this one kept."""
    own = os.path.dirname(__file__)
    folders = [own, os.path.join(os.path.dirname(own), "instar_lint")]
    folders += [os.path.join(os.path.dirname(os.path.dirname(own)), "lint_rules", "instar_lint")]
    states: list[tuple[str, int, int]] = []
    while folders:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    state = entry.stat()
                    states.append((entry.path, state.st_size, state.st_mtime_ns))
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.path)
    return crc32(repr(sorted(states)).encode())


def store(path: Path, data: bytes, *, most: int = 100) -> None:
    """Write a file beside its place and rename it there; what cannot be written is not kept.

    Args:
        path: Its place, in a folder of its kind.
        data: Its content.
        most: How many of its kind are kept; the oldest go.
    """
    staged = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, staged = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(staged, path)
        staged = None
        with os.scandir(path.parent) as entries:
            written = [(entry.stat().st_mtime_ns, entry.path) for entry in entries]
        for _, old in sorted(written, reverse=True)[most:]:
            os.unlink(old)
    except OSError:
        pass
    finally:
        if staged is not None:
            with contextlib.suppress(OSError):
                os.unlink(staged)
