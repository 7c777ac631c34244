"""Evaluated table definitions to tables of the schema model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.convex.values import (
    IndexValue,
    JsArray,
    JsObject,
    SchemaValue,
    TableValue,
    Undefined,
    Unknown,
    Validator,
    Value,
)
from instar.schema.model import Field, Index, IndexKey, IndexKind, Opaque, Place, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.schema.model import Unreadable
    from instar.schema.types import FieldType


def schema_of(value: SchemaValue, unreadable: Iterable[Unreadable] = ()) -> Schema:
    """The schema that a `defineSchema(…)` declares."""
    opaque: list[Opaque] = []
    tables: list[Table] = []
    if isinstance(value.tables, Unknown):
        opaque.append(_opaque(value.tables))
    else:
        if value.tables.rest is not None:
            opaque.append(_opaque(value.tables.rest))
        for name, entry in value.tables.entries.items():
            table = entry.value
            # An application names a table twice only to replace one of a package, which it spreads first.
            if isinstance(table, Unknown) and isinstance(table.otherwise, TableValue):
                table = table.otherwise
            if not isinstance(table, Undefined):
                tables.append(table_of(name, table, entry.place))
    validated = True
    if isinstance(value.options, JsObject):
        validated = value.options.get("schemaValidation") is not False
        if value.options.rest is not None:
            opaque.append(_opaque(value.options.rest))
    tables.sort(key=lambda table: table.name)
    return Schema(
        dialect="convex",
        tables=tuple(tables),
        validated=validated,
        opaque=tuple(opaque),
        unreadable=tuple(sorted(unreadable, key=lambda one: one.path)),
    )


def _opaque(fault: Unknown, field: str | None = None) -> Opaque:
    return Opaque(reason=fault.reason, place=fault.place, field=field)


def table_of(name: str, value: Value, place: Place | None) -> Table:
    """One table; what is no table definition is opaque as a whole."""
    if not isinstance(value, TableValue):
        fault = value if isinstance(value, Unknown) else Unknown("this is no table definition", place)
        return Table(name=name, opaque=(_opaque(fault),), place=place)
    opaque: list[Opaque] = []
    indexes: list[Index] = []
    for index in value.indexes:
        made = index_of(index)
        if isinstance(made, Unknown):
            opaque.append(_opaque(made))
        else:
            indexes.append(made)
    staged = None
    if isinstance(value.staged, Validator):
        staged = value.staged.type
        opaque += [_opaque(fault) for fault in value.staged.faults]
    elif value.staged is not None:
        opaque.append(_opaque(value.staged))
    validator = value.validator
    fields: tuple[Field, ...] = ()
    shape: FieldType | None = None
    if isinstance(validator, Unknown):
        opaque.append(_opaque(validator))
    elif validator.kind == "object" and validator.fields is not None:
        fields = tuple(_fields(validator.fields, opaque))
    else:
        shape = None if validator.kind == "unknown" else validator.type
        opaque += [_opaque(fault) for fault in validator.faults]
    return Table(
        name=name,
        fields=fields,
        indexes=tuple(indexes),
        shape=shape,
        staged_shape=staged,
        opaque=tuple(opaque),
        place=place or value.place,
    )


def _fields(fields: JsObject, opaque: list[Opaque]) -> Iterable[Field]:
    if fields.rest is not None:
        opaque.append(_opaque(fields.rest))
    for name, entry in fields.entries.items():
        validator = entry.value
        assert isinstance(validator, Validator)
        if validator.faults:
            opaque.append(_opaque(validator.faults[0], name))
        yield Field(
            name=name,
            type=validator.type,
            optional=validator.optional,
            spelling=entry.text,
            place=entry.place,
        )


_KINDS: dict[str, IndexKind] = {"index": "btree", "searchIndex": "search", "vectorIndex": "vector"}
_FIELD: dict[str, str] = {"searchIndex": "searchField", "vectorIndex": "vectorField"}


def index_of(value: IndexValue) -> Index | Unknown:
    """One index, in either of its two forms."""
    name, config = value.name, value.config
    if not isinstance(name, str):
        return (
            name if isinstance(name, Unknown) else Unknown("the name of this index is not known", value.place)
        )
    if value.method == "index":
        fields = config.get("fields") if isinstance(config, JsObject) else config
        keys = _strings(fields)
    else:
        field = config.get(_FIELD[value.method]) if isinstance(config, JsObject) else config
        keys = (field,) if isinstance(field, str) else _unknown(field)
    if isinstance(keys, Unknown):
        return keys if keys.place else Unknown(f'the fields of index "{name}" are not known', value.place)
    staged: Value = False
    include: tuple[str, ...] | Unknown = ()
    dimensions: Value = None
    if isinstance(config, JsObject):
        staged, dimensions = config.get("staged"), config.get("dimensions")
        filters = config.get("filterFields")
        include = () if isinstance(filters, Undefined) else _strings(filters)
    for part in (staged, include, dimensions):
        if isinstance(part, Unknown):
            return part if part.place else Unknown(f'index "{name}" is not understood', value.place)
    assert not isinstance(include, Unknown)
    return Index(
        name=name,
        keys=tuple(IndexKey(key) for key in keys),
        kind=_KINDS[value.method],
        include=include,
        staged=staged is True,
        dimensions=dimensions if isinstance(dimensions, int) else None,
        place=value.place,
    )


def _strings(value: Value) -> tuple[str, ...] | Unknown:
    if not isinstance(value, JsArray):
        return _unknown(value)
    if value.rest is not None:
        return value.rest
    texts = tuple(item for item in value.items if isinstance(item, str))
    if len(texts) != len(value.items):
        return next(
            (item for item in value.items if isinstance(item, Unknown)), Unknown("this is no list of fields")
        )
    return texts


def _unknown(value: Value) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown("this is no field name")
