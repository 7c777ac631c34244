"""Files written all or none: staged beside their places, then renamed into them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_all(root: Path, files: Mapping[str, str | None]) -> None:
    """Write files, or none of them.

    Every text is written and flushed to a folder on the same filesystem first; what is replaced is kept there
    until the last file is in place, and put back where one cannot be.

    Args:
        root: The folder that the paths are relative to.
        files: Whole texts by path; None deletes.

    Raises:
        InstarError: The disk is full, or a file cannot be written. Nothing has changed.
    """
    if not files:
        return
    try:
        stage = Path(tempfile.mkdtemp(prefix=".instar-", dir=root))
    except OSError as error:
        raise _failed(error, root) from None
    try:
        staged = _stage(stage, root, files)
        _place(stage, root, staged)
    except OSError as error:
        raise _failed(error, Path(error.filename) if error.filename else root) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _stage(stage: Path, root: Path, files: Mapping[str, str | None]) -> dict[Path, Path | None]:
    """The new texts on disk, in the stage."""
    staged: dict[Path, Path | None] = {}
    for number, (path, text) in enumerate(sorted(files.items())):
        target = (root / path).resolve()
        if text is None:
            staged[target] = None
            continue
        new = stage / f"new-{number}"
        with new.open("w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if target.exists():
            shutil.copymode(target, new)
        else:
            new.chmod(0o666 & ~_umask())
        staged[target] = new
    return staged


def _place(stage: Path, root: Path, staged: Mapping[Path, Path | None]) -> None:
    """The staged files in their places; everything back where one fails."""
    done: list[tuple[Path, Path | None]] = []
    made: list[Path] = []
    try:
        for number, (target, new) in enumerate(staged.items()):
            made += _folders(target.parent, root.resolve())
            kept: Path | None = None
            if target.exists():
                kept = stage / f"old-{number}"
                target.replace(kept)
            done.append((target, kept))
            if new is not None:
                new.replace(target)
    except OSError:
        for target, kept in reversed(done):
            target.unlink(missing_ok=True)
            if kept is not None:
                kept.replace(target)
        for folder in reversed(made):
            folder.rmdir()
        raise


def _folders(folder: Path, root: Path) -> list[Path]:
    """Create a folder and those above it; the ones that were not there, outermost first."""
    missing = [one for one in (folder, *folder.parents) if one != root and not one.exists()]
    missing.reverse()
    for one in missing:
        one.mkdir()
    return missing


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _failed(error: OSError, where: Path) -> InstarError:
    return InstarError(f"cannot write {where}: {error.strerror or error}. Nothing was written.")
