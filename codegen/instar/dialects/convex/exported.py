"""The JSON of `schema.export()`, which is what the backend gets, as a schema."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from instar.dialects.convex.vocabulary import COMMIT_TS
from instar.errors import InstarError
from instar.schema.model import Field, Index, IndexKey, IndexKind, Schema, Table
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
    Member,
    NativeType,
    NullType,
    ObjectType,
    RecordType,
    StringType,
    UnionType,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    Json = dict[str, Any]

_SIMPLE: dict[str, FieldType] = {
    "number": FloatType(64),
    "bigint": IntType(64),
    "commitTs": COMMIT_TS,
    "boolean": BoolType(),
    "string": StringType(),
    "bytes": BytesType(),
    "null": NullType(),
    "any": AnyType(),
}


def parse_export(text: str) -> Schema:
    """The schema in the text that `schema.export()` returns.

    Raises:
        InstarError: The text is not what `schema.export()` returns.
    """
    try:
        document = json.loads(text)
        tables = tuple(_table(table) for table in document["tables"])
        validated = document.get("schemaValidation", True)
    except (ValueError, KeyError, TypeError) as error:
        raise InstarError(f"this is not the output of schema.export(): {error}") from None
    return Schema(
        dialect="convex", tables=tuple(sorted(tables, key=lambda table: table.name)), validated=validated
    )


def _table(table: Json) -> Table:
    document, staged = table["documentType"], table.get("stagedDocumentType")
    indexes = [
        *_indexes(table, "indexes", "stagedDbIndexes", "btree"),
        *_indexes(table, "searchIndexes", "stagedSearchIndexes", "search"),
        *_indexes(table, "vectorIndexes", "stagedVectorIndexes", "vector"),
    ]
    fields: tuple[Field, ...] = ()
    if document["type"] == "object":
        fields = tuple(
            Field(name=name, type=type_of(part["fieldType"]), optional=part["optional"])
            for name, part in document["value"].items()
        )
    return Table(
        name=table["tableName"],
        fields=fields,
        indexes=tuple(indexes),
        shape=None if document["type"] == "object" else type_of(document),
        staged_shape=type_of(staged) if staged is not None else None,
    )


def _indexes(table: Json, enabled: str, staged: str, kind: IndexKind) -> Iterable[Index]:
    for key in (enabled, staged):
        for index in table.get(key) or ():
            fields = index.get("fields") or [index.get("searchField") or index.get("vectorField")]
            yield Index(
                name=index["indexDescriptor"],
                keys=tuple(IndexKey(field) for field in fields),
                kind=kind,
                include=tuple(index.get("filterFields") or ()),
                staged=key == staged,
                dimensions=index.get("dimensions"),
            )


def type_of(validator: Json) -> FieldType:
    """The type that a validator's JSON describes."""
    kind = validator["type"]
    match kind:
        case "id":
            return IdType(validator["tableName"])
        case "literal":
            return _literal(validator["value"])
        case "array":
            return ArrayType(type_of(validator["value"]))
        case "record":
            return RecordType(type_of(validator["keys"]), type_of(validator["values"]["fieldType"]))
        case "union":
            return UnionType(tuple(type_of(member) for member in validator["value"]))
        case "object":
            members = [
                Member(name, type_of(part["fieldType"]), part["optional"])
                for name, part in validator["value"].items()
            ]
            return ObjectType(tuple(sorted(members, key=lambda member: member.name)))
        case _:
            return _SIMPLE.get(kind) or NativeType(kind)


def _literal(value: Any) -> LiteralType:  # noqa: ANN401 - JSON is anything
    """A literal; a 64-bit integer stands as base 64 of its little-endian bytes, as Convex's JSON has it."""
    if isinstance(value, dict):
        number = int.from_bytes(base64.b64decode(value["$integer"]), "little", signed=True)
        return LiteralType(number, bigint=True)
    if isinstance(value, float) and value.is_integer():
        return LiteralType(int(value))
    return LiteralType(value)
