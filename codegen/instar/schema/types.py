"""The closed union of field types, as every dialect normalises them.

Two fields have the same type when these structs are equal: `String(50)` and `VARCHAR(50)` read to one
`StringType(length=50)`. The dialect's own spelling is kept beside the type, on `Field.spelling`, and takes
no part in equality.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class _Type(msgspec.Struct, frozen=True, tag_field="is", omit_defaults=True):
    """Shared configuration: frozen, tagged by `is`, defaults left out of the JSON."""


class StringType(_Type, frozen=True, tag="string"):
    """Text. `length` in characters; `text` marks an unbounded TEXT, `fixed` a blank-padded CHAR."""

    length: int | None = None
    text: bool = False
    fixed: bool = False


class IntType(_Type, frozen=True, tag="int"):
    """A whole number of `bits` bits (16, 32 or 64); `unsigned` where the backend has it."""

    bits: int = 32
    unsigned: bool = False


class FloatType(_Type, frozen=True, tag="float"):
    """A binary floating point number; `bits` is 32 or 64, or None where the dialect leaves it open."""

    bits: int | None = None


class DecimalType(_Type, frozen=True, tag="decimal"):
    """An exact number: `precision` digits in all, `scale` of them behind the point."""

    precision: int | None = None
    scale: int | None = None


class BoolType(_Type, frozen=True, tag="bool"):
    """True or false."""


class BytesType(_Type, frozen=True, tag="bytes"):
    """Binary data of at most `length` bytes."""

    length: int | None = None


class DateType(_Type, frozen=True, tag="date"):
    """A calendar date."""


class DateTimeType(_Type, frozen=True, tag="datetime"):
    """A point in time; `timezone` where the backend keeps an offset."""

    timezone: bool = False


class UuidType(_Type, frozen=True, tag="uuid"):
    """A UUID."""


class JsonType(_Type, frozen=True, tag="json"):
    """A JSON document; `binary` for PostgreSQL's JSONB."""

    binary: bool = False


class IdType(_Type, frozen=True, tag="id"):
    """The identifier of a row or document of `table`."""

    table: str


class ArrayType(_Type, frozen=True, tag="array"):
    """A list of `element`."""

    element: FieldType


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """One named member of an `ObjectType`."""

    name: str
    type: FieldType
    optional: bool = False


class ObjectType(_Type, frozen=True, tag="object"):
    """A document with exactly these members, sorted by name."""

    members: tuple[Member, ...]


class RecordType(_Type, frozen=True, tag="record"):
    """A mapping from `key` to `value`."""

    key: FieldType
    value: FieldType


class UnionType(_Type, frozen=True, tag="union"):
    """Any one of `members`, in the order in which they were written."""

    members: tuple[FieldType, ...]


class LiteralType(_Type, frozen=True, tag="literal"):
    """Exactly `value`; `bigint` tells a TypeScript `1n` from `1`. `true` is not `1`, although Python says so."""

    value: str | int | float | bool
    bigint: bool = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LiteralType):
            return NotImplemented
        same_kind = isinstance(self.value, bool) == isinstance(other.value, bool)
        return same_kind and self.value == other.value and self.bigint == other.bigint

    def __hash__(self) -> int:
        return hash((type(self.value) is bool, self.value, self.bigint))


class EnumType(_Type, frozen=True, tag="enum"):
    """One of `values`, in declared order; `name` is the database's own type where it is `native`."""

    values: tuple[str, ...]
    name: str | None = None
    native: bool = True


class NullType(_Type, frozen=True, tag="null"):
    """Null and nothing else."""


class AnyType(_Type, frozen=True, tag="any"):
    """Anything: the dialect checks nothing."""


class NativeType(_Type, frozen=True, tag="native"):
    """A type that has no place in this union, by the dialect's own normalised text."""

    text: str


FieldType: TypeAlias = (
    StringType
    | IntType
    | FloatType
    | DecimalType
    | BoolType
    | BytesType
    | DateType
    | DateTimeType
    | UuidType
    | JsonType
    | IdType
    | ArrayType
    | ObjectType
    | RecordType
    | UnionType
    | LiteralType
    | EnumType
    | NullType
    | AnyType
    | NativeType
)

TypeName: TypeAlias = Literal[
    "string", "int", "float", "decimal", "bool", "bytes", "date", "datetime", "uuid", "json",
    "id", "array", "object", "record", "union", "literal", "enum", "null", "any", "native",
]  # fmt: skip
