"""Types and fields in the words that people read in a diff or a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    BytesType,
    DateTimeType,
    DateType,
    DecimalType,
    EnumType,
    FloatType,
    IdType,
    IntType,
    JsonType,
    LiteralType,
    NativeType,
    NullType,
    ObjectType,
    RecordType,
    StringType,
    UnionType,
    UuidType,
)

if TYPE_CHECKING:
    from instar.schema.model import Field
    from instar.schema.types import FieldType

_INTS = {16: "smallint", 32: "int", 64: "bigint"}
_MEMBERS_SHOWN = 5


def type_text(type_: FieldType) -> str:  # noqa: C901, PLR0912 - one case a type of a closed union
    """A type in one short phrase: `str(50)`, `bigint`, `decimal(10, 2)`, `'draft' | 'live'`."""
    match type_:
        case StringType():
            return _string(type_)
        case IntType(bits=bits):
            return ("unsigned " if type_.unsigned else "") + _INTS.get(bits, f"int{bits}")
        case FloatType(bits=bits):
            return "float" if bits is None else f"float{bits}"
        case DecimalType(precision=precision, scale=scale):
            return _call("decimal", precision, scale)
        case BoolType():
            return "bool"
        case BytesType(length=length):
            return _call("bytes", length)
        case DateType():
            return "date"
        case DateTimeType(timezone=timezone):
            return "datetime with time zone" if timezone else "datetime"
        case UuidType():
            return "uuid"
        case JsonType(binary=binary):
            return "jsonb" if binary else "json"
        case IdType(table=table):
            return f"id({table})"
        case ArrayType(element=element):
            return f"[{type_text(element)}]"
        case ObjectType(members=members):
            return _shortened("{", [member.name + "?" * member.optional for member in members], "}")
        case RecordType(key=key, value=value):
            return f"{{{type_text(key)}: {type_text(value)}}}"
        case UnionType(members=alternatives):
            return _shortened("", [type_text(one) for one in alternatives], "", " | ")
        case LiteralType(value=value):
            return repr(value)
        case EnumType(values=values):
            return _shortened("enum(", list(values), ")")
        case NullType():
            return "null"
        case AnyType():
            return "any"
        case NativeType(text=text):
            return text


def field_text(field: Field) -> str:
    """A field's type and whether it must be there: `str(50), required`."""
    return f"{type_text(field.type)}, {'optional' if field.optional else 'required'}"


def _string(type_: StringType) -> str:
    if type_.text:
        return "text"
    return _call("char" if type_.fixed else "str", type_.length)


def _call(name: str, *arguments: int | None) -> str:
    said = [str(one) for one in arguments if one is not None]
    return f"{name}({', '.join(said)})" if said else name


def _shortened(start: str, parts: list[str], end: str, separator: str = ", ") -> str:
    more = [f"… {len(parts) - _MEMBERS_SHOWN} more"] if len(parts) > _MEMBERS_SHOWN else []
    return start + separator.join(parts[:_MEMBERS_SHOWN] + more) + end
