"""Schema changes that a revision writes as SQL, as the operations that they are."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = r"(?P<table>[\w.\"`]+)"
_INDEX = re.compile(
    r"(?is)\s*create\s+(?:unique\s+)?index\s+(?P<concurrently>concurrently\s+)?(?:if\s+not\s+exists\s+)?"
    rf"(?:[\w\"`]+\s+)?on\s+(?:only\s+)?{_NAME}"
)
_TABLE = re.compile(
    r"(?is)\s*(?P<verb>create|alter)\s+(?:unlogged\s+)?table\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?"
    + _NAME
)


class WrittenOperation(NamedTuple):
    """An operation that stands in SQL.

    Attributes:
        name: `create_index`, `create_table` or `alter_table`.
        table: The stored name of its table.
        concurrently: Whether an index is built beside writers.
    """

    name: str
    table: str
    concurrently: bool = False


def written_operation(sql: str) -> WrittenOperation | None:
    """The operation that a statement is; None for every other statement."""
    if index := _INDEX.match(sql):
        return WrittenOperation("create_index", bare(index["table"]), bool(index["concurrently"]))
    if table := _TABLE.match(sql):
        return WrittenOperation(f"{table['verb'].lower()}_table", bare(table["table"]))
    return None


def bare(name: str) -> str:
    """A table's name without quotes and namespace."""
    return name.replace('"', "").replace("`", "").rsplit(".", 1)[-1]
