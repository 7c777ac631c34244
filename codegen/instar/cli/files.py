"""Writing files whole, all or none."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Mapping


def replace_file(path: Path, data: bytes) -> None:
    """Write one file; errors as `replace_files`."""
    replace_files({path: data})


def replace_files(files: Mapping[Path, bytes]) -> None:
    """Write every file beside its place, then rename them all there; permissions stay.

    Raises:
        InstarError: One cannot be written; then none has changed.
    """
    staged: dict[Path, Path] = {}
    path = Path()
    try:
        for path, data in files.items():
            staged[path] = _staged(path, data)
        for path, waiting in staged.items():
            waiting.replace(path)
    except OSError as error:
        for waiting in staged.values():
            waiting.unlink(missing_ok=True)
        raise InstarError(
            f"cannot be written ({error.strerror}). Nothing was written.", path=str(path)
        ) from None


def _staged(path: Path, data: bytes) -> Path:
    """The new content in a file beside the old one, with the same permissions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
