"""What a gate looks at: recorded state, and what the caller found out about the code that is in service."""

from __future__ import annotations

import datetime as dt
import re

import msgspec

from instar.environments.state import EnvironmentState
from instar.errors import InstarError
from instar.schema.model import Schema

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class UnresolvedUse(msgspec.Struct, frozen=True, order=True):
    """A line that might name a field that is about to go, and could not be read for certain."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.text}"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the gates of one environment ask.

    Attributes:
        state: What is recorded; None where nothing is.
        now: The time of the question.
        max_age: How old a record may be; None for any age.
        generated: For each commit in service, how many deploys of the migration its code has; 0 where it does not
            know the migration.
        mapped: For each commit in service, the schema that its source declares, where it could be read.
        applied: Alembic revisions that the database has, ancestors of its heads among them.
        environment: Its name, for what to type.
        unresolved: By `table.field`, uses of a field that is about to go which could not be resolved.
        accept_unproven: Whether the user has read those and takes them.
    """

    state: EnvironmentState | None
    now: dt.datetime
    max_age: dt.timedelta | None = None
    generated: dict[str, int] = {}
    mapped: dict[str, Schema] = {}
    applied: frozenset[str] = frozenset()
    environment: str = "NAME"
    unresolved: dict[str, tuple[UnresolvedUse, ...]] = {}
    accept_unproven: bool = False


def parse_age(text: str | None) -> dt.timedelta | None:
    """`"30m"`, `"24h"`, `"7d"`; None for any age.

    Raises:
        InstarError: The text is no number with one of s, m, h, d.
    """
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+)\s*([smhd])\s*", text)
    if not match:
        raise InstarError(f'max_age reads "30m", "24h" or "7d"; "{text}" does not.')
    return dt.timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def ago(then: dt.datetime, now: dt.datetime) -> str:
    """`2 minutes ago`, `3 hours ago`."""
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
