"""SQLAlchemy's types by name and arguments, normalised: the one table behind every way of reading a schema.

Nothing of SQLAlchemy is imported, so that models can be read without it. The static reader gives names and
arguments as the source writes them; whoever holds a real type object gives the same from its attributes, whose
names are those of the parameters (`PARAMETERS`). Facts are from SQLAlchemy's "The Type Hierarchy" and the
reference of each database's types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    BytesType,
    DateTimeType,
    DateType,
    DecimalType,
    EnumType,
    FieldType,
    FloatType,
    IntType,
    JsonType,
    NativeType,
    StringType,
    UuidType,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class TypeReading(msgspec.Struct, frozen=True):
    """A normalised type, and the source that an Alembic revision can use for it (`sa.`, `postgresql.`, `mysql.`)."""

    type: FieldType
    spelling: str


Argument: TypeAlias = "bool | int | float | str | tuple[str, ...] | TypeReading | None"

_STRINGS = ("String", "VARCHAR", "Unicode", "NVARCHAR", "AutoString")
_TEXTS = ("Text", "TEXT", "UnicodeText", "CLOB", "NCLOB")
_CHARS = ("CHAR", "NCHAR")
_INTEGERS = {
    "Integer": 32, "INTEGER": 32, "INT": 32, "BigInteger": 64, "BIGINT": 64, "SmallInteger": 16, "SMALLINT": 16,
}  # fmt: skip
_DECIMALS = ("Numeric", "NUMERIC", "DECIMAL")
_DOUBLES = ("Double", "DOUBLE", "DOUBLE_PRECISION")
_BYTES = ("LargeBinary", "BLOB", "BYTEA", "BINARY", "VARBINARY", "Binary")
_MOMENTS = ("DateTime", "DATETIME", "TIMESTAMP")
_TIMES = ("Time", "TIME")
_POSTGRESQL = frozenset({
    "ARRAY", "BIT", "BYTEA", "CIDR", "CITEXT", "DATEMULTIRANGE", "DATERANGE", "DOMAIN", "ENUM", "HSTORE", "INET",
    "INT4MULTIRANGE", "INT4RANGE", "INT8MULTIRANGE", "INT8RANGE", "INTERVAL", "JSONB", "JSONPATH", "MACADDR",
    "MACADDR8", "MONEY", "NUMMULTIRANGE", "NUMRANGE", "OID", "REGCLASS", "REGCONFIG", "TSMULTIRANGE", "TSQUERY",
    "TSRANGE", "TSTZMULTIRANGE", "TSTZRANGE", "TSVECTOR",
})  # fmt: skip
_MYSQL = frozenset({
    "LONGBLOB", "LONGTEXT", "MEDIUMBLOB", "MEDIUMINT", "MEDIUMTEXT", "SET", "TINYBLOB", "TINYINT", "TINYTEXT", "YEAR",
})  # fmt: skip

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((*_STRINGS, *_TEXTS, *_CHARS), ("length", "collation")),
    **dict.fromkeys(_INTEGERS, ()),
    **dict.fromkeys((*_DECIMALS, "Float", "FLOAT"), ("precision", "scale")),
    **dict.fromkeys((*_DOUBLES, "REAL"), ("precision", "asdecimal")),
    **dict.fromkeys(_BYTES, ("length",)),
    **dict.fromkeys((*_MOMENTS, *_TIMES), ("timezone",)),
    "Boolean": ("create_constraint", "name"),
    "BOOLEAN": (),
    "Uuid": ("as_uuid", "native_uuid"),
    "UUID": ("as_uuid",),
    "JSON": ("none_as_null",),
    "JSONB": ("none_as_null", "astext_type"),
    "ARRAY": ("item_type", "as_tuple", "dimensions", "zero_indexes"),
    "Interval": ("native", "second_precision", "day_precision"),
    "INTERVAL": ("precision", "fields"),
    "BIT": ("length", "varying"),
}
"""The positional parameters of each type's constructor, in order."""

_SAID = frozenset({
    "length", "precision", "scale", "timezone", "item_type", "dimensions", "unsigned", "native_enum", "varying", "fields",
    "as_uuid", "none_as_null", "collation", "name", "schema",
})  # fmt: skip
"""The arguments that a spelling repeats: those that reach the DDL, or the meaning of the values."""


def bind(name: str, positional: Sequence[Argument], keywords: Mapping[str, Argument]) -> dict[str, Argument]:
    """The arguments of a type's constructor by parameter name; surplus ones under `arg0`, `arg1` and so on."""
    names = PARAMETERS.get(name.rpartition(".")[2], ())
    if "dialects.mysql" in name and name.rpartition(".")[2] in _INTEGERS:
        names = ("display_width",)
    if name.startswith("sqlalchemy.Float") or name == "Float":
        names = ("precision", "asdecimal")
    bound = {names[i] if i < len(names) else f"arg{i}": value for i, value in enumerate(positional)}
    bound.update(keywords)
    return bound


def read_type(name: str, arguments: Mapping[str, Argument] | None = None) -> TypeReading:
    """Normalise a type that is neither an enum nor a decorator.

    Args:
        name: Its name, with or without its module: `String`, `sqlalchemy.dialects.postgresql.JSONB`.
        arguments: By parameter name, as `bind` gives them.

    Returns:
        `NativeType` for a type that has no place in the closed union.
    """
    given = dict(arguments or {})
    short = name.rpartition(".")[2]
    return TypeReading(_normalise(short, given), spell(name, given))


