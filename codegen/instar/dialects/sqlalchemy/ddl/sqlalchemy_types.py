"""Normalised types as SQLAlchemy's, and how its compiler of a backend spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError

from instar.dialects.sqlalchemy.ddl.names import Backend, dialect
from instar.schema import types

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine


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


def compiled(field_type: types.FieldType, backend: Backend) -> str | None:
    """The type as the backend spells it; None where SQLAlchemy has none of its own.

    Raises:
        ValueError: The backend has no such type; with the reason.
    """
    known = sqlalchemy_type(field_type)
    if known is None:
        return None
    try:
        return known.compile(dialect=dialect(backend))
    except CompileError as error:
        raise ValueError(str(error).splitlines()[0]) from None


def spelled(text: str, backend: Backend) -> str:
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
