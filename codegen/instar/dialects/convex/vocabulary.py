"""What `convex/values` and `convex/server` export, as values of the evaluator.

Follows `src/values/validator.ts`, `src/values/validators.ts`, `src/server/schema.ts` and
`src/server/pagination.ts` of the `convex` package, version 1.48.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from instar.dialects.convex.values import (
    NULL_VALIDATOR,
    UNDEFINED,
    BigInt,
    Entry,
    IndexValue,
    JsArray,
    JsObject,
    Native,
    SchemaValue,
    TableValue,
    Undefined,
    Unknown,
    Validator,
    Value,
    as_validator,
    object_validator,
    union_validator,
    unknown_validator,
)
from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    BytesType,
    FieldType,
    FloatType,
    IdType,
    IntType,
    LiteralType,
    NativeType,
    RecordType,
    StringType,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar.schema.model import Place

    Arguments = tuple[Value, ...]

COMMIT_TS: Final = NativeType("commitTs")
"""The type of `v.commitTs()`: a timestamp that the database fills in at commit."""


def _argument(arguments: Arguments, position: int) -> Value:
    return arguments[position] if position < len(arguments) else UNDEFINED


def _simple(kind: str, type_: FieldType) -> Callable[[Arguments], Value]:
    validator = Validator(kind, type_)
    return lambda _arguments: validator


def _id(arguments: Arguments) -> Value:
    return id_validator(_argument(arguments, 0))


def id_validator(table: Value) -> Validator:
    """`v.id(table)`."""
    if not isinstance(table, str):
        fault = table if isinstance(table, Unknown) else Unknown("the table of v.id() is not a string")
        return unknown_validator(fault)
    return Validator("id", IdType(table), inner={"tableName": table})


def _literal(arguments: Arguments) -> Value:
    value = _argument(arguments, 0)
    if isinstance(value, BigInt):
        return Validator("literal", LiteralType(value.value, bigint=True), inner={"value": value})
    if isinstance(value, bool | str | int | float):
        return Validator("literal", LiteralType(value), inner={"value": value})
    fault = value if isinstance(value, Unknown) else Unknown("the argument of v.literal() is not a literal")
    return unknown_validator(fault)


def _array(arguments: Arguments) -> Value:
    element = as_validator(_argument(arguments, 0))
    return Validator("array", ArrayType(element.type), inner={"element": element}, faults=element.faults)


def _object(arguments: Arguments) -> Value:
    return object_validator(_argument(arguments, 0))


def _record(arguments: Arguments) -> Value:
    key, value = (as_validator(_argument(arguments, position)) for position in (0, 1))
    return Validator(
        "record",
        RecordType(key.type, value.type),
        inner={"key": key, "value": value},
        faults=key.faults + value.faults,
    )


def _union(arguments: Arguments) -> Value:
    return union_validator(tuple(as_validator(argument) for argument in arguments))


def optional(value: Value) -> Validator:
    """`v.optional(value)`."""
    return replace(as_validator(value), optional=True)


def _nullable(arguments: Arguments) -> Value:
    return union_validator((as_validator(_argument(arguments, 0)), NULL_VALIDATOR))


_V: Final[dict[str, Callable[[Arguments], Value]]] = {
    "id": _id,
    "null": lambda _arguments: NULL_VALIDATOR,
    "number": _simple("float64", FloatType(64)),
    "float64": _simple("float64", FloatType(64)),
    "bigint": _simple("int64", IntType(64)),
    "int64": _simple("int64", IntType(64)),
    "commitTs": _simple("commitTs", COMMIT_TS),
    "boolean": _simple("boolean", BoolType()),
    "string": _simple("string", StringType()),
    "bytes": _simple("bytes", BytesType()),
    "any": _simple("any", AnyType()),
    "literal": _literal,
    "array": _array,
    "object": _object,
    "record": _record,
    "union": _union,
    "optional": lambda arguments: optional(_argument(arguments, 0)),
    "nullable": _nullable,
}

V: Final = JsObject({name: Entry(Native(f"v.{name}", call)) for name, call in _V.items()})


def as_object_validator(value: Value) -> Validator:
    """Fields or a validator, as `defineTable` and `asObjectValidator` take them."""
    return object_validator(value) if isinstance(value, JsObject) else as_validator(value)


def define_table(arguments: Arguments, place: Place | None = None) -> Value:
    """`defineTable(fields | validator)`."""
    given = _argument(arguments, 0)
    if isinstance(given, Unknown):
        return TableValue(given, place=place)
    return TableValue(as_object_validator(given), place=place)


def define_schema(arguments: Arguments) -> Value:
    """`defineSchema(tables, options)`."""
    tables = _argument(arguments, 0)
    if not isinstance(tables, JsObject | Unknown):
        tables = Unknown("the argument of defineSchema() is not an object")
    return SchemaValue(tables, _argument(arguments, 1))


def _system_fields(table: Value) -> dict[str, Entry]:
    return {"_id": Entry(id_validator(table)), "_creationTime": Entry(Validator("float64", FloatType(64)))}


def document_validator(validator: Validator, table: Value) -> Value:
    """`schema.doc(table)`: the table's validator with the system fields."""
    if validator.kind == "object" and validator.fields is not None:
        entries = dict(validator.fields.entries) | _system_fields(table)
        return object_validator(JsObject(entries, validator.fields.rest), optional=validator.optional)
    if validator.kind == "union":
        members = tuple(as_validator(document_validator(member, table)) for member in validator.members)
        return union_validator(members)
    return validator


