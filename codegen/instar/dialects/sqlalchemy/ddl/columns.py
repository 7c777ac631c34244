"""Fields as column definitions: the normalised type through SQLAlchemy's type compiler of the backend."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError

from instar.dialects.sqlalchemy.ddl.names import Backend, dialect, quoted
from instar.errors import InstarError
from instar.schema import types

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from instar.schema.model import Field

_NATIVE = re.compile(r"[A-Za-z_][\w .]*(\([\w ,'.]*\))?( [A-Za-z ]+)?(\[\])*")
_NOW = {"now()", "current_timestamp", "current_timestamp()"}


def sqlalchemy_type(field_type: types.FieldType) -> TypeEngine[Any] | None:
    """SQLAlchemy's type for a normalised one, or None where it has none of its own."""
    match field_type:
        case types.StringType(length=length, text=text, fixed=fixed):
            if text:
                return sa.Text()
            return sa.CHAR(length) if fixed else sa.String(length)
        case types.IntType(bits=bits):
            return {16: sa.SmallInteger(), 64: sa.BigInteger()}.get(bits, sa.Integer())
        case types.FloatType(bits=bits):
            return sa.Float() if bits is None else sa.REAL() if bits == 32 else sa.Double()
        case types.DecimalType(precision=precision, scale=scale):
            return sa.Numeric(precision, scale)
        case types.BytesType(length=length):
            return sa.LargeBinary(length)
        case types.DateTimeType(timezone=timezone):
            return sa.DateTime(timezone=timezone)
        case types.JsonType(binary=binary):
            return postgresql.JSONB() if binary else sa.JSON()
        case types.EnumType(values=values, name=name, native=native):
            return sa.Enum(*values, name=name, native_enum=native)
        case types.ArrayType(element=element):
            inner = sqlalchemy_type(element)
            return None if inner is None else sa.ARRAY(inner)
    plain: dict[type, TypeEngine[Any]] = {
        types.BoolType: sa.Boolean(),
        types.DateType: sa.Date(),
        types.UuidType: sa.Uuid(),
    }
    return plain.get(type(field_type))


def type_sql(field: Field, backend: Backend) -> str:
    """A field's type as the backend spells it.

    Raises:
        InstarError: The backend has no such type, or the type could not be read from the source.
    """
    known = sqlalchemy_type(field.type)
    if known is not None:
        try:
            return known.compile(dialect=dialect(backend))
        except CompileError as error:
            raise _no_type(field, backend, str(error).splitlines()[0]) from None
    if isinstance(field.type, types.NativeType) and _NATIVE.fullmatch(field.type.text):
        return _spelled(field.type.text, backend)
    raise _no_type(field, backend, "its type is unknown here")


def _spelled(text: str, backend: Backend) -> str:
    """A native type by SQLAlchemy's class of that name where the backend has one, else as it was written."""
    name, bracket, rest = text.partition("(")
    found = {key.upper(): value for key, value in _reflected(backend).items()}.get(name.strip().upper())
    if found is None:
        return text
    try:
        return found().compile(dialect=dialect(backend)) + bracket + rest
    except (CompileError, TypeError):
        return text


def _reflected(backend: Backend) -> dict[str, type[TypeEngine[Any]]]:
    names = getattr(dialect(backend), "ischema_names", {})
    return {str(name): kind for name, kind in names.items() if isinstance(kind, type)}


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
    return " ".join(parts)
