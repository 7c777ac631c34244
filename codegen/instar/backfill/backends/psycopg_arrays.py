"""Arrays of row addresses, row versions and values, as PostgreSQL takes them in binary.

psycopg has no Python type for `tid` and `xid`; their bytes come back just as they were read.
"""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from psycopg.adapt import Dumper, PyFormat, Transformer
from psycopg.pq import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

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


class Packed(msgspec.Struct, frozen=True):
    """An array in its binary form, and the type of such arrays; packed ahead, while the server works."""

    data: bytes
    oid: int

    @classmethod
    def places(cls, addresses: Sequence[bytes]) -> Packed:
        """Row addresses (`ctid`), six bytes each."""
        return cls(_array(addresses, 27), 1010)

    @classmethod
    def versions(cls, versions: Sequence[bytes]) -> Packed:
        """Row versions (`xmin`), four bytes each."""
        return cls(_array(versions, 28), 1011)


def _array(values: Sequence[bytes], element: int) -> bytes:
    """A one-dimensional array without NULLs, of elements of one length."""
    head = struct.pack(">iiIii", 1, 0, element, len(values), 1)
    length = struct.pack(">i", len(values[0]))
    return head + length + length.join(values)


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
    """Let a connection send arrays that were packed ahead."""
    driver.adapters.register_dumper(Packed, _PackedDumper)


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
