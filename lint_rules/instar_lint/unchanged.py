"""Whether a project's files are as they were, told from times and sizes, as git tells it.

A Python file that changed is read: as long as it neither declared tables nor does so now, and is no revision, it does
not matter what it says. A folder that changed is listed again. Where anything else changed, all is loaded anew.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

Key = tuple[int, int, int, int]
_MOST_CHANGED = 50
_WATCHED = frozenset({"instar.toml", "pyproject.toml", ".gitignore", "alembic.ini", "script.py.mako"})
_ASIDE = frozenset({".git", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"})
_GIT = ("HEAD", "packed-refs", "config", "info/exclude", "commondir", "shallow")
_REFS = ("refs", "reftable")


class State(NamedTuple):
    """How a project's files were.

    Attributes:
        exact: Files and folders none of which may change at all.
        files: Python files.
        folders: The folders in which git would list a new file.
        ignored: Those in which it would not.
    """

    exact: dict[str, Key | None]
    files: dict[str, Key | None]
    folders: dict[str, Key | None]
    ignored: tuple[str, ...]

    @property
    def newest(self) -> int:
        """When something changed last, in nanoseconds since the epoch."""
        keys = (key for part in self[:3] for key in part.values() if key is not None)
        return max((max(key[:2]) for key in keys), default=0)

    def holds(self, top: str, read: Collection[str]) -> bool:
        """Whether nothing changed that could matter.

        Args:
            top: The folder that paths are relative to.
            read: The files whose content matters, whatever it is.
        """
        above = f"{top}/"
        if any(_key(os.path.join(top, path)) != key for path, key in self.exact.items()):
            return False
        changed = [path for path, key in self.files.items() if _key(above + path) != key]
        altered = [path for path, key in self.folders.items() if _key(above + path) != key]
        if len(changed) + len(altered) > _MOST_CHANGED:
            return False
        for folder in altered:
            fresh = self._fresh(top, folder)
            if fresh is None:
                return False
            changed += fresh
        return not any(path in read or _may_matter(above + path) for path in changed)

    def _fresh(self, top: str, folder: str) -> list[str] | None:
        """The Python files that a folder has got; None where it got something that may matter more."""
        found = []
        try:
            with os.scandir(os.path.join(top, folder)) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.name.endswith(".py"):
                        found += [path] if path not in self.files else []
                    elif not self._knows(path, entry):
                        return None
        except OSError:
            return None
        return found

    def _knows(self, path: str, entry: os.DirEntry[str]) -> bool:
        if entry.is_dir(follow_symlinks=False):
            return entry.name in _ASIDE or path in self.folders or path in self.ignored
        return entry.name not in _WATCHED or path in self.exact


def state_of(
    top: str, listed: Iterable[str], exact: Iterable[str], skipped: Collection[str] | None, before: int
) -> State | None:
    """How the files of a project are; None where something changed just now, so that its times cannot be trusted.

    Args:
        top: Its folder.
        listed: Its files, relative to that.
        exact: Files and folders none of which may change at all, relative to it.
        skipped: The names of folders in which nothing counts; None in a repository, where git knows which.
        before: The last moment that can be trusted, in nanoseconds since the epoch.
    """
    fixed, files = dict.fromkeys((*exact, *_git_files(top))), {}
    folders: dict[str, Key | None] = {"": _key(top)}
    for path in listed:
        folder, _, name = path.rpartition("/")
        if name in _WATCHED:
            fixed[path] = None
        elif name.endswith(".py"):
            files[path] = _key(f"{top}/{path}")
        while folder not in folders:
            folders[folder] = _key(f"{top}/{folder}")
            folder = folder.rpartition("/")[0]
    state = State({path: _key(os.path.join(top, path)) for path in fixed}, files, folders, ())
    if state.newest >= before:
        return None
    state = state._replace(ignored=_complete(top, folders, skipped))
    return state if state.newest < before else None


def _complete(top: str, folders: dict[str, Key | None], skipped: Collection[str] | None) -> tuple[str, ...]:
    """Add the folders in which nothing is listed yet; returns those in which nothing ever is."""
    ignored = set(_ignored(top)) if skipped is None else set()
    todo = list(folders)
    while todo:
        for path, name in _below(top, todo.pop()):
            if path in folders or path in ignored or name in _ASIDE:
                continue
            if (skipped is not None and (name in skipped or name.startswith("."))) or _is_apart(
                f"{top}/{path}"
            ):
                ignored.add(path)
            else:
                folders[path] = _key(f"{top}/{path}")
                todo.append(path)
    return tuple(ignored)


def _key(path: str) -> Key | None:
    try:
        state = os.lstat(path)
    except (OSError, ValueError):
        return None
    return (state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino)


def _may_matter(path: str) -> bool:
    """Whether a file that changed or came can change what is in flight; one that is gone and was not read cannot."""
    from instar.dialects.sqlalchemy.reading.declaring import declares  # noqa: PLC0415 - only where files changed

    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return declares(data) or b"down_revision" in data


def _below(top: str, folder: str) -> list[tuple[str, str]]:
    """Path and name of the folders right in a folder."""
    try:
        with os.scandir(os.path.join(top, folder)) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [(f"{folder}/{name}" if folder else name, name) for name in names]


def _is_apart(path: str) -> bool:
    """Whether a folder is a repository or an environment of its own."""
    return os.path.lexists(f"{path}/.git") or os.path.lexists(f"{path}/pyvenv.cfg")


def _ignored(top: str) -> Iterator[str]:
    """The folders that git ignores."""
    from pathlib import Path  # noqa: PLC0415 - only when a state is taken

    from instar.sources import git  # noqa: PLC0415 - only where there is something to read

    said = git.output(
        Path(top),
        "ls-files",
        "-z",
        "--others",
        "--ignored",
        "--exclude-standard",
        "--directory",
        work_tree=Path(top),
    )
    for path in said.decode(errors="surrogateescape").split("\0"):
        if path.endswith("/"):
            yield path[:-1]


def _git_files(top: str) -> Iterator[str]:
    """What git keeps about the current commit, the branches and what is ignored."""
    folder = os.path.join(top, ".git")
    if not os.path.isdir(folder):
        yield ".git"
        folder = os.path.join(top, _line(folder).removeprefix("gitdir: "))
    common = _line(os.path.join(folder, "commondir"))
    for place in dict.fromkeys((folder, os.path.normpath(os.path.join(folder, common)))):
        yield from (os.path.join(place, name) for name in _GIT)
        for name in _REFS:
            for below, _, names in os.walk(os.path.join(place, name)):
                yield below
                yield from (os.path.join(below, one) for one in names)


def _line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return ""
