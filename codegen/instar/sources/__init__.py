"""Where text comes from: the work tree, a git ref without a checkout, an editor's buffer, a plain folder."""

from __future__ import annotations

from instar.sources.base import LARGEST_FILE, Source, SourceFile
from instar.sources.folder import FolderSource
from instar.sources.git import NoRepositoryError
from instar.sources.overlay import OverlaySource
from instar.sources.repository import WORKTREE, Repository, open_repository

__all__ = [
    "LARGEST_FILE",
    "WORKTREE",
    "FolderSource",
    "NoRepositoryError",
    "OverlaySource",
    "Repository",
    "Source",
    "SourceFile",
    "open_repository",
]