def _pagination_options() -> Validator:
    text, number = Validator("string", StringType()), Validator("float64", FloatType(64))
    cursor = union_validator((text, NULL_VALIDATOR))
    return object_validator(
        JsObject(
            {
                "numItems": Entry(number),
                "cursor": Entry(cursor),
                "endCursor": Entry(optional(cursor)),
                "id": Entry(optional(number)),
                "maximumRowsRead": Entry(optional(number)),
                "maximumBytesRead": Entry(optional(number)),
            }
        )
    )


CONVEX_VALUES: Final[dict[str, Value]] = {
    "v": V,
    "asObjectValidator": Native("asObjectValidator", lambda args: as_object_validator(_argument(args, 0))),
}

CONVEX_SERVER: Final[dict[str, Value]] = {
    "defineTable": Native("defineTable", define_table),
    "defineSchema": Native("defineSchema", define_schema),
    "paginationOptsValidator": _pagination_options(),
}


def _names(arguments: Arguments) -> tuple[str, ...] | Unknown:
    for argument in arguments:
        if isinstance(argument, Unknown):
            return argument
    return tuple(argument for argument in arguments if isinstance(argument, str))


def _omit(validator: Validator, arguments: Arguments, *, keep: bool) -> Value:
    """`.omit(...names)` or, with `keep`, `.pick(...names)`."""
    names = _names(arguments)
    if isinstance(names, Unknown) or validator.fields is None:
        return unknown_validator(
            names if isinstance(names, Unknown) else Unknown("this is no object validator")
        )
    entries = {name: entry for name, entry in validator.fields.entries.items() if (name in names) is keep}
    return object_validator(JsObject(entries, validator.fields.rest), optional=validator.optional)


def _partial(validator: Validator) -> Value:
    assert validator.fields is not None
    entries = {
        name: replace(entry, value=optional(entry.value)) for name, entry in validator.fields.entries.items()
    }
    return object_validator(JsObject(entries, validator.fields.rest), optional=validator.optional)


def _extend(validator: Validator, arguments: Arguments) -> Value:
    more = _argument(arguments, 0)
    assert validator.fields is not None
    if not isinstance(more, JsObject):
        return unknown_validator(more if isinstance(more, Unknown) else Unknown("extend() takes an object"))
    entries = dict(validator.fields.entries) | dict(more.entries)
    return object_validator(
        JsObject(entries, validator.fields.rest or more.rest), optional=validator.optional
    )


def validator_member(validator: Validator, name: str) -> Value:
    """`validator.name`: its parts and methods."""
    if validator.kind == "unknown":
        return validator.faults[0]
    if name == "optional":
        return Native("optional", lambda _arguments: optional(validator))
    if name == "kind":
        return validator.kind
    if name == "isOptional":
        return "optional" if validator.optional else "required"
    if name == "isConvexValidator":
        return True
    if name == "members" and validator.kind == "union":
        return JsArray(validator.members, validator.faults[0] if validator.faults else None)
    if validator.fields is not None:
        methods: dict[str, Callable[[Arguments], Value]] = {
            "omit": lambda arguments: _omit(validator, arguments, keep=False),
            "pick": lambda arguments: _omit(validator, arguments, keep=True),
            "partial": lambda _arguments: _partial(validator),
            "extend": lambda arguments: _extend(validator, arguments),
        }
        if name == "fields":
            return validator.fields
        if name in methods:
            return Native(name, methods[name])
    return validator.inner.get(name, UNDEFINED)


def _staged(table: TableValue, arguments: Arguments) -> Value:
    """`.staged(validator)`, or `.staged({field: validator | undefined})` over the enforced fields."""
    proposed = _argument(arguments, 0)
    if not isinstance(proposed, JsObject):
        return replace(table, staged=proposed if isinstance(proposed, Unknown) else as_validator(proposed))
    if isinstance(table.validator, Unknown):
        return replace(table, staged=table.validator)
    enforced = table.validator.fields or JsObject()
    entries = {
        name: entry
        for name, entry in {**enforced.entries, **proposed.entries}.items()
        if not isinstance(entry.value, Undefined)
    }
    return replace(table, staged=object_validator(JsObject(entries, enforced.rest or proposed.rest)))


def table_member(table: TableValue, name: str, place: Place | None) -> Value:
    """`table.name`: `.index(…)` and its kind, `.staged(…)`, `.validator`."""
    if name in {"index", "searchIndex", "vectorIndex"}:

        def with_index(arguments: Arguments) -> Value:
            index = IndexValue(name, _argument(arguments, 0), _argument(arguments, 1), place)
            return replace(table, indexes=(*table.indexes, index))

        return Native(name, with_index)
    if name == "staged":
        return Native(name, lambda arguments: _staged(table, arguments))
    if name == "validator":
        return table.validator
    return Unknown(f"a table definition has no {name} that is known")


def schema_member(schema: SchemaValue, name: str) -> Value:
    """`schema.name`: its tables, and the validators that it makes of them."""
    if name == "tables":
        return schema.tables

    def doc(arguments: Arguments) -> Value:
        table = _argument(arguments, 0)
        if isinstance(schema.tables, Unknown) or not isinstance(table, str):
            return Unknown("the table of schema.doc() is not known")
        found = schema.tables.get(table)
        if isinstance(found, TableValue) and isinstance(found.validator, Validator):
            return document_validator(found.validator, table)
        return Unknown(f"the schema has no table {table} that is known")

    if name == "doc":
        return Native("doc", doc)
    if name == "id":
        return Native("id", _id)
    return Unknown(f"a schema has no {name} that is known")


def truthy(value: Value) -> bool | None:
    """Whether JavaScript takes `value` for true; None where that is not known."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, Undefined) or value is None:
        return False
    if isinstance(value, BigInt):
        return value.value != 0
    if isinstance(value, bool | int | float | str):
        return bool(value)
    return True
