"""A conversion between two columns as SQL: `up` from the old one to the new one, `down` back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from instar.dialects.sqlalchemy.ddl.names import Backend, literal, quoted
from instar.schema.types import BytesType, EnumType, JsonType, NativeType, StringType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar.dialects.sqlalchemy.ddl.names import Literals
    from instar.schema.model import Field
    from instar.schema.operations import Conversion

Direction: TypeAlias = Literal["up", "down"]


def converted(
    conversion: Conversion | None, direction: Direction, field: Field, value: str, backend: Backend
) -> str:
    """SQL for the image of `value`; NULL stays NULL.

    Args:
        conversion: None for a rename, whose values stay what they are.
        direction: Which way.
        field: The column whose value it is: SQL of the user names it plainly.
        value: Where that value stands here, such as `NEW.priority`, or the quoted column itself.
        backend: The database.
    """
    if conversion is None:
        return value
    written = conversion.up if direction == "up" else conversion.down
    if written is None:
        return _case(conversion, direction, value, backend)
    name = quoted(field.name, backend)
    given = f"FROM (SELECT {value} AS {name}) AS given"
    image = written if value == name else f"SELECT {written} {given}"
    return f"(CASE WHEN {value} IS NULL THEN NULL ELSE ({image}) END)"


def _case(conversion: Conversion, direction: Direction, value: str, backend: Backend) -> str:
    """A total CASE over the pairs of the mapping."""
    if direction == "up":
        pairs, fallback = _first(conversion.mapping), conversion.up_default
    else:
        pairs, fallback = _first((new, old) for old, new in conversion.mapping), conversion.down_default
    write = _searched if backend == "mariadb" else _simple
    image = write(pairs, value, fallback, backend) if pairs else literal(fallback, backend)
    return f"({image})" if fallback is None else f"(CASE WHEN {value} IS NULL THEN NULL ELSE {image} END)"


def _simple(pairs: Mapping[Literals, Literals], value: str, fallback: Literals, backend: Backend) -> str:
    """`CASE value WHEN`; SQLite compares texts as the mapping in Python does, whatever the column's collation."""
    textual = backend == "sqlite" and any(isinstance(key, str) for key in pairs)
    arms = " ".join(f"WHEN {literal(k, backend)} THEN {literal(v, backend)}" for k, v in pairs.items())
    return f"CASE {value}{' COLLATE BINARY' if textual else ''} {arms} ELSE {literal(fallback, backend)} END"


def _searched(pairs: Mapping[Literals, Literals], value: str, fallback: Literals, backend: Backend) -> str:
    """`CASE WHEN value =`, byte by byte for texts: MariaDB's columns ignore case as a rule, Python does not."""
    arms = []
    for key, image in pairs.items():
        one, other = value, literal(key, backend)
        if isinstance(key, str):
            one, other = f"BINARY CONVERT({value} USING utf8mb4)", f"BINARY {other}"
        arms.append(f"WHEN {one} = {other} THEN {literal(image, backend)}")
    return f"CASE {' '.join(arms)} ELSE {literal(fallback, backend)} END"


def _first(pairs: Iterable[tuple[str | float, str | float]]) -> dict[Literals, Literals]:
    """The pairs as a mapping in which the first of two equal keys counts."""
    found: dict[Literals, Literals] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def differs(one: str, other: str, field: Field, backend: Backend) -> str:
    """SQL that is true where two values differ: NULL equals NULL, and texts are compared byte by byte."""
    if backend == "sqlite":
        return f"{one} IS NOT {other} COLLATE BINARY"
    textual = isinstance(field.type, StringType)
    if backend == "postgresql":
        if textual:
            return f'{one} COLLATE "C" IS DISTINCT FROM {other} COLLATE "C"'
        if isinstance(field.type, NativeType) or field.type == JsonType():
            return f"{one}::text IS DISTINCT FROM {other}::text"
        return f"{one} IS DISTINCT FROM {other}"
    if textual or isinstance(field.type, (BytesType, EnumType, JsonType, NativeType)):
        return f"NOT (BINARY {one} <=> BINARY {other})"
    return f"NOT ({one} <=> {other})"


def same(one: str, other: str, field: Field, backend: Backend) -> str:
    """SQL that is true where two values are the same, by the rule of `differs`."""
    return f"NOT ({differs(one, other, field, backend)})"
