"""Fields as column definitions: the normalised type through SQLAlchemy's type compiler of the backend."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.ddl.names import Backend, literal, quoted
from instar.errors import InstarError
from instar.schema import types

if TYPE_CHECKING:
    from instar.schema.model import Field

_NATIVE = re.compile(r"[A-Za-z_][\w .]*(\([\w ,'.]*\))?( [A-Za-z ]+)?(\[\])*")
_NOW = {"now()", "current_timestamp", "current_timestamp()"}


def type_sql(field: Field, backend: Backend) -> str:
    """A field's type as the backend spells it.

    Raises:
        InstarError: The backend has no such type, or the type could not be read from the source.
    """
    plain = _everywhere(field.type)
    if plain is not None:
        return plain
    # SQLAlchemy takes a good part of the time of `instar generate`, and most types are plain.
    from instar.dialects.sqlalchemy.ddl.sqlalchemy_types import compiled, spelled  # noqa: PLC0415 - see above

    try:
        known = compiled(field.type, backend)
    except ValueError as error:
        raise _no_type(field, backend, str(error)) from None
    if known is not None:
        return known
    if isinstance(field.type, types.NativeType) and _NATIVE.fullmatch(field.type.text):
        return spelled(field.type.text, backend)
    raise _no_type(field, backend, "its type is unknown here")


def _everywhere(field_type: types.FieldType) -> str | None:
    """The type where all backends spell it alike."""
    match field_type:
        case types.StringType(length=length, text=False, fixed=False) if length is not None:
            return f"VARCHAR({length})"
        case types.StringType(text=True):
            return "TEXT"
        case types.IntType(bits=bits):
            return {16: "SMALLINT", 64: "BIGINT"}.get(bits, "INTEGER")
        case types.DateType():
            return "DATE"
    return None


def _no_type(field: Field, backend: Backend, why: str) -> InstarError:
    place = field.place
    return InstarError(
        f'the column "{field.name}" has a type that cannot be written for {backend}: {why}. '
        "Give it an explicit SQLAlchemy type.",
        path=place.path if place else None,
        line=place.line if place else None,
    )


def default_sql(field: Field, backend: Backend) -> str | None:
    """The server default as SQL, or None where there is none."""
    if field.server_default is None:
        return None
    text = field.server_default.text.strip()
    if text.lower() in _NOW:
        return "CURRENT_TIMESTAMP"
    if text.lower() in {"true", "false"} and backend != "postgresql":
        return str(int(text.lower() == "true"))
    bare = field.server_default.constant or text.startswith("(") or not re.search(r"[^\w.']", text)
    return text if bare or backend == "postgresql" else f"({text})"


def column_sql(field: Field, backend: Backend) -> str:
    """A column definition as `ADD COLUMN` and MariaDB's `MODIFY COLUMN` take it.

    Raises:
        InstarError: The type cannot be written for the backend.
    """
    parts = [quoted(field.name, backend), type_sql(field, backend)]
    if field.generated is not None:
        return " ".join((*parts, f"GENERATED ALWAYS AS ({field.generated})"))
    default = default_sql(field, backend)
    if default is not None:
        parts.append(f"DEFAULT {default}")
    if not field.optional:
        parts.append("NOT NULL")
    elif backend == "mariadb":
        parts.append("NULL")
    if field.comment and backend == "mariadb":
        parts.append(f"COMMENT {literal(field.comment, backend)}")
    return " ".join(parts)
