"""The project that a verb works on: its folder or repository, its configuration, and versions of its schema."""

from __future__ import annotations

from fnmatch import fnmatchcase as fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from instar.config import CONFIG_FILES, Config, parse_config
from instar.errors import InstarError
from instar.schema.model import Schema
from instar.sources import WORKTREE, FolderSource, NoRepositoryError, Repository, Source, open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

DATABASE = "db:"


class SchemaVersion(msgspec.Struct, frozen=True):
    """One version of the schema.

    Attributes:
        label: How the user names it, or the full commit id where instar chose it.
        title: How a sentence names it: `main (3f2c1a9)`, `the work tree`.
        schema: What it says.
    """

    label: str
    title: str
    schema: Schema


class Project:
    """A project as the command line opened it.

    Attributes:
        root: The repository's top folder, or the plain folder.
        repository: None where the folder is under no version control.
        config: What is configured, with what the options say instead.
        config_path: The configuration file relative to the root; None where there is none.
    """

    def __init__(
        self, root: Path, repository: Repository | None, config: Config, config_path: str | None = None
    ) -> None:
        self.root = root
        self.repository = repository
        self.config = config
        self.config_path = config_path
        self._detected: tuple[str, ...] = ()

    @classmethod
    def open(cls, repo: Path, *, dialect: str | None = None, schema: Sequence[str] = ()) -> Project:
        """Open the project that a folder is, or lies in.

        Args:
            repo: A work tree or a folder inside one, a bare repository, or a plain folder.
            dialect: Instead of the configured dialect.
            schema: Instead of the configured schema paths.

        Raises:
            InstarError: There is no such folder, or its configuration is not valid.
        """
        repository = _repository(repo)
        root = repository.root if repository else repo.resolve()
        if repository is not None and not repository.bare:
            _refuse_configuration_below(repo.resolve(), root)
        tree = _tree(root, repository)
        path, config = _configuration(tree) if tree else (None, Config())
        changes: dict[str, object] = {}
        if dialect:
            changes["dialect"] = dialect
        if schema:
            changes["schema"] = tuple(schema)
        return cls(root, repository, msgspec.structs.replace(config, **changes), path)

    def source(self, ref: str = WORKTREE) -> Source:
        """The files of a version: `WORKTREE`, or the tree of a git ref.

        Raises:
            InstarError: There is no such version.
        """
        if self.repository is not None:
            return self.repository.source(ref)
        if ref == WORKTREE:
            return FolderSource(self.root)
        raise InstarError(
            f'{self.root} is not in a git repository, so "{ref}" names no version. Start one with git init, '
            "name another with --repo, or compare snapshot files."
        )

    def deployed(self) -> str:
        """What counts as deployed when nothing is recorded, as `version` takes it.

        That is the merge-base with the default branch (a commit id); without version control the last version in the
        ledger (its file).

        Raises:
            InstarError: There is no commit yet, or neither version control nor a stored version.
        """
        if self.repository is not None:
            return self.repository.merge_base(self.repository.default_branch(), "HEAD")
        from instar.ledger import read_ledger

        ledger = read_ledger(self.root, self.config)
        head = ledger.head()
        if head is None:
            raise InstarError(
                f"{self.root} is not in a git repository, so there is no version to compare with. Name one with "
                "--from FILE (instar snapshot --output FILE writes it), or start one with git init."
            )
        return ledger.paths[head.id]

    def version(self, name: str) -> SchemaVersion:
        """The schema of a version: `WORKTREE`, a git ref, a snapshot file, or `db:ENV`.

        Raises:
            InstarError: There is no such version, or it cannot be read.
        """
        if name == WORKTREE:
            return SchemaVersion(name, "the work tree", self.read(self.source()))
        if name.startswith(DATABASE):
            from instar.cli.databases import environment_schema

            environment = name.removeprefix(DATABASE)
            schema = environment_schema(self.config, environment)
            return SchemaVersion(name, f"the database of {environment}", schema)
        if name.endswith(".json"):
            return SchemaVersion(name, name, self._snapshot(name))
        if "://" in name:
            raise InstarError(
                "a version is no URL. Name an environment (db:ENV), or store the database's schema first with: "
                "instar snapshot --url URL --output FILE"
            )
        source = self.source(name)
        assert self.repository is not None
        commit = self.repository.resolve(name)
        short = commit[:7]
        title = short if commit.startswith(name) else f"{name} ({short})"
        return SchemaVersion(name, title, self.read(source))

    def read(self, source: Source) -> Schema:
        """The schema that a tree of files declares; an empty one of no dialect where no file declares any."""
        from instar.dialects.registry import dialects, reader

        names = dialects() if self.config.dialect is None else (self.config.dialect,)
        without_tables: Schema | None = None
        for name in dict.fromkeys((*self._detected, *names)):
            found = reader(name)
            if self.config.dialect is not None or found.detects(source):
                schema = found.read(source, self._config_at(source))
                # A service beside the application may use a library of another dialect, without a table of its own.
                if schema.tables or schema.opaque or schema.unreadable or self.config.dialect is not None:
                    self._detected = (name,)
                    return schema
                without_tables = without_tables or schema
        return without_tables or Schema(dialect="")

    def _config_at(self, source: Source) -> Config:
        """The configuration for another version: without the schema paths that it does not have yet, or no longer."""
        if source.label == WORKTREE or not self.config.schema:
            return self.config
        paths = [file.path for file in source.files((".py", ".ts"))]
        kept = tuple(
            pattern
            for pattern in self.config.schema
            if any(path.startswith(f"{pattern.rstrip('/')}/") or fnmatch(path, pattern) for path in paths)
        )
        return msgspec.structs.replace(self.config, schema=kept)

    def _snapshot(self, name: str) -> Schema:
        """The schema of a snapshot, or the target of a stored migration."""
        from instar.ledger import decode as decode_version
        from instar.ledger import schema_of
        from instar.schema.snapshot import decode, kind_of

        for path in (Path(name), self.root / name):
            if path.is_file():
                try:
                    data = path.read_bytes()
                except OSError as error:
                    raise InstarError(f"this snapshot cannot be read: {error.strerror}.", path=name) from None
                if kind_of(data) == "migration":
                    return schema_of(decode_version(data, name))
                return decode(data, name)
        raise InstarError(
            "there is no such snapshot file. Write one with: instar snapshot --output FILE", path=name
        )


