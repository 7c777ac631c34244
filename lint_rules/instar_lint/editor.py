"""What the flake8 plugin knows of the project that a file lies in: found once a run, from the file's folder upwards.

With no configuration above a file nothing is loaded at all; with nothing in flight no file is looked at. What a
version of the models says comes from the user's cache folder and is never stale (`readings.py`); worker processes only
read it.
"""

from __future__ import annotations

import multiprocessing
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from pathlib import Path

    from instar.sources import Repository
    from instar_lint.findings import Finding
    from instar_lint.project import LintProject

_FILES = ("instar.toml", "pyproject.toml")
_SECTION = b"[tool.instar"


class EditorProject:
    """One configured project.

    Args:
        config_file: Its configuration.
        environment: The one environment that counts; all required ones when None.
    """

    def __init__(self, config_file: Path, environment: str | None = None) -> None:
        self.root = config_file.parent
        self._config_file = config_file
        self._environment = environment

    def findings(self, file: Path, text: str, tree: ast.Module | None = None) -> tuple[Finding, ...]:
        """The proven findings of one file.

        Args:
            file: Its absolute path.
            text: Its content, which may not be saved yet.
            tree: Its syntax tree, where there is one already; it is not changed.
        """
        linted = self._linted
        if linted is None:
            return ()
        try:
            path = file.relative_to(self.top).as_posix()
        except ValueError:
            return ()
        data = text.encode("utf-8", "surrogateescape")
        if linted.depends_on(path, data) and data != linted.source.read(path):
            linted = self._opened({path: data}) or linted
        found = linted.findings_in(path, text, tree)
        return tuple(finding for finding in found if finding.confidence == "proven")

    @cached_property
    def top(self) -> Path:
        """The folder that paths are relative to: the repository's, or that of the configuration."""
        return self._repository.root if self._repository is not None else self.root

    @cached_property
    def _repository(self) -> Repository | None:
        from instar.errors import InstarError  # noqa: PLC0415 - only where a project is configured
        from instar.sources import open_repository  # noqa: PLC0415

        try:
            found = open_repository(self.root)
        except InstarError:
            return None
        return None if found.bare else found

    @cached_property
    def _linted(self) -> LintProject | None:
        return self._opened({})

    def _opened(self, buffers: dict[str, bytes]) -> LintProject | None:
        """The project with some unsaved buffers; None where it cannot be read: the command line says why."""
        from instar.config import parse_config  # noqa: PLC0415 - only where a project is configured
        from instar.errors import InstarError  # noqa: PLC0415
        from instar.sources import FolderSource, OverlaySource, Source  # noqa: PLC0415
        from instar_lint.project import pending  # noqa: PLC0415
        from instar_lint.readings import Readings  # noqa: PLC0415
        from instar_lint.versions import Labels  # noqa: PLC0415

        try:
            config = parse_config(self._config_file.read_text(encoding="utf-8"), self._config_file.name)
            if config is None:
                return None
            repository = self._repository
            source: Source = FolderSource(self.root) if repository is None else repository.source("WORKTREE")
            base, label = None, "the last commit"
            if repository is not None:
                branch = repository.default_branch()
                commit = repository.merge_base(branch, "HEAD")
                base, label = repository.source(commit), f"{branch} ({commit[:7]})"
            if buffers:
                source = OverlaySource(source, buffers)
            writes = not buffers and multiprocessing.parent_process() is None
            return pending(
                source,
                base,
                config,
                Labels(label, "the work tree"),
                environment=self._environment,
                readings=Readings(config, str(self.top), writes=writes),
            )
        except (InstarError, OSError, UnicodeDecodeError):
            return None

    def prepare(self) -> None:
        """Read the project now, so that forked workers inherit it."""
        self._linted  # noqa: B018 - a cached property


class Editors:
    """The projects of one run, by the folder that they were found from.

    Args:
        config_file: Instead of the nearest one above each file.
        environment: The one environment that counts; all required ones when None.
    """

    def __init__(self, config_file: Path | None = None, environment: str | None = None) -> None:
        self._given = EditorProject(config_file.absolute(), environment) if config_file else None
        self._environment = environment
        self._by_folder: dict[Path, EditorProject | None] = {}
        self._by_file: dict[Path, EditorProject] = {}

    def of(self, folder: Path) -> EditorProject | None:
        """The project that a folder lies in; None where nothing above it is configured."""
        if self._given is not None:
            return self._given
        if folder not in self._by_folder:
            found = _configured(folder)
            if found is not None:
                self._by_folder[folder] = self._by_file.setdefault(
                    found, EditorProject(found, self._environment)
                )
            else:
                self._by_folder[folder] = self.of(folder.parent) if folder.parent != folder else None
        return self._by_folder[folder]


def _configured(folder: Path) -> Path | None:
    """The configuration file right in a folder."""
    for name in _FILES:
        path = folder / name
        try:
            data = path.read_bytes()
        except OSError:
            continue
        if name == "instar.toml" or _SECTION in data:
            return path
    return None
