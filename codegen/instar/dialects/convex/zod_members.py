"""The methods of Zod schemas: what they make of the validators that stand for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from instar.dialects.convex.values import (
    UNDEFINED,
    Entry,
    JsArray,
    JsObject,
    Native,
    Undefined,
    Unknown,
    Value,
    ZodValue,
    unknown_validator,
)
from instar.dialects.convex.zod import (
    ANY,
    argument,
    array_of,
    enum_of,
    listed,
    nullable_schema,
    nullish_schema,
    object_of,
    optional_schema,
    unclear,
    union_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Arguments = tuple[Value, ...]

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
    first, then = argument(arguments, 0), argument(arguments, 1)
    if not isinstance(first, ZodValue) or not isinstance(then, ZodValue):
        return unclear(then)
    return ZodValue(first.input, then.output, first.absent, then.output_absent)


_WRAPPING: Final[dict[str, Callable[[Arguments], Value]]] = {
    "optional": optional_schema,
    "nullable": nullable_schema,
    "nullish": nullish_schema,
    "array": lambda arguments: array_of(argument(arguments, 0)),
    "or": lambda arguments: union_of(arguments[:2]),
    "pipe": _pipe,
}


def _object_member(shape: JsObject, name: str) -> Value:
    if name == "shape":
        return shape
    if name not in {"extend", "safeExtend", "merge", "pick", "omit", "partial"}:
        return Unknown(f"a Zod object has no {name} that is known")

    def change(arguments: Arguments) -> Value:
        given = argument(arguments, 0)
        given = given.shape if isinstance(given, ZodValue) and given.shape is not None else given
        if isinstance(given, Undefined) and name == "partial":
            given = JsObject({key: Entry(UNDEFINED) for key in shape.entries}, shape.rest)
        if not isinstance(given, JsObject) or (given.rest is not None and name != "partial"):
            return unclear(given.rest if isinstance(given, JsObject) else given)
        entries = dict(shape.entries)
        if name in {"extend", "safeExtend", "merge"}:
            return object_of(JsObject({**entries, **given.entries}, shape.rest))
        if name == "partial":
            made = {
                key: replace(entry, value=optional_schema((entry.value,))) if key in given.entries else entry
                for key, entry in entries.items()
            }
            return object_of(JsObject(made, shape.rest))
        chosen = {key: entry for key, entry in entries.items() if (key in given.entries) is (name == "pick")}
        return object_of(JsObject(chosen, shape.rest))

    return Native(name, change)


def _enum_member(values: JsArray, name: str) -> Value:
    if name == "options":
        return values
    if name in {"enum", "Enum", "Values"}:
        return JsObject({one: Entry(one) for one in values.items if isinstance(one, str)}, values.rest)
    if name not in {"extract", "exclude"}:
        return Unknown(f"a Zod enumeration has no {name} that is known")

    def change(arguments: Arguments) -> Value:
        given = listed(argument(arguments, 0))
        if given.rest is not None:
            return given.rest
        return enum_of(
            JsArray(
                tuple(one for one in values.items if (one in given.items) is (name == "extract")), values.rest
            )
        )

    return Native(name, change)
