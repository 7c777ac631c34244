"""The protocols that a dialect implements. A dialect is found by its folder's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from instar.config import Config
    from instar.schema.migration import DeployModel, Migration, Step
    from instar.schema.model import Schema
    from instar.sources import Source


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
            InstarError: The configuration names a file that does not exist, or two classes contradict each other.
        """
        ...


class Edited(msgspec.Struct, frozen=True):
    """A file that an edit changes: its path and its whole new text; None deletes it."""

    path: str
    text: str | None


class Editor(Protocol):
    """A plan's code steps to edits of the source that declares the schema; formatting and comments are kept."""

    def edit(self, source: Source, schema: Schema, migration: Migration, step: Step) -> tuple[Edited, ...]:
        """The files that the step changes, as they should be afterwards.

        Raises:
            InstarError: A declaration that it must change cannot be found or cannot be edited safely.
        """
        ...


class Emitter(Protocol):
    """A migration's steps to generated files: revisions, backfills, accessors."""

    def emit(
        self, source: Source, config: Config, migration: Migration, steps: Sequence[Step]
    ) -> Mapping[str, str]:
        """Path to text of every file to be written for these steps."""
        ...
