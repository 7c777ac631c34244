"""A folder that is not under version control."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from instar.errors import InstarError
from instar.sources.disk import describe_all, read_all, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from instar.sources.base import SourceFile

SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist"})


class FolderSource:
    """The files below a folder as they are now. Hidden folders, environments and builds are left out.

    Args:
        root: The folder.
        label: How a user names it; `WORKTREE` when absent.

    Raises:
        InstarError: There is no such folder.
    """

    def __init__(self, root: Path, label: str = "WORKTREE") -> None:
        if not root.is_dir():
            raise InstarError(f"there is no folder {root}. Name one with --repo.")
        self.root = root
        self._label = label

    @property
    def label(self) -> str:
        """How a user names this version."""
        return self._label

    def files(self, suffixes: Iterable[str]) -> tuple[SourceFile, ...]:
        """The regular files whose names end so, sorted by path."""
        endings = tuple(suffixes)
        return describe_all(self.root, (path for path in self._walk() if path.endswith(endings)))

    def read(self, path: str) -> bytes | None:
        """The content of one file, or None."""
        return read_file(self.root, path)

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The content of many files; missing ones are left out."""
        return read_all(self.root, paths)

    def _walk(self) -> Iterator[str]:
        for folder, below, names in os.walk(self.root):
            below[:] = sorted(
                name
                for name in below
                if not name.startswith(".")
                and name not in SKIPPED
                and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
            )
            prefix = os.path.relpath(folder, self.root).replace(os.sep, "/")
            yield from (name if prefix == "." else f"{prefix}/{name}" for name in names)
