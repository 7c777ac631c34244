"""What a schema expression evaluates to: JavaScript values as far as schemas use them, and validators."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from instar.schema.types import FieldType, Member, NativeType, NullType, ObjectType, UnionType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tree_sitter import Node

    from instar.schema.model import Place


class Undefined:
    """The type of `undefined`."""


UNDEFINED: Final = Undefined()


@dataclass(frozen=True, slots=True, eq=False)
class BigInt:
    """A `1n`."""

    value: int


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """An expression that could not be evaluated: why, where, and its text with spaces evened out.

    `syntax` marks text that does not parse: its file is unreadable, not only opaque. `otherwise` is the value that it
    has unless a later spread, which is unknown, replaces it.
    """

    reason: str
    place: Place | None = None
    text: str = ""
    syntax: bool = False
    otherwise: Value = None


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A value under a key of an object, with the place of the key and the source text of the value."""

    value: Value
    place: Place | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class JsObject:
    """An object literal. `rest` is set when a spread in it could not be evaluated: there may be more keys."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    rest: Unknown | None = None

    def get(self, key: str) -> Value:
        """The value under `key`; unknown rather than undefined where there may be more keys."""
        entry = self.entries.get(key)
        if entry is not None:
            return entry.value
        return self.rest if self.rest is not None else UNDEFINED


@dataclass(frozen=True, slots=True, eq=False)
class JsArray:
    """An array. `rest` is set when a spread in it could not be evaluated."""

    items: tuple[Value, ...] = ()
    rest: Unknown | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function written in the project: its node and the scope that it was written in."""

    node: Node
    scope: Any


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """A function of Convex, of a known package or of JavaScript itself."""

    name: str
    call: Callable[[tuple[Value, ...]], Value]
    members: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Validator:
    """A `v.…` value.

    Attributes:
        kind: As `validator.kind` says it: `object`, `union`, `string`, `float64` …
        type: The normalised type.
        optional: Whether `v.optional` is around it.
        fields: Of an object: the validators by name, in written order.
        members: Of a union.
        inner: Other parts by their property name: `element`, `key`, `value`, `tableName`.
        faults: What inside it could not be evaluated.
        deprecated: Whether it marks a field that is no longer to be used.
    """

    kind: str
    type: FieldType
    optional: bool = False
    fields: JsObject | None = None
    members: tuple[Validator, ...] = ()
    inner: Mapping[str, Value] = field(default_factory=dict)
    faults: tuple[Unknown, ...] = ()
    deprecated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class IndexValue:
    """One `.index`, `.searchIndex` or `.vectorIndex`, not yet checked."""

    method: str
    name: Value
    config: Value
    place: Place | None


@dataclass(frozen=True, slots=True, eq=False)
class TableValue:
    """A `defineTable(…)` with everything chained onto it."""

    validator: Validator | Unknown
    indexes: tuple[IndexValue, ...] = ()
    staged: Validator | Unknown | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SchemaValue:
    """A `defineSchema(…)`."""

    tables: JsObject | Unknown
    options: Value = UNDEFINED
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ZodValue:
    """A `z.…` value.

    Attributes:
        input: What is stored where Zod runs after Convex: the validator of `zodToConvex`.
        output: What is stored where Zod runs first: the validator of `zodOutputToConvex`.
        absent: Whether the input may be left out.
        output_absent: Whether the output may be.
        shape: Of an object: its members.
        options: Of an enumeration: its values.
        plain: Whether it is a type of Zod's own; `zid(…)` keeps its table only through a few methods.
    """

    input: Validator
    output: Validator
    absent: bool = False
    output_absent: bool = False
    shape: JsObject | None = None
    options: JsArray | None = None
    plain: bool = True


Value: TypeAlias = (
    bool
    | int
    | float
    | str
    | Undefined
    | BigInt
    | Unknown
    | JsObject
    | JsArray
    | Closure
    | Native
    | Validator
    | TableValue
    | SchemaValue
    | ZodValue
    | None
)


def unknown_validator(fault: Unknown) -> Validator:
    """A validator of which only the source text is known."""
    return Validator("unknown", NativeType(fault.text or "?"), faults=(fault,))


def as_validator(value: Value) -> Validator:
    """`value` where a validator is expected."""
    if isinstance(value, Validator):
        return value
    if isinstance(value, Unknown):
        return unknown_validator(value)
    return unknown_validator(Unknown("this is not a validator"))


def object_validator(fields: Value, *, optional: bool = False) -> Validator:
    """`v.object(fields)`."""
    if not isinstance(fields, JsObject):
        return as_validator(fields)
    members: list[Member] = []
    faults: list[Unknown] = []
    entries: dict[str, Entry] = {}
    for name, entry in fields.entries.items():
        undefined = isinstance(entry.value, Undefined)
        found = Unknown("this is undefined", entry.place, entry.text) if undefined else entry.value
        validator = as_validator(found)
        entries[name] = replace(entry, value=validator)
        members.append(Member(name, validator.type, validator.optional))
        faults.extend(validator.faults)
    members.sort(key=lambda member: member.name)
    if fields.rest is not None:
        faults.append(fields.rest)
    return Validator(
        "object",
        ObjectType(tuple(members)),
        optional=optional,
        fields=JsObject(entries, fields.rest),
        faults=tuple(faults),
    )


def union_validator(members: tuple[Validator, ...], rest: Unknown | None = None) -> Validator:
    """`v.union(...members)`."""
    faults = tuple(fault for member in members for fault in member.faults)
    if rest is not None:
        faults += (rest,)
        return Validator("union", NativeType(rest.text or "?"), members=members, faults=faults)
    return Validator(
        "union", UnionType(tuple(member.type for member in members)), members=members, faults=faults
    )


NULL_VALIDATOR = Validator("null", NullType())
