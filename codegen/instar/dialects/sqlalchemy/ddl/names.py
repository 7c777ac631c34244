"""Names and values as they stand in SQL: quoted by SQLAlchemy's own rules, never trusted."""

from __future__ import annotations

import functools
import hashlib
import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from instar.dialects.sqlalchemy.ddl.reserved_words import RESERVED
from instar.errors import InstarError

if TYPE_CHECKING:
    from sqlalchemy.engine.default import DefaultDialect

Backend: TypeAlias = Literal["sqlite", "postgresql", "mariadb"]
Literals: TypeAlias = str | int | float | bool | None

NAME_LIMIT = 63
"""The shortest limit of the three backends, in bytes: PostgreSQL cuts a longer name off without an error."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


@functools.cache
def dialect(backend: Backend) -> DefaultDialect:
    """SQLAlchemy's dialect of a backend, without a driver; a percent sign in a name stays single.

    Raises:
        InstarError: The backend is none of those that DDL is written for.
    """
    # SQLAlchemy takes a good part of the time of `instar plan`, and most names need no quotes.
    match backend:
        case "sqlite":
            from sqlalchemy.dialects.sqlite.base import SQLiteDialect  # noqa: PLC0415 - see above

            return SQLiteDialect(paramstyle="named")
        case "postgresql":
            from sqlalchemy.dialects.postgresql.base import PGDialect  # noqa: PLC0415 - see above

            return PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its annotations out
        case "mariadb":
            from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect  # noqa: PLC0415 - see above

            return MariaDBDialect(paramstyle="named")
    raise InstarError(
        f'no DDL is written for the backend "{backend}"; set backend in [tool.instar] to sqlite, postgresql or mariadb.'
    )


def quoted(name: str, backend: Backend) -> str:
    """A name, quoted where the backend needs it.

    Raises:
        InstarError: The name holds a NUL, which no backend can store.
    """
    if "\0" in name or not name:
        raise InstarError(f"{name!r} is no name that a database can hold; rename it in the schema.")
    if _PLAIN.fullmatch(name) and name not in RESERVED:
        return name
    return dialect(backend).identifier_preparer.quote(name)


def table_name(table: str, namespace: str | None, backend: Backend) -> str:
    """A table's name with its namespace, quoted."""
    name = quoted(table, backend)
    return f"{quoted(namespace, backend)}.{name}" if namespace else name


def joined(names: tuple[str, ...], backend: Backend) -> str:
    """Names in a row, as a column list."""
    return ", ".join(quoted(name, backend) for name in names)


def literal(value: Literals, backend: Backend) -> str:
    """A constant as SQL.

    Raises:
        InstarError: A text holds a NUL.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper() if backend == "postgresql" else str(int(value))
        case int() | float():
            return repr(value)
    if "\0" in value:
        raise InstarError(f"{value!r} holds a NUL character, which SQL text cannot carry.")
    text = value.replace("'", "''")
    if "\\" not in text or backend == "sqlite":
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\")
    return f"E'{escaped}'" if backend == "postgresql" else f"'{escaped}'"


def object_name(*parts: str) -> str:
    """A name for something of ours from the names of what it serves, cut to the limit with a hash."""
    name = "_".join(parts)
    if len(name.encode()) <= NAME_LIMIT:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return name.encode()[: NAME_LIMIT - 9].decode(errors="ignore") + "_" + digest
