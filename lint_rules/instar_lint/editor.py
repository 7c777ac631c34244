"""What the flake8 plugin knows of the project that a file lies in: found once a run, from the file's folder upwards.

With no configuration above a file nothing is loaded at all. What an earlier run found out tells which files have to be
looked at (`glance.py`); with nothing in flight that is none, and the project is not loaded. What a version of the
models says comes from the user's cache folder and is never stale (`readings.py`); worker processes only
read it. A run for an editor waits for a little reading only: it keeps what it got, so that the next ones know more,
and judges a file by what that one tells (`alone.py`) until everything has been read.
"""

from __future__ import annotations

import atexit
import multiprocessing
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from instar.config import Config
    from instar.sources import Repository, Source
    from instar_lint.findings import Finding
    from instar_lint.glance import Glance, Glances
    from instar_lint.project import LintProject
    from instar_lint.unchanged import State
    from instar_lint.versions import Labels

_FILES = ("instar.toml", "pyproject.toml")
_SECTION = b"[tool.instar"


class EditorProject:
    """One configured project.

    Args:
        config_file: Its configuration.
        environment: The one environment that counts; all required ones when None.
        seconds: How long a call may read what nobody has read yet; as long as it takes when None.
        clock: Nanoseconds since the epoch.
    """

    def __init__(
        self,
        config_file: Path,
        environment: str | None = None,
        seconds: float | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.root = config_file.parent
        self._config_file = config_file
        self._environment = environment
        self._seconds = seconds
        self._clock = clock
        self._put_off = False

    def findings(self, file: Path, text: str, tree: ast.Module | None = None) -> tuple[Finding, ...]:
        """The proven findings of one file.

        Args:
            file: Its absolute path.
            text: Its content, which may not be saved yet.
            tree: Its syntax tree, where there is one already; it is not changed.
        """
        top = Path(self.top if self._glance is None else self._glance.top)
        if not file.is_relative_to(top):
            file = file.resolve()
        if not file.is_relative_to(top):
            return ()
        path = file.relative_to(top).as_posix()
        if self._glance is not None and not self._glance.concerns(path, text):
            return ()
        data = text.encode("utf-8", "surrogateescape")
        linted = self._linted
        if self._put_off:
            linted = self._opened(buffer={path: data}, only=path)
        if linted is None:
            return ()
        if data != linted.source.read(path) and linted.depends_on(path, data):
            linted = self._opened(buffer={path: data}) or linted
        found = linted.findings_in(path, text, tree)
        return tuple(finding for finding in found if finding.confidence == "proven")

    @cached_property
    def top(self) -> Path:
        """The folder that paths are relative to: the repository's, or that of the configuration."""
        return self._repository.root if self._repository is not None else self.root

    @cached_property
    def _repository(self) -> Repository | None:
        from shutil import which  # noqa: PLC0415 - only where a project is configured

        from instar.sources import Repository  # noqa: PLC0415 - only where there is something to read

        root = self.root.resolve()
        tops = (folder for folder in (root, *root.parents) if (folder / ".git").exists())
        top = next(tops, None)
        return Repository(top, bare=False) if top is not None and which("git") else None

    @cached_property
    def _glance(self) -> Glance | None:
        return self._glances.recall()

    @cached_property
    def _glances(self) -> Glances:
        from instar_lint.glance import Glances  # noqa: PLC0415 - only where a project is configured

        return Glances(self._config_file, self._environment)

    @cached_property
    def _linted(self) -> LintProject | None:
        return self._opened()

    def _opened(self, buffer: dict[str, bytes] | None = None, only: str | None = None) -> LintProject | None:
        """The project, or what one file tells of it; None where it cannot be read: the command line says why.

        Args:
            buffer: The unsaved content of a file.
            only: The one file that is asked.
        """
        from instar.config import parse_config  # noqa: PLC0415 - only where a project is configured
        from instar.dialects.sqlalchemy.reading.allowance import PutOffError  # noqa: PLC0415 - only where there is something to read
        from instar.errors import InstarError  # noqa: PLC0415 - only where there is something to read
        from instar.sources import OverlaySource  # noqa: PLC0415 - only where there is something to read

        try:
            config = parse_config(self._config_file.read_text(encoding="utf-8"), self._config_file.name)
            if config is None:
                return None
            source, base, labels = self._versions()
            if buffer:
                source = OverlaySource(source, buffer)
            if only is not None:
                from instar_lint.alone import alone  # noqa: PLC0415 - loads the reader, which is seldom needed

                return alone(source, base, config, labels, only, environment=self._environment)
            return self._read(source, base, config, labels, saved=not buffer)
        except PutOffError:
            self._put_off = not buffer
            return None
        except (InstarError, OSError, UnicodeDecodeError):
            return None

    def _versions(self) -> tuple[Source, Source | None, Labels]:
        """The work tree, the merge-base with the default branch, and how messages name them."""
        from instar.sources import FolderSource  # noqa: PLC0415 - only where a project is configured
        from instar_lint.versions import Labels  # noqa: PLC0415 - only where there is something to read

        repository = self._repository
        if repository is None:
            return FolderSource(self.root), None, Labels("the last commit", "the work tree")
        branch = repository.default_branch()
        commit = repository.merge_base(branch, "HEAD")
        labels = Labels(f"{branch} ({commit[:7]})", "the work tree")
        return repository.source("WORKTREE"), repository.source(commit), labels

    def _read(
        self, source: Source, base: Source | None, config: Config, labels: Labels, *, saved: bool
    ) -> LintProject:
        """The whole project. Only the main process keeps what it reads, and nothing that is not saved."""
        import msgspec  # noqa: PLC0415 - only where a project is configured

        from instar.dialects.sqlalchemy.reading.allowance import Allowance  # noqa: PLC0415 - only where there is something to read
        from instar_lint.project import pending  # noqa: PLC0415 - only where there is something to read
        from instar_lint.readings import Readings  # noqa: PLC0415 - only where there is something to read

        writes = saved and multiprocessing.parent_process() is None
        state = self._state(source, config) if writes and self._glance is None else None
        allowance = Allowance(self._seconds) if saved and self._seconds is not None else None
        readings = Readings(config, str(self.top), writes=writes, allowance=allowance)
        linted = pending(source, base, config, labels, environment=self._environment, readings=readings)
        glance = linted.glance(str(self.top)) if state is not None else None
        if state is not None and glance is not None:
            self._glances.keep(glance, state)
        if self._seconds is not None or not saved:  # one file is read faster than the table of all
            return msgspec.structs.replace(linted, place=None)
        if writes:
            atexit.register(linted.save)
        return linted

    def _state(self, source: Source, config: Config) -> State | None:
        """How the files are that the project is read from; None where they have just changed."""
        from instar.sources.folder import SKIPPED  # noqa: PLC0415 - as above
        from instar.user_cache import RECENT  # noqa: PLC0415 - only where there is something to read
        from instar_lint.unchanged import state_of  # noqa: PLC0415 - only where there is something to read

        paths = [file.path for file in source.files(("",))]
        own = tuple(f"{folder.rstrip('/')}/" for folder in (config.versions, config.state))
        exact = (str(self._config_file), *own, *(path for path in paths if path.startswith(own)))
        skipped = SKIPPED if self._repository is None else None
        return state_of(str(self.top), paths, exact, skipped, self._clock() - RECENT)

    def close(self) -> None:
        """Keep what was found now, not when the process ends."""
        linted = self.__dict__.get("_linted")
        if linted is not None:
            atexit.unregister(linted.save)
            linted.save()

    def prepare(self, refresh: float = 0.0) -> None:
        """Read the project now, so that forked workers inherit it, where they need it.

        Args:
            refresh: How many seconds of CPU time this process may work for its workers and the runs to come, which
                then find kept what the code does: workers keep nothing.
        """
        if self._glance is None or (self._glance.flying and self._seconds is None):
            from instar_lint.uncollected import kept_apart  # noqa: PLC0415 - only where a project is loaded

            with kept_apart():
                linted = self._linted
                if linted is not None and refresh:
                    linted.refresh(refresh)


class Editors:
    """The projects of one run, by the folder that they were found from.

    Args:
        config_file: Instead of the nearest one above each file.
        environment: The one environment that counts; all required ones when None.
        seconds: How long a call may read what nobody has read yet; as long as it takes when None.
    """

    def __init__(
        self, config_file: Path | None = None, environment: str | None = None, seconds: float | None = None
    ) -> None:
        self._given = EditorProject(config_file.absolute(), environment, seconds) if config_file else None
        self._environment = environment
        self._seconds = seconds
        self._by_folder: dict[Path, EditorProject | None] = {}
        self._by_file: dict[Path, EditorProject] = {}

    def close(self) -> None:
        """End the run."""
        for project in (*self._by_file.values(), *([self._given] if self._given else [])):
            project.close()

    def of(self, folder: Path) -> EditorProject | None:
        """The project that a folder lies in; None where nothing above it is configured."""
        if self._given is not None:
            return self._given
        if folder not in self._by_folder:
            found = _configured(folder)
            if found is not None:
                self._by_folder[folder] = self._by_file.setdefault(
                    found, EditorProject(found, self._environment, self._seconds)
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
