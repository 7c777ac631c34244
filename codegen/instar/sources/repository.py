"""A git repository: its refs, and the trees that they name."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from instar.errors import InstarError
from instar.sources import git
from instar.sources.disk import describe_all, read_all, read_file
from instar.sources.objects import GitSource, ObjectReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar.sources.base import Source, SourceFile

WORKTREE = "WORKTREE"
"""How users name the files on disk, saved or not committed."""

_STARTS = (
    "refs/remotes/origin/HEAD",
    "refs/heads/main",
    "refs/heads/master",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
)


class Repository:
    """A normal or bare repository, only ever read.

    Attributes:
        root: The top folder of the work tree, or the bare repository itself.
        bare: Whether there is no work tree.
    """

    def __init__(self, root: Path, *, bare: bool) -> None:
        self.root = root
        self.bare = bare
        self._objects = ObjectReader(root)
        self._resolved: dict[str, str] = {}

    def source(self, ref: str) -> Source:
        """The files on disk (`WORKTREE`), or the tree that a ref names.

        Raises:
            InstarError: There is no such ref, or no work tree.
        """
        if ref == WORKTREE:
            if self.bare:
                raise InstarError(
                    f"{self.root} is a bare repository and has no work tree. Name a ref instead."
                )
            return WorkTreeSource(self.root)
        return GitSource(self.root, self._objects, ref, self.resolve(ref))

    def resolve(self, ref: str) -> str:
        """The full id of the commit that a ref names.

        Raises:
            InstarError: It names none; with near names.
        """
        if ref in self._resolved:
            return self._resolved[ref]
        if ref and not ref.startswith("-") and "\0" not in ref:
            done = git.run(
                self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
            )
            if done.returncode == 0:
                return done.stdout.decode().split()[-1]
        near = difflib.get_close_matches(ref, self.refs(), n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else "git branch -a lists what there is."
        raise InstarError(f'"{ref}" names no commit in {self.root}. {hint}')

    def refs(self) -> list[str]:
        """The short names of all branches and tags."""
        return git.lines(
            self.root, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"
        )

    def default_branch(self) -> str:
        """The branch that others start from: where `origin` points, else `main` or `master`, else the current one.

        Raises:
            InstarError: There is no commit yet.
        """
        said = git.lines(self.root, "for-each-ref", "--format=%(refname) %(symref)", *_STARTS)
        there = dict(line.split(" ", 1) for line in said)
        remote = there.get(_STARTS[0], "")
        if remote:
            return remote.removeprefix("refs/remotes/")
        for name in _STARTS[1:]:
            if name in there:
                return name.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        current = git.lines(self.root, "symbolic-ref", "--quiet", "--short", "HEAD")
        if current and current[0] in self.refs():
            return current[0]
        self.resolve("HEAD")
        return "HEAD"

    def merge_base(self, one: str, other: str) -> str:
        """The full id of the best common ancestor of two refs.

        Raises:
            InstarError: A ref is unknown, or the two share no history.
        """
        if any(ref.startswith("-") or "\0" in ref for ref in (one, other)):
            self.resolve(one), self.resolve(other)
        done = git.run(self.root, "merge-base", one, other)
        if done.returncode:
            self.resolve(one), self.resolve(other)
            raise InstarError(
                f"{one} and {other} share no history in {self.root}. Name the version to compare with (--from)."
            )
        commit = done.stdout.decode().split()[0]
        self._resolved[commit] = commit
        return commit

    def changed_paths(self, before: str, after: str) -> tuple[str, ...]:
        """The paths that differ between two refs, sorted; `WORKTREE` may stand for the second.

        Raises:
            InstarError: A ref is unknown.
        """
        old = self.resolve(before)
        if after == WORKTREE:
            return self._changed_on_disk(old)
        said = git.output(
            self.root,
            "diff-tree",
            "-r",
            "-z",
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            old,
            self.resolve(after),
        )
        return _paths(said)

    def _changed_on_disk(self, commit: str) -> tuple[str, ...]:
        """Compared by content, since asking git to refresh its index may run a repository's filters."""
        disk = WorkTreeSource(self.root)
        tree = GitSource(self.root, self._objects, commit, commit)
        here = {file.path: file for file in disk.files(("",))}
        there = {file.path: file for file in tree.files(("",))}
        changed = set(here) ^ set(there)
        common = [path for path in here if path in there]
        changed |= {path for path in common if here[path].size != there[path].size}
        same = [path for path in common if path not in changed]
        old = tree.read_many(same)
        changed |= {path for path in same if disk.read(path) != old.get(path)}
        return tuple(sorted(changed))


class WorkTreeSource:
    """The files on disk that git tracks or would track."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._files: tuple[SourceFile, ...] | None = None

    @property
    def label(self) -> str:
        """`WORKTREE`."""
        return WORKTREE

    def files(self, suffixes: Iterable[str]) -> tuple[SourceFile, ...]:
        """The regular files whose names end so, sorted by path; listed once."""
        if self._files is None:
            said = git.output(
                self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", work_tree=self.root
            )
            self._files = describe_all(self.root, dict.fromkeys(_paths(said)))
        endings = tuple(suffixes)
        return tuple(file for file in self._files if file.path.endswith(endings))

    def read(self, path: str) -> bytes | None:
        """The content of one file, or None."""
        return read_file(self.root, path)

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The content of many files; missing ones are left out."""
        return read_all(self.root, paths)


def open_repository(path: Path) -> Repository:
    """The repository that `path` is, or lies in.

    Raises:
        NoRepositoryError: There is none, or no git.
        InstarError: git does not trust its owner, or cannot open it.
    """
    if not path.is_dir():
        raise InstarError(f"there is no folder {path}. Name a repository with --repo.")
    done = git.run(path, "rev-parse", "--is-bare-repository", "--is-inside-git-dir", "--absolute-git-dir")
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        if "dubious ownership" in said:
            raise InstarError(
                f"git does not trust {path}, since another user owns it. If you do: git config --global --add safe.directory {path}"
            )
        if "not a git repository" in said:
            raise git.NoRepositoryError(
                f"{path} is not in a git repository. Name one with --repo, or start one with git init."
            )
        raise InstarError(f"git cannot open {path}: {git.last_line(done.stderr)}.")
    bare, inside, git_dir = done.stdout.decode(errors="surrogateescape").splitlines()[:3]
    if bare == "true" or inside == "true":
        return Repository(Path(git_dir), bare=True)
    return Repository(_top(path.resolve()), bare=False)


def _top(path: Path) -> Path:
    """The folder that holds `.git`, whatever `core.worktree` says."""
    return next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), path)


def _paths(said: bytes) -> tuple[str, ...]:
    return tuple(sorted(part.decode(errors="surrogateescape") for part in said.split(b"\0") if part))
