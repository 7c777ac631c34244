"""Cutting a table into ranges of keys that workers can share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from instar.backfill.keyset import Key, KeyRange, encode_key
from instar.backfill.tracking import PARTITIONS

if TYPE_CHECKING:
    from instar.backfill.statements import Statements

_SMALL = 20_000
"""Tables with fewer rows are not cut."""

_ROWS_EACH = 500_000
"""For a single worker, so that others find something to do when they join it later."""

_MOST = 16

_RANGES_EACH = 8
"""For each of several workers: while the last range is worked on, the others have nothing to do."""


def how_many(total: int, *, workers: int, shared: bool, wanted: int | None) -> int:
    """Into how many ranges to cut: several for each worker, so that one slow range holds nobody up."""
    if wanted is not None:
        return wanted
    if total < _SMALL:
        return 1
    if workers == 1 and not shared:
        return max(1, min(_MOST, total // _ROWS_EACH))
    return max(_MOST if shared else 1, _RANGES_EACH * workers)


def cut(
    connection: sa.Connection, statements: Statements, *, last: Key, count: int, total: int, walk: bool
) -> tuple[KeyRange, ...]:
    """Ranges that together hold every key up to `last`, which stays the upper end whatever is inserted later.

    Integer and UUID keys are cut by arithmetic; others by walking the index, which is only done where `walk`
    says that somebody will share the work.
    """
    first = _first_key(connection, statements)
    if count < 2 or first is None:
        return (KeyRange(None, last),)
    if len(last) == 1 and (ends := _between(first[0], last[0], count)):
        borders: list[Key] = [(end,) for end in ends]
    elif walk:
        borders = _walked(connection, statements, last, count, total)
    else:
        borders = []
    afters: list[Key | None] = [None, *borders]
    return tuple(KeyRange(after, until) for after, until in zip(afters, [*borders, last], strict=True))


def store(connection: sa.Connection, name: str, ranges: tuple[KeyRange, ...]) -> None:
    """Add ranges to the partitions of a backfill."""
    parts = PARTITIONS.c
    highest = sa.select(sa.func.coalesce(sa.func.max(parts.number), 0)).where(parts.migration == name)
    number = connection.execute(highest).scalar_one()
    rows = [
        {
            "migration": name,
            "number": number + offset,
            "after_key": encode_key(rows.after) if rows.after is not None else None,
            "until_key": encode_key(rows.until),
            "done": False,
            "leased_at": 0.0,
            "lease_until": 0.0,
            "processed": 0,
            "scanned": 0,
            "rate": 0.0,
        }
        for offset, rows in enumerate(ranges, 1)
    ]
    if rows:
        connection.execute(PARTITIONS.insert(), rows)


def _first_key(connection: sa.Connection, statements: Statements) -> Key | None:
    sql = f"SELECT {statements.key} FROM {statements.table.name} ORDER BY {statements.key} LIMIT 1"
    row = connection.exec_driver_sql(sql).one_or_none()
    return None if row is None else tuple(row)


def _between(first: object, last: object, count: int) -> list[int] | list[UUID]:
    """Evenly spread values between two integers or UUIDs; none for other types."""
    if isinstance(first, UUID) and isinstance(last, UUID):
        return [UUID(int=value) for value in _spread(first.int, last.int, count)]
    if isinstance(first, int) and isinstance(last, int) and not isinstance(first, bool):
        return _spread(first, last, count)
    return []


def _spread(first: int, last: int, count: int) -> list[int]:
    values = {first + (last - first) * step // count for step in range(1, count)}
    return sorted(value for value in values if first <= value < last)


def _walked(
    connection: sa.Connection, statements: Statements, last: Key, count: int, total: int
) -> list[Key]:
    """Every so many-th key, by the index."""
    borders: list[Key] = []
    rest = KeyRange(None, last)
    step = max(1, total // count)
    while len(borders) < count - 1:
        rows, more = statements.boundary(connection, rest, step)
        if not more or rows.until == last:
            break
        borders.append(rows.until)
        rest = KeyRange(rows.until, last)
    return borders
