"""Arrays of row addresses, row versions and values, as PostgreSQL takes them in binary.

psycopg has no Python type for `tid` and `xid`; their bytes come back just as they were read.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from psycopg.adapt import Buffer, Dumper, Loader, PyFormat, Transformer
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


_TID_ARRAY, _XID_ARRAY = 1010, 1011


class Packed(msgspec.Struct, frozen=True):
    """An array in its binary form, and the type of such arrays; packed ahead, while the server works."""

    data: bytes
    oid: int

    @classmethod
    def places(cls, data: bytes) -> Packed:
        """Row addresses (`ctid`), as they were read."""
        return cls(data, _TID_ARRAY)

    @classmethod
    def versions(cls, data: bytes) -> Packed:
        """Row versions (`xmin`), as they were read."""
        return cls(data, _XID_ARRAY)


class _AsItCame(Loader):
    """The bytes of an array that goes back unchanged."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class _PackedDumper(Dumper):
    """Sends the bytes as they are, under their own type."""

    format = Format.BINARY

    def get_key(self, obj: Packed, format: PyFormat) -> tuple[type, int]:  # type: ignore[override]  # noqa: A002, ARG002 - the protocol's names; its key type is private
        return (self.cls, obj.oid)

    def upgrade(self, obj: Packed, format: PyFormat) -> _PackedDumper:  # noqa: A002, ARG002 - the protocol's names
        dumper = _PackedDumper(self.cls)
        dumper.oid = obj.oid
        return dumper

    def dump(self, obj: Packed) -> bytes:
        return obj.data


def register(driver: Any) -> None:
    """Let a connection send arrays that were packed ahead, and read those that only go back."""
    driver.adapters.register_dumper(Packed, _PackedDumper)
    for oid in (_TID_ARRAY, _XID_ARRAY):
        driver.adapters.register_loader(oid, _AsItCame)


def sendable(driver: Any, values: list[Any], *, array: bool) -> tuple[Packed | list[Any], str]:
    """Values as one array parameter, and how the statement spells it.

    Values of one plain type travel in binary. Mixed ones, arrays and types of the user's go as text, since an
    array of arrays would be flattened.
    """
    kinds = set(map(type, values)) - {type(None)}
    transformer = Transformer(driver)
    if not array and len(kinds) == 1 and kinds <= _PLAIN:
        dumper = transformer.get_dumper(values, PyFormat.BINARY)
        return Packed(bytes(dumper.dump(values) or b""), dumper.oid), "%b"

    def text(value: Any) -> str | None:
        if value is None:
            return None
        dumped = transformer.get_dumper(value, PyFormat.TEXT).dump(value)
        return None if dumped is None else bytes(dumped).decode()

    return [text(value) for value in values], "%s::text[]"
