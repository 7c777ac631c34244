"""The flake8 plugin: what flake8 loads for the prefix `INS`.

It imports next to nothing until a file lies in a configured project, and then neither jinja2, libcst, sqlalchemy,
click nor rich. Its own options are read from the nearest `pyproject.toml` or `instar.toml`, because flake8 reads none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from instar_lint.editor import Editors

if TYPE_CHECKING:
    import argparse
    import ast
    from collections.abc import Iterator

_UNNAMED = frozenset({"-", "stdin", "(none)"})
_SECONDS = 0.2


class OptionManager(Protocol):
    """What flake8 hands to `add_options`; it ships no types."""

    def add_option(self, *names: str, **settings: object) -> None:
        """Register an option."""
        ...


class Plugin:
    """One object per file; flake8 passes what the parameters name."""

    name = "instar"
    version = "0.1.0"
    _editors: ClassVar[Editors] = Editors()

    def __init__(self, tree: ast.Module, filename: str, lines: list[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._lines = lines

    @classmethod
    def add_options(cls, manager: OptionManager) -> None:
        """Add the options that a `flake8` section may hold too."""
        manager.add_option(
            "--instar-environment",
            default=None,
            metavar="NAME",
            parse_from_config=True,
            help="The environment that code is held against (default: all that are required).",
        )
        manager.add_option(
            "--instar-config",
            default=None,
            metavar="FILE",
            parse_from_config=True,
            normalize_paths=True,
            help="pyproject.toml or instar.toml (default: the nearest one above each file that has [tool.instar]).",
        )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Start a run: nothing is kept from the one before. The main process reads the project for its workers.

        A run over one file or a buffer is an editor's, or as good as one: it must not wait until all is read.
        """
        given = Path(options.instar_config) if options.instar_config else None
        cls._editors.close()
        cls._editors = Editors(given, options.instar_environment, _seconds(options.filenames))
        project = cls._editors.of(Path.cwd())
        if project is not None:
            folders = any(map(os.path.isdir, options.filenames or ["."]))
            project.prepare(_SECONDS if folders and _has_workers(options) else 0.0)

    def run(self) -> Iterator[tuple[int, int, str, type]]:
        """The findings of this file: line, 0-based column in characters, text, and this class."""
        if self._filename in _UNNAMED:
            return
        file = Path(os.path.abspath(self._filename))
        project = self._editors.of(file.parent)
        if project is None:
            return
        for finding in project.findings(file, "".join(self._lines), self._tree):
            text = f"{finding.code} {finding.message}"
            yield finding.place.line, finding.place.column - 1, text, type(self)


def _seconds(names: list[str]) -> float | None:
    """How long a run over these may read what nobody has read yet."""
    alone = len(names) == 1 and (names[0] == "-" or Path(names[0]).is_file())
    return _SECONDS if alone else None


def _has_workers(options: argparse.Namespace) -> bool:
    """Whether other processes look at the files: one that does all by itself keeps what it finds."""
    jobs: Any = getattr(options, "jobs", None)
    return (os.cpu_count() or 1) > 1 if jobs is None or jobs.is_auto else bool(jobs.n_jobs > 1)
