"""Zod schemas, and the Convex validators that `convex-helpers` makes of them.

Follows `server/zod3.ts` and `server/zod4.ts` of `convex-helpers`, version 0.1.124; where the two differ, nothing is known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from instar.dialects.convex.values import (
    NULL_VALIDATOR,
    UNDEFINED,
    Entry,
    JsArray,
    JsObject,
    Native,
    Undefined,
    Unknown,
    Validator,
    Value,
    ZodValue,
    as_validator,
    object_validator,
    union_validator,
    unknown_validator,
)
from instar.dialects.convex.vocabulary import V, id_validator, optional
from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    FieldType,
    FloatType,
    IntType,
    RecordType,
    StringType,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Arguments = tuple[Value, ...]

ANY: Final = Validator("any", AnyType())
_TEXT: Final = Validator("string", StringType())


def argument(arguments: Arguments, position: int) -> Value:
    """An argument of a call; undefined where it is left out."""
    return arguments[position] if position < len(arguments) else UNDEFINED


def to_convex(value: Value, *, output: bool = False) -> Validator:
    """`zodToConvex(value)`, or `zodOutputToConvex(value)`."""
    if not isinstance(value, ZodValue):
        return unknown_validator(value if isinstance(value, Unknown) else Unknown("this is no Zod schema"))
    made, absent = (value.output, value.output_absent) if output else (value.input, value.absent)
    return optional(made) if absent else made


def _fields_to_convex(fields: Value, *, output: bool = False) -> Value:
    """`zodToConvexFields(fields)`: of members, or of an object."""
    shape = fields.shape if isinstance(fields, ZodValue) else fields
    if not isinstance(shape, JsObject):
        return shape if isinstance(shape, Unknown) else Unknown("these fields are not known")
    entries = {
        name: replace(entry, value=to_convex(entry.value, output=output))
        for name, entry in shape.entries.items()
        if not isinstance(entry.value, Undefined)
    }
    return JsObject(entries, shape.rest)


def _same(validator: Validator) -> ZodValue:
    return ZodValue(validator, validator)


def _of(kind: str, type_: FieldType) -> Callable[[Arguments], Value]:
    made = _same(Validator(kind, type_))
    return lambda _arguments: made


def array_of(element: Value) -> ZodValue:
    """`z.array(element)`."""
    made = [
        Validator("array", ArrayType(inner.type), inner={"element": inner}, faults=inner.faults)
        for inner in (to_convex(element), to_convex(element, output=True))
    ]
    return ZodValue(made[0], made[1])


def union_of(members: tuple[Value, ...], rest: Unknown | None = None) -> ZodValue:
    """`z.union(members)`."""
    made = [
        union_validator(tuple(to_convex(member, output=output) for member in members), rest)
        for output in (False, True)
    ]
    return ZodValue(made[0], made[1])


def listed(value: Value) -> JsArray:
    """An array, or one of which nothing is known."""
    return value if isinstance(value, JsArray) else JsArray((), unclear(value))


def unclear(value: Value) -> Unknown:
    """Why an argument is not known."""
    return value if isinstance(value, Unknown) else Unknown("this argument of a Zod schema is not known")


def _discriminated(arguments: Arguments) -> Value:
    members = listed(argument(arguments, 1))
    return union_of(members.items, members.rest)


def _tuple(arguments: Arguments) -> Value:
    members = listed(argument(arguments, 0))
    items = members.items if len(arguments) < 2 else (*members.items, arguments[1])
    return array_of(union_of(items, members.rest))


def _literal_validator(value: Value) -> Validator:
    literal = V.entries["literal"].value
    assert isinstance(literal, Native)
    return as_validator(NULL_VALIDATOR if value is None else literal.call((value,)))


def _literal(arguments: Arguments) -> Value:
    given = argument(arguments, 0)
    if isinstance(given, JsArray) and len(given.items) != 1:
        return _same(union_validator(tuple(map(_literal_validator, given.items)), given.rest))
    return _same(_literal_validator(given.items[0] if isinstance(given, JsArray) else given))


def _enum(arguments: Arguments) -> Value:
    given = argument(arguments, 0)
    if isinstance(given, JsObject):
        given = JsArray(tuple(entry.value for entry in given.entries.values()), given.rest)
    return enum_of(listed(given))


def enum_of(values: JsArray) -> ZodValue:
    """`z.enum(values)`."""
    made = union_validator(tuple(map(_literal_validator, values.items)), values.rest)
    return ZodValue(made, made, options=values)


def _object(arguments: Arguments) -> Value:
    shape = argument(arguments, 0) if arguments else JsObject()
    return object_of(shape if isinstance(shape, JsObject) else JsObject({}, unclear(shape)))


def object_of(shape: JsObject) -> ZodValue:
    """`z.object(shape)`."""
    made = [object_validator(_fields_to_convex(shape, output=output)) for output in (False, True)]
    return ZodValue(made[0], made[1], shape=shape)


def _record(arguments: Arguments) -> Value:
    if len(arguments) < 2:
        arguments = (_same(_TEXT), *arguments)
    made: list[Validator] = []
    for output in (False, True):
        key, value = (to_convex(one, output=output) for one in arguments[:2])
        if key.kind not in {"string", "id"} or value.optional:
            made.append(unknown_validator(Unknown("Zod's versions differ on the keys of this record")))
        else:
            faults = key.faults + value.faults
            type_ = RecordType(key.type, value.type)
            made.append(Validator("record", type_, inner={"key": key, "value": value}, faults=faults))
    return ZodValue(made[0], made[1])


def optional_schema(arguments: Arguments) -> Value:
    """`z.optional(schema)`."""
    value = argument(arguments, 0)
    if not isinstance(value, ZodValue):
        return unclear(value)
    return replace(value, absent=True, output_absent=True, shape=None, options=None)


def nullable_schema(arguments: Arguments) -> Value:
    """`z.nullable(schema)`."""
    value = argument(arguments, 0)
    if not isinstance(value, ZodValue):
        return unclear(value)
    made = [union_validator((one, NULL_VALIDATOR)) for one in (value.input, value.output)]
    return replace(value, input=made[0], output=made[1], shape=None, options=None)


def nullish_schema(arguments: Arguments) -> Value:
    """`z.nullish(schema)`."""
    return optional_schema((nullable_schema(arguments),))


def _functions(**functions: Callable[[Arguments], Value]) -> JsObject:
    return JsObject({name.rstrip("_"): Entry(Native(f"z.{name}", call)) for name, call in functions.items()})


_STRING, _NUMBER = _of("string", StringType()), _of("float64", FloatType(64))
_BOOLEAN, _BIGINT = _of("boolean", BoolType()), _of("int64", IntType(64))
_ANYTHING = _of("any", AnyType())
_FORMATS: Final = [
    "email",
    "url",
    "httpUrl",
    "uuid",
    "uuidv4",
    "uuidv6",
    "uuidv7",
    "guid",
    "emoji",
    "nanoid",
    "cuid",
    "cuid2",
    "ulid",
    "xid",
    "ksuid",
    "ipv4",
    "ipv6",
    "cidrv4",
    "cidrv6",
    "base64",
    "base64url",
    "e164",
    "jwt",
    "hostname",
]

Z: Final = JsObject(
    {
        **_functions(
            string=_STRING,
            number=_NUMBER,
            nan=_NUMBER,
            int=_NUMBER,
            bigint=_BIGINT,
            boolean=_BOOLEAN,
            null=lambda _arguments: _same(NULL_VALIDATOR),
            any=_ANYTHING,
            unknown=_ANYTHING,
            custom=_ANYTHING,
            literal=_literal,
            enum=_enum,
            nativeEnum=_enum,
            array=lambda arguments: array_of(argument(arguments, 0)),
            object=_object,
            strictObject=_object,
            looseObject=_object,
            record=_record,
            union=lambda arguments: _discriminated((UNDEFINED, *arguments)),
            discriminatedUnion=_discriminated,
            tuple=_tuple,
            optional=optional_schema,
            nullable=nullable_schema,
            nullish=nullish_schema,
        ).entries,
        **{name: Entry(Native(f"z.{name}", _STRING)) for name in _FORMATS},
        "coerce": Entry(_functions(string=_STRING, number=_NUMBER, boolean=_BOOLEAN, bigint=_BIGINT)),
        "iso": Entry(_functions(date=_STRING, time=_STRING, datetime=_STRING, duration=_STRING)),
    }
)


def _zid(arguments: Arguments) -> Value:
    made = id_validator(argument(arguments, 0))
    return ZodValue(made, made, plain=False)


ZOD: Final[dict[str, Value]] = {
    "z": Z,
    "default": Z,
    **{name: entry.value for name, entry in Z.entries.items()},
}

CONVEX_HELPERS_ZOD: Final[dict[str, Value]] = {
    "zid": Native("zid", _zid),
    "zodToConvex": Native("zodToConvex", lambda args: to_convex(argument(args, 0))),
    "zodOutputToConvex": Native("zodOutputToConvex", lambda args: to_convex(argument(args, 0), output=True)),
    "zodToConvexFields": Native("zodToConvexFields", lambda args: _fields_to_convex(argument(args, 0))),
    "zodOutputToConvexFields": Native(
        "zodOutputToConvexFields", lambda args: _fields_to_convex(argument(args, 0), output=True)
    ),
}
