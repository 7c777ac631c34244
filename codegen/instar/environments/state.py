"""The recorded state of one environment: `instar/environments/NAME.json`, committed by the deploy job."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import msgspec

from instar.errors import InstarError
from instar.schema.model import Schema

if TYPE_CHECKING:
    from instar.config import Config
    from instar.sources import Source

FORMAT = 1


class BackfillState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a backfill is in one database.

    Attributes:
        status: What the tracking table says: `running`, `completed`, `failed`, …; `absent` where it never ran.
        remaining: Rows that still match the guard of its verification, as counted; None where not counted.
        disagreeing: Rows whose two columns disagree; None where not counted.
        processed: Rows rewritten so far.
        total: About how many rows it walks over.
        error: Why it failed.
    """

    status: str = "absent"
    remaining: int | None = None
    disagreeing: int | None = None
    processed: int = 0
    total: int = 0
    error: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the data was looked at and nothing is left."""
        return self.remaining == 0 and not self.disagreeing


class EnvironmentState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one environment.

    Attributes:
        name: The environment.
        code: The commits whose code is in service, full ids; two during a rollout.
        code_as_of: When that was recorded.
        schema: The database's own schema; an index that it does not use has `valid` unset.
        database_as_of: When the database was looked at: schema, revisions, backfills.
        revisions: The Alembic heads of the database.
        backfills: How far each backfill is, by its name in the tracking table.
    """

    name: str
    code: tuple[str, ...] = ()
    code_as_of: dt.datetime | None = None
    schema: Schema | None = None
    database_as_of: dt.datetime | None = None
    revisions: tuple[str, ...] = ()
    backfills: dict[str, BackfillState] = {}


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    environment: EnvironmentState


def encode_state(state: EnvironmentState) -> bytes:
    """The file of a state: sorted keys, two spaces of indentation, a final newline; UTF-8."""
    document = _Document(format=FORMAT, environment=state)
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def decode_state(data: bytes, path: str) -> EnvironmentState:
    """Read a state back.

    Raises:
        InstarError: It is damaged, or was written by a newer instar.
    """
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InstarError(
            f"this is no recorded state of instar ({error}). Restore it from git, or record it again.",
            path=path,
        ) from None
    if document.format > FORMAT:
        raise InstarError(
            f"it has format {document.format} and this instar reads up to {FORMAT}. Upgrade instar.",
            path=path,
        )
    return document.environment


def state_path(name: str, config: Config) -> str:
    """Where the state of an environment is kept, relative to the root.

    Raises:
        InstarError: The name could leave the folder.
    """
    if not re.fullmatch(r"[\w][\w.-]*", name):
        raise InstarError(f'"{name}" cannot name an environment; use letters, digits, dots and hyphens.')
    return f"{config.state.rstrip('/')}/{name}.json"


def read_states(source: Source, config: Config) -> dict[str, EnvironmentState]:
    """Every recorded environment, by name; empty where nothing is recorded.

    Raises:
        InstarError: A file is damaged, or is about another environment than its name says.
    """
    folder = config.state.rstrip("/") + "/"
    paths = [file.path for file in source.files((".json",)) if file.path.startswith(folder)]
    states: dict[str, EnvironmentState] = {}
    for path, data in sorted(source.read_many(paths).items()):
        state = decode_state(data, path)
        if state.name != path[len(folder) :].removesuffix(".json"):
            raise InstarError(f'it is about "{state.name}"; rename the file or record it again.', path=path)
        states[state.name] = state
    return states
