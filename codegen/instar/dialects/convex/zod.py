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


def _argument(arguments: Arguments, position: int) -> Value:
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


def _array_of(element: Value) -> ZodValue:
    made = [
        Validator("array", ArrayType(inner.type), inner={"element": inner}, faults=inner.faults)
        for inner in (to_convex(element), to_convex(element, output=True))
    ]
    return ZodValue(made[0], made[1])


def _union_of(members: tuple[Value, ...], rest: Unknown | None = None) -> ZodValue:
    made = [
        union_validator(tuple(to_convex(member, output=output) for member in members), rest)
        for output in (False, True)
    ]
    return ZodValue(made[0], made[1])


def _listed(value: Value) -> JsArray:
    return value if isinstance(value, JsArray) else JsArray((), _unknown(value))


def _unknown(value: Value) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown("this argument of a Zod schema is not known")


def _discriminated(arguments: Arguments) -> Value:
    members = _listed(_argument(arguments, 1))
    return _union_of(members.items, members.rest)


def _tuple(arguments: Arguments) -> Value:
    members = _listed(_argument(arguments, 0))
    items = members.items if len(arguments) < 2 else (*members.items, arguments[1])
    return _array_of(_union_of(items, members.rest))


def _literal_validator(value: Value) -> Validator:
    literal = V.entries["literal"].value
    assert isinstance(literal, Native)
    return as_validator(NULL_VALIDATOR if value is None else literal.call((value,)))


def _literal(arguments: Arguments) -> Value:
    given = _argument(arguments, 0)
    if isinstance(given, JsArray) and len(given.items) != 1:
        return _same(union_validator(tuple(map(_literal_validator, given.items)), given.rest))
    return _same(_literal_validator(given.items[0] if isinstance(given, JsArray) else given))


def _enum(arguments: Arguments) -> Value:
    given = _argument(arguments, 0)
    if isinstance(given, JsObject):
        given = JsArray(tuple(entry.value for entry in given.entries.values()), given.rest)
    return _enum_of(_listed(given))


def _enum_of(values: JsArray) -> ZodValue:
    made = union_validator(tuple(map(_literal_validator, values.items)), values.rest)
    return ZodValue(made, made, options=values)


def _object(arguments: Arguments) -> Value:
    shape = _argument(arguments, 0) if arguments else JsObject()
    return _object_of(shape if isinstance(shape, JsObject) else JsObject({}, _unknown(shape)))


def _object_of(shape: JsObject) -> ZodValue:
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


def _optional(arguments: Arguments) -> Value:
    value = _argument(arguments, 0)
    if not isinstance(value, ZodValue):
        return _unknown(value)
    return replace(value, absent=True, output_absent=True, shape=None, options=None)


def _nullable(arguments: Arguments) -> Value:
    value = _argument(arguments, 0)
    if not isinstance(value, ZodValue):
        return _unknown(value)
    made = [union_validator((one, NULL_VALIDATOR)) for one in (value.input, value.output)]
    return replace(value, input=made[0], output=made[1], shape=None, options=None)


def _nullish(arguments: Arguments) -> Value:
    return _optional((_nullable(arguments),))


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
            array=lambda arguments: _array_of(_argument(arguments, 0)),
            object=_object,
            strictObject=_object,
            looseObject=_object,
            record=_record,
            union=lambda arguments: _discriminated((UNDEFINED, *arguments)),
            discriminatedUnion=_discriminated,
            tuple=_tuple,
            optional=_optional,
            nullable=_nullable,
            nullish=_nullish,
        ).entries,
        **{name: Entry(Native(f"z.{name}", _STRING)) for name in _FORMATS},
        "coerce": Entry(_functions(string=_STRING, number=_NUMBER, boolean=_BOOLEAN, bigint=_BIGINT)),
        "iso": Entry(_functions(date=_STRING, time=_STRING, datetime=_STRING, duration=_STRING)),
    }
)

_KEEPING: Final = frozenset(
    [
        "describe",
        "meta",
        "brand",
        "readonly",
        "register",
        "strict",
        "strip",
        "passthrough",
        "loose",
        "catchall",
        "min",
        "max",
        "length",
        "nonempty",
        "int",
        "positive",
        "negative",
        "nonnegative",
        "nonpositive",
        "finite",
        "safe",
        "multipleOf",
        "step",
        "gt",
        "gte",
        "lt",
        "lte",
        "email",
        "url",
        "uuid",
        "regex",
        "includes",
        "startsWith",
        "endsWith",
        "datetime",
        "date",
        "time",
        "duration",
        "ip",
        "cidr",
        "emoji",
        "nanoid",
        "cuid",
        "cuid2",
        "ulid",
        "base64",
        "base64url",
        "jwt",
        "trim",
        "toLowerCase",
        "toUpperCase",
        "normalize",
        "catch",
    ]
)
"""Methods that change neither the input nor the output; a few keep the members too."""