def _repository(folder: Path) -> Repository | None:
    if not folder.is_dir():
        raise InstarError(f"there is no folder {folder}. Name a project with --repo.")
    try:
        return open_repository(folder)
    except NoRepositoryError:
        return None


def _refuse_configuration_below(folder: Path, root: Path) -> None:
    """A configuration in the folder that the user names, and not at the top, would silently not count."""
    for below in (folder, *folder.parents):
        if below == root or root not in below.parents:
            return
        path, _ = _configuration(FolderSource(below))
        if path is not None:
            raise InstarError(
                f"instar is configured at the top of a repository, which is {root}. Move this configuration there, "
                "with its paths from the top.",
                path=(below / path).relative_to(root).as_posix(),
            )


def _tree(root: Path, repository: Repository | None) -> Source | None:
    """Where the configuration is read: on disk, or at the head of a bare repository; None before its first commit."""
    if repository is None:
        return FolderSource(root)
    if not repository.bare:
        return repository.source(WORKTREE)
    try:
        return repository.source("HEAD")
    except InstarError:
        return None


def _configuration(source: Source) -> tuple[str | None, Config]:
    for path in CONFIG_FILES:
        data = source.read(path)
        if data is None:
            continue
        try:
            config = parse_config(data.decode(), path)
        except UnicodeDecodeError:
            raise InstarError("this is not valid TOML: it is not UTF-8.", path=path) from None
        if config is not None:
            return path, config
    return None, Config()
