"""The protocols that a dialect implements. A dialect is found by its folder's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from instar.config import Config
from instar.schema.migration import Replaced
from instar.schema.model import Schema
from instar.sources import Source

if TYPE_CHECKING:
    from collections.abc import Collection

    from instar.schema.migration import Declaration, Deploy, DeployModel, Migration
    from instar.schema.renaming import TableKey


class Reader(Protocol):
    """Source text to a schema, statically: no user code runs."""

    name: str
    deploy_model: DeployModel

    def detects(self, source: Source) -> bool:
        """Whether the tree looks like a project of this dialect."""
        ...

    def read(self, source: Source, config: Config) -> Schema:
        """The schema that the tree declares.

        What cannot be understood is `opaque`, what cannot be parsed is `unreadable`; neither is an error.

        Raises:
            InstarError: The configuration names a file that does not exist.
        """
        ...


class Edited(msgspec.Struct, frozen=True):
    """A file that an edit changes: its path and its whole new text; None deletes it."""

    path: str
    text: str | None


class Workspace(msgspec.Struct, frozen=True):
    """The source that is generated into.

    Attributes:
        source: The files as they are.
        config: The project's configuration.
        read: Reads a schema from files.
    """

    source: Source
    config: Config
    read: Callable[[Source], Schema]


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the user said about generating.

    Attributes:
        head: The Alembic revision or branch that the new revisions follow.
        force: Overwrite generated files that were edited by hand.
        adopt: Keep such files as they are, and take them as generated.
        immutable: Revisions that are on the default branch or applied somewhere; never overwritten.
    """

    head: str | None = None
    force: bool = False
    adopt: bool = False
    immutable: frozenset[str] = frozenset()


class Emission(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one deploy.

    Attributes:
        files: Whole texts by path; None deletes.
        owned: The paths that are instar's own: an edit of one by hand is noticed.
        revisions: The revision of each `ddl` step that has one, by step id.
        replaced: What is replaced in code that calls accessors.
    """

    files: dict[str, str | None]
    owned: tuple[str, ...] = ()
    revisions: dict[str, str] = {}
    replaced: tuple[Replaced, ...] = ()


class Emitter(Protocol):
    """A migration's deploys to files: edits of the schema source, revisions, backfills, accessors."""

    def declared(
        self, migration: Migration, side: str, source: Source, schema: Schema
    ) -> dict[str, Declaration]:
        """How the user wrote what the migration touches, at its start (`before`) or its end (`target`)."""
        ...

    def reread(
        self, workspace: Workspace, source: Source, schema: Schema, tables: Collection[TableKey]
    ) -> Schema:
        """What edited files declare, these tables at least.

        Args:
            workspace: The files as they are.
            source: The files as they would be.
            schema: What the files as they are declare.
            tables: The tables that were edited.
        """
        ...

    def edits(
        self, workspace: Workspace, migration: Migration, deploy: Deploy, schema: Schema
    ) -> tuple[Edited, ...]:
        """The files of the user's that a deploy edits: a part of `emit`, for a look at it."""
        ...

    def emit(
        self, workspace: Workspace, migration: Migration, deploy: Deploy, schema: Schema, choices: Choices
    ) -> Emission:
        """The files of a deploy; formatting and comments of the source are kept.

        Args:
            workspace: Where they go.
            migration: The plan, with the declarations as the user wrote them.
            deploy: Which of its deploys.
            schema: What the source declares as it is.
            choices: What the user said.

        Raises:
            InstarError: A declaration that must change cannot be found or cannot be edited safely.
        """
        ...
