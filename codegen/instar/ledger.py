"""The ledger of a project: the snapshots and migrations in `instar/versions`, each naming its parent.

It is committed with the code. Two entries with one parent are two heads: two people planned from the same point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from instar.errors import InstarError
from instar.schema.migration import Migration
from instar.schema.model import Schema
from instar.sources import FolderSource

if TYPE_CHECKING:
    from pathlib import Path

    from instar.config import Config
    from instar.sources import Source

FORMAT = 2
_WHOLE = 1
"""The format of files in which every schema is written out."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A schema version that was recorded without a plan, as `instar init` does with the first one."""

    id: str
    name: str
    schema: Schema
    parent: str | None = None


Version: TypeAlias = Snapshot | Migration


class Ledger(msgspec.Struct, frozen=True):
    """All versions, every parent before its children.

    Attributes:
        versions: In order; versions that no order tells apart are sorted by id.
        paths: The file of each, by id.
    """

    versions: tuple[Version, ...] = ()
    paths: dict[str, str] = {}

    @property
    def migrations(self) -> tuple[Migration, ...]:
        """The migrations, oldest first."""
        return tuple(version for version in self.versions if isinstance(version, Migration))

    def heads(self) -> tuple[Version, ...]:
        """The versions that none follows; more than one where two people planned from the same point."""
        parents = {version.parent for version in self.versions}
        return tuple(version for version in self.versions if version.id not in parents)

    def head(self) -> Version | None:
        """The one version that a new one follows; None in an empty ledger.

        Raises:
            InstarError: There are two heads.
        """
        heads = self.heads()
        if len(heads) > 1:
            names = " and ".join(f"{head.name} ({self.paths.get(head.id, head.id)})" for head in heads)
            raise InstarError(
                f"two versions follow the same parent: {names}. Put one after the other with: instar rebase"
            )
        return heads[0] if heads else None

    def version(self, key: str) -> Version | None:
        """The version of that id."""
        return next((version for version in self.versions if version.id == key), None)

    def migration(self, name: str | None) -> Migration:
        """The migration of that name or id; the only one where none is named.

        Raises:
            InstarError: There is none, or several and none is named.
        """
        known = self.migrations
        found = [one for one in known if name is None or name in {one.name, one.id, one.slug}]
        if len(found) == 1:
            return found[0]
        listed = ", ".join(one.name for one in known) or "none; instar plan shows what a migration would do"
        if name is None:
            raise InstarError(f"name a migration. There are: {listed}.")
        if len(found) > 1:
            raise InstarError(
                f'"{name}" names several migrations; give an id: {", ".join(one.id for one in found)}.'
            )
        raise InstarError(f'there is no migration "{name}". There are: {listed}.')

    def descends(self, version: Version, ancestor: str) -> bool:
        """Whether `version` follows `ancestor`, at whatever distance."""
        parent = version.parent
        while parent is not None and parent != ancestor:
            above = self.version(parent)
            parent = above.parent if above else None
        return parent == ancestor


def read_ledger(root: Path, config: Config) -> Ledger:
    """The ledger on disk.

    Raises:
        InstarError: A file is damaged, written by a newer instar, or two have one id.
    """
    return ledger_of(FolderSource(root), config)


def ledger_of(source: Source, config: Config) -> Ledger:
    """The ledger in a version of the project's files, such as a git ref; errors as `read_ledger`."""
    folder = config.versions.rstrip("/") + "/"
    paths = [
        f.path
        for f in source.files((".json",))
        if f.path.startswith(folder) and "/" not in f.path[len(folder) :]
    ]
    found: dict[str, Version] = {}
    where: dict[str, str] = {}
    for path, data in sorted(source.read_many(paths).items()):
        version = decode(data, path)
        if version.id in found:
            raise InstarError(
                f"it has the id {version.id} of {where[version.id]}; delete the one that is a copy.",
                path=path,
            )
        found[version.id], where[version.id] = version, path
    return Ledger(_ordered(found), where)


