"""Keys and ranges of keys: how a position in a table is compared in SQL and stored as text.

A key is the tuple of the driver's own values of the primary key columns, so that nothing is lost on the way back.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import msgspec

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Callable

Key: TypeAlias = tuple[Any, ...]

_READ: dict[str, Callable[[str], Any]] = {
    "uuid": UUID,
    "bytes": bytes.fromhex,
    "decimal": Decimal,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
}


class KeyRange(msgspec.Struct, frozen=True):
    """The rows with `after < key <= until`; `after` is None at the start of the table."""

    after: Key | None
    until: Key


def encode_key(key: Key) -> str:
    """A key as JSON text: integers, floats and strings as they are, the rest as `{"type": "text"}`.

    Raises:
        InstarError: A value has a type that cannot be stored and read back unchanged.
    """
    return json.dumps([_tagged(value) for value in key], ensure_ascii=False)


def decode_key(text: str) -> Key:
    """The key that `encode_key` wrote."""
    return tuple(
        _READ[next(iter(value))](next(iter(value.values()))) if isinstance(value, dict) else value
        for value in json.loads(text)
    )


def show_key(key: Key) -> str:
    """A key as a person reads it."""
    return ", ".join(value.hex() if isinstance(value, bytes) else str(value) for value in key)


def _tagged(value: object) -> object:
    match value:
        case bool() | int() | float() | str():
            return value
        case UUID():
            return {"uuid": str(value)}
        case bytes() | bytearray() | memoryview():
            return {"bytes": bytes(value).hex()}
        case Decimal():
            return {"decimal": str(value)}
        case dt.datetime():
            return {"datetime": value.isoformat()}
        case dt.date():
            return {"date": value.isoformat()}
        case dt.time():
            return {"time": value.isoformat()}
        case _:
            raise InstarError(
                f"primary keys of type {type(value).__name__} cannot be checkpointed; "
                "rewrite this table with a statement of your own."
            )


def compare_rows(columns: tuple[str, ...], operator: str, placeholder: str) -> str:
    """`columns OPERATOR key` as a row comparison, with one placeholder a column.

    Args:
        columns: The key columns, quoted.
        operator: `>` or `<=`.
        placeholder: How the driver spells a parameter.
    """
    if len(columns) == 1:
        return f"{columns[0]} {operator} {placeholder}"
    return f"({', '.join(columns)}) {operator} ({', '.join([placeholder] * len(columns))})"


def compare_columns(
    columns: tuple[str, ...], operator: str, key: Key, placeholder: str
) -> tuple[str, tuple[Any, ...]]:
    """The same comparison, spelled out for servers that use no index for row comparisons (MariaDB, MySQL).

    The leading `first >= …` lets the optimiser turn the rest into one range of the index.
    """
    strict = operator[0]
    parts: list[str] = []
    parameters: list[Any] = []
    for position, column in enumerate(columns):
        last = position == len(columns) - 1
        equal = [f"{before} = {placeholder}" for before in columns[:position]]
        parts.append(
            "(" + " AND ".join([*equal, f"{column} {operator if last else strict} {placeholder}"]) + ")"
        )
        parameters += [*key[:position], key[position]]
    if len(columns) == 1:
        return parts[0][1:-1], tuple(parameters)
    return (
        f"({columns[0]} {strict}= {placeholder} AND ({' OR '.join(parts)}))",
        (key[0], *parameters),
    )