def _normalise(short: str, given: Mapping[str, Argument]) -> FieldType:
    if short in _STRINGS:
        return StringType(length=_number(given, "length"))
    if short in _TEXTS:
        return StringType(length=_number(given, "length"), text=True)
    if short in _CHARS:
        return StringType(length=_number(given, "length"), fixed=True)
    if short in _INTEGERS:
        return IntType(bits=_INTEGERS[short], unsigned=given.get("unsigned") is True)
    if short in _DECIMALS:
        return DecimalType(precision=_number(given, "precision"), scale=_number(given, "scale"))
    if short in _BYTES or short == "PickleType":
        return BytesType(length=_number(given, "length"))
    if short in _MOMENTS:
        return DateTimeType(timezone=given.get("timezone") is True)
    if short in _TIMES:
        return NativeType("TIME WITH TIME ZONE" if given.get("timezone") is True else "TIME")
    if short == "ARRAY":
        element = given.get("item_type")
        return ArrayType(element.type if isinstance(element, TypeReading) else AnyType())
    return _plain(short, given)


def _plain(short: str, given: Mapping[str, Argument]) -> FieldType:
    if short in {"Float", "FLOAT"}:
        precision = _number(given, "precision")
        return FloatType(bits=None if precision is None else 32 if precision <= 24 else 64)
    if short in _DOUBLES:
        return FloatType(bits=64)
    match short:
        case "REAL":
            return FloatType(bits=32)
        case "Boolean" | "BOOLEAN" | "BOOL":
            return BoolType()
        case "Date" | "DATE":
            return DateType()
        case "Uuid" | "UUID" | "GUID":
            return UuidType()
        case "JSON" | "JSONB":
            return JsonType(binary=short == "JSONB")
        case "NullType" | "NULLTYPE":
            return AnyType()
        case _:
            return NativeType(_native(short, given))


def read_enum(
    values: Sequence[str],
    *,
    name: str | None,
    native: bool = True,
    length: int | None = None,
    dialect: str | None = None,
) -> TypeReading:
    """Normalise an enum.

    Args:
        values: What is stored, in declared order; empty where that could not be read.
        name: The database's own type, where it is native and named.
        native: False where it is stored as a string with or without a check.
        length: The length of that string where it was given.
        dialect: `postgresql` or `mysql` for their own `ENUM`.
    """
    own = name if native else None
    said = [repr(value) for value in values]
    if name is not None:
        said.append(f"name={name!r}")
    if not native:
        said.append("native_enum=False")
    if length is not None:
        said.append(f"length={length}")
    callee = f"{dialect}.ENUM" if dialect else "sa.Enum"
    return TypeReading(
        EnumType(values=tuple(values), name=own, native=native), f"{callee}({', '.join(said)})"
    )


def spell(name: str, arguments: Mapping[str, Argument]) -> str:
    """The source of a type as an Alembic revision writes it."""
    module, _, short = name.rpartition(".")
    said = [
        (value.spelling if isinstance(value, TypeReading) else repr(value))
        if key == "item_type" or key.startswith("arg")
        else f"{key}={value!r}"
        for key, value in arguments.items()
        if (key in _SAID or key.startswith("arg")) and value is not None and value is not False
    ]
    said = [text for text in said if text]
    return f"{_callee(module, short)}({', '.join(said)})"


def _callee(module: str, short: str) -> str:
    if ".dialects." in f".{module}.":
        return f"{module.partition('dialects.')[2].partition('.')[0]}.{short}"
    if short == "AutoString":
        return "sa.String"
    if short == "Binary":
        return "sa.LargeBinary"
    if module in {"", "sqlalchemy"} or module.startswith(("sqlalchemy.", "flask_sqlalchemy", "sqlmodel")):
        if short in _POSTGRESQL and short != "ARRAY":
            return f"postgresql.{short}"
        return f"mysql.{short}" if short in _MYSQL else f"sa.{short}"
    return f"{module}.{short}"


def _native(short: str, given: Mapping[str, Argument]) -> str:
    """The text of a type outside the union: its name, and the arguments that reach the DDL."""
    said = [
        value.spelling if isinstance(value, TypeReading) else str(value)
        for key, value in given.items()
        if (
            key in {"length", "precision", "varying", "unsigned", "fields", "dim", "srid", "geometry_type"}
            or key.startswith("arg")
        )
        and value is not None
        and value is not False
    ]
    return f"{short.upper()}({', '.join(said)})" if said else short.upper()


def _number(given: Mapping[str, Argument], key: str) -> int | None:
    value = given.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


PYTHON_TYPES: Mapping[str, str] = {
    "int": "sqlalchemy.Integer",
    "str": "sqlalchemy.String",
    "float": "sqlalchemy.Float",
    "bool": "sqlalchemy.Boolean",
    "bytes": "sqlalchemy.LargeBinary",
    "decimal.Decimal": "sqlalchemy.Numeric",
    "datetime.date": "sqlalchemy.Date",
    "datetime.datetime": "sqlalchemy.DateTime",
    "datetime.time": "sqlalchemy.Time",
    "datetime.timedelta": "sqlalchemy.Interval",
    "uuid.UUID": "sqlalchemy.Uuid",
}
"""What `Mapped[...]` stands for without a `type_annotation_map` (SQLAlchemy, "Customizing the Type Map")."""