def _ordered(found: dict[str, Version]) -> tuple[Version, ...]:
    """Parents first. A parent that is not there counts as none: `instar check` reports it."""
    children: dict[str | None, list[Version]] = {}
    for version in found.values():
        parent = version.parent if version.parent in found else None
        children.setdefault(parent, []).append(version)
    ordered: list[Version] = []
    waiting = sorted(children.get(None, []), key=lambda version: version.id)
    while waiting:
        version = waiting.pop(0)
        ordered.append(version)
        waiting += sorted(children.get(version.id, []), key=lambda version: version.id)
    return tuple(ordered)


def schema_of(version: Version) -> Schema:
    """The schema that a version stands for: a snapshot's own, a migration's target."""
    return version.schema if isinstance(version, Snapshot) else version.target


def new_id(*parts: str) -> str:
    """Eight hexadecimal digits from what makes a version what it is; the same parts give the same id."""
    import hashlib  # noqa: PLC0415 - it loads OpenSSL, and the linter reads ledgers without it

    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def path_of(version: Version, config: Config) -> str:
    """Where a version is kept, relative to the root."""
    return f"{config.versions.rstrip('/')}/{version.id}_{version.name.replace('-', '_')}.json"


class _Head(msgspec.Struct, frozen=True):
    format: int
    kind: str


class _Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The file: a snapshot's keys are those that `instar.schema.snapshot` reads, with its id and parent beside.

    With `shared`, the target of a migration lists only the tables that differ from those before; the rest are as there.
    """

    format: int
    kind: str
    id: str | None = None
    name: str | None = None
    parent: str | None = None
    schema: Schema | None = None
    migration: Migration | None = None
    shared: bool = False


def encode(version: Version) -> bytes:
    """The file of a version: sorted keys, two spaces of indentation, a final newline; UTF-8."""
    if isinstance(version, Snapshot):
        document = _Document(
            format=_WHOLE,
            kind="snapshot",
            id=version.id,
            name=version.name,
            parent=version.parent,
            schema=version.schema,
        )
    else:
        short = _shortened(version)
        shared = short is not version
        document = _Document(
            format=FORMAT if shared else _WHOLE, kind="migration", migration=short, shared=shared
        )
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def _shortened(migration: Migration) -> Migration:
    """The migration without the tables of its target that stay as they are, where the rest tells the whole."""
    before = {table.key: table for table in migration.before.tables}
    differing = tuple(table for table in migration.target.tables if table != before.get(table.key))
    target = msgspec.structs.replace(migration.target, tables=differing)
    short = msgspec.structs.replace(migration, target=target)
    return short if _completed(short).target == migration.target else migration


def _completed(short: Migration) -> Migration:
    """The migration with all tables of its target, those that differ in the place of the ones before."""
    tables = {table.key: table for table in short.before.tables}
    tables.update((table.key, table) for table in short.target.tables)
    target = msgspec.structs.replace(short.target, tables=tuple(tables.values()))
    return msgspec.structs.replace(short, target=target)


def decode(data: bytes, path: str) -> Version:
    """Read a version back.

    Args:
        data: The whole file.
        path: Its path: a snapshot without an id of its own has the start of its file's name.

    Raises:
        InstarError: It is no version, is damaged, or was written by a newer instar.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.format > FORMAT:
            raise InstarError(
                f"it has format {head.format} and this instar reads up to {FORMAT}. Upgrade instar.",
                path=path,
            )
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InstarError(
            f"this is no snapshot or migration of instar ({error}). Restore it from git.", path=path
        ) from None
    if document.migration is not None:
        return _completed(document.migration) if document.shared else document.migration
    if document.schema is None:
        raise InstarError("this is neither a snapshot nor a migration. Restore it from git.", path=path)
    stem = path.rpartition("/")[2].removesuffix(".json")
    identity, _, name = stem.partition("_")
    return Snapshot(
        id=document.id or identity,
        name=document.name or name or identity,
        parent=document.parent,
        schema=document.schema,
    )
