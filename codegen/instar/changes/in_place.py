"""Which type changes a backend does in place, without a rewrite and without blocking; as measured.

PostgreSQL 16 and 18, MariaDB 10.11, SQLite 3.40: `docs/` has the lock table. Whatever is not listed gets a new column.
"""

from __future__ import annotations

from instar.schema.types import DecimalType, EnumType, FieldType, IntType, StringType

_MARIADB_SHORT = 63
"""The longest utf8mb4 VARCHAR whose length MariaDB keeps in one byte (255 bytes); growing past it copies the table."""


def in_place(before: FieldType, after: FieldType, backend: str) -> bool:
    """Whether the backend widens a column of type `before` to `after` in place."""
    match before, after:
        case StringType(), StringType():
            return _longer(before, after, backend)
        case DecimalType(precision=int() as p, scale=s), DecimalType(precision=int() as q, scale=t):
            return backend == "postgresql" and s == t and q >= p
        case IntType(), IntType():
            return backend == "sqlite" and after.bits >= before.bits and before.unsigned == after.unsigned
        case EnumType(), EnumType():
            appended = after.values[: len(before.values)] == before.values
            return backend == "mariadb" and before.native and after.native and appended
        case _:
            return False


def _longer(before: StringType, after: StringType, backend: str) -> bool:
    if before.fixed or after.fixed:
        return False
    if backend == "mariadb":
        if before.length is None or after.length is None or before.text or after.text:
            return False
        one_byte = before.length <= _MARIADB_SHORT
        return before.length <= after.length and one_byte == (after.length <= _MARIADB_SHORT)
    unbounded = after.text or after.length is None
    return unbounded or (
        before.length is not None and after.length is not None and after.length >= before.length
    )