_CHECKS: Final = frozenset({"refine", "superRefine", "check"})


def zod_member(value: ZodValue, name: str) -> Value:
    """`value.name`."""
    if name in _WRAPPING:
        wrap = _WRAPPING[name]
        return Native(name, lambda arguments: wrap((value, *arguments)))
    if not value.plain:
        return Unknown(f"Zod's versions differ on .{name} of an id")
    if name in _KEEPING:
        return Native(name, lambda _arguments: value)
    if name in _CHECKS:
        # Version 3 takes what a check lets through for anything, version 4 for what it was.
        unclear = unknown_validator(Unknown("Zod's versions differ on the output of a check"))
        return Native(name, lambda _arguments: replace(value, output=unclear))
    if name in {"default", "prefault"}:
        return Native(name, lambda _arguments: replace(value, absent=True, shape=None, options=None))
    if name == "transform":
        return Native(
            name, lambda _arguments: replace(value, output=ANY, output_absent=False, shape=None, options=None)
        )
    if value.shape is not None:
        return _object_member(value.shape, name)
    if value.options is not None:
        return _enum_member(value.options, name)
    return Unknown(f"a Zod schema has no {name} that is known")


def _pipe(arguments: Arguments) -> Value:
    first, then = _argument(arguments, 0), _argument(arguments, 1)
    if not isinstance(first, ZodValue) or not isinstance(then, ZodValue):
        return _unknown(then)
    return ZodValue(first.input, then.output, first.absent, then.output_absent)


_WRAPPING: Final[dict[str, Callable[[Arguments], Value]]] = {
    "optional": _optional,
    "nullable": _nullable,
    "nullish": _nullish,
    "array": lambda arguments: _array_of(_argument(arguments, 0)),
    "or": lambda arguments: _union_of(arguments[:2]),
    "pipe": _pipe,
}


def _object_member(shape: JsObject, name: str) -> Value:
    if name == "shape":
        return shape
    if name not in {"extend", "safeExtend", "merge", "pick", "omit", "partial"}:
        return Unknown(f"a Zod object has no {name} that is known")

    def change(arguments: Arguments) -> Value:
        given = _argument(arguments, 0)
        given = given.shape if isinstance(given, ZodValue) and given.shape is not None else given
        if isinstance(given, Undefined) and name == "partial":
            given = JsObject({key: Entry(UNDEFINED) for key in shape.entries}, shape.rest)
        if not isinstance(given, JsObject) or (given.rest is not None and name != "partial"):
            return _unknown(given.rest if isinstance(given, JsObject) else given)
        entries = dict(shape.entries)
        if name in {"extend", "safeExtend", "merge"}:
            return _object_of(JsObject({**entries, **given.entries}, shape.rest))
        if name == "partial":
            made = {
                key: replace(entry, value=_optional((entry.value,))) if key in given.entries else entry
                for key, entry in entries.items()
            }
            return _object_of(JsObject(made, shape.rest))
        chosen = {key: entry for key, entry in entries.items() if (key in given.entries) is (name == "pick")}
        return _object_of(JsObject(chosen, shape.rest))

    return Native(name, change)


def _enum_member(values: JsArray, name: str) -> Value:
    if name == "options":
        return values
    if name in {"enum", "Enum", "Values"}:
        return JsObject({one: Entry(one) for one in values.items if isinstance(one, str)}, values.rest)
    if name not in {"extract", "exclude"}:
        return Unknown(f"a Zod enumeration has no {name} that is known")

    def change(arguments: Arguments) -> Value:
        given = _listed(_argument(arguments, 0))
        if given.rest is not None:
            return given.rest
        return _enum_of(
            JsArray(
                tuple(one for one in values.items if (one in given.items) is (name == "extract")), values.rest
            )
        )

    return Native(name, change)


def _zid(arguments: Arguments) -> Value:
    made = id_validator(_argument(arguments, 0))
    return ZodValue(made, made, plain=False)


ZOD: Final[dict[str, Value]] = {
    "z": Z,
    "default": Z,
    **{name: entry.value for name, entry in Z.entries.items()},
}

CONVEX_HELPERS_ZOD: Final[dict[str, Value]] = {
    "zid": Native("zid", _zid),
    "zodToConvex": Native("zodToConvex", lambda args: to_convex(_argument(args, 0))),
    "zodOutputToConvex": Native("zodOutputToConvex", lambda args: to_convex(_argument(args, 0), output=True)),
    "zodToConvexFields": Native("zodToConvexFields", lambda args: _fields_to_convex(_argument(args, 0))),
    "zodOutputToConvexFields": Native(
        "zodOutputToConvexFields", lambda args: _fields_to_convex(_argument(args, 0), output=True)
    ),
}
