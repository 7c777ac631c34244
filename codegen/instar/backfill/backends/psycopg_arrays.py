"""Arrays of row addresses, row versions and values, as PostgreSQL takes them in binary.

psycopg has no Python type for `tid` and `xid`; their bytes come back just as they were read.
"""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.adapt import Dumper, PyFormat, Transformer
from psycopg.pq import Format

_PLAIN = {
    str,
    int,
    float,
    bool,
    Decimal,
    dt.datetime,
    dt.date,
    dt.time,
    dt.timedelta,
    UUID,
    bytes,
}


class Places(tuple[bytes, ...]):
    """Row addresses (`ctid`), six bytes each."""

    __slots__ = ()


class Versions(tuple[bytes, ...]):
    """Row versions (`xmin`), four bytes each."""

    __slots__ = ()


class _ArrayDumper(Dumper):
    """Writes the binary form of a one-dimensional array without NULLs, of elements of one length."""

    format = Format.BINARY
    element = 0

    def dump(self, obj: tuple[bytes, ...]) -> bytes:
        head = struct.pack(">iiIii", 1, 0, self.element, len(obj), 1)
        length = struct.pack(">i", len(obj[0]))
        return head + length + length.join(obj)


class _PlacesDumper(_ArrayDumper):
    oid, element = 1010, 27


class _VersionsDumper(_ArrayDumper):
    oid, element = 1011, 28


def register(driver: Any) -> None:
    """Let a connection send `Places` and `Versions`."""
    driver.adapters.register_dumper(Places, _PlacesDumper)
    driver.adapters.register_dumper(Versions, _VersionsDumper)


def sendable(driver: Any, values: list[Any], *, array: bool) -> tuple[list[Any], str]:
    """Values as one array parameter, and how the statement spells it.

    Values of one plain type travel in binary. Mixed ones, arrays and types of the user's go as text, since an
    array of arrays would be flattened.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not array and len(kinds) == 1 and kinds <= _PLAIN:
        return values, "%b"
    transformer = Transformer(driver)

    def text(value: Any) -> str | None:
        if value is None:
            return None
        dumped = transformer.get_dumper(value, PyFormat.TEXT).dump(value)
        return None if dumped is None else bytes(dumped).decode()

    return [text(value) for value in values], "%s::text[]"
