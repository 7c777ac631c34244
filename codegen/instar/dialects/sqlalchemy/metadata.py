"""`MetaData`, declared or reflected, to a schema version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from instar.dialects.sqlalchemy.types import TypeReading, read_enum, read_type
from instar.schema.model import (
    Constraint,
    Default,
    Field,
    Index,
    IndexKey,
    IndexKind,
    Reference,
    Schema,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar.dialects.sqlalchemy.types import Argument

_LITERAL = re.compile(r"(?:'(?:[^']|'')*'|[-+]?\d+(?:\.\d+)?|true|false|null)\Z", re.IGNORECASE)
_KINDS: Mapping[str, IndexKind] = {
    "btree": "btree", "hash": "hash", "gin": "gin", "gist": "gist", "spgist": "spgist", "brin": "brin",
    "fulltext": "search", "hnsw": "vector", "ivfflat": "vector",
}  # fmt: skip
_RANK = ("primary_key", "unique", "foreign_key", "check")


def schema_of(description: Mapping[str, Any], backend: str | None = None) -> Schema:
    """The schema that a description tells (`description.describe`).

    Args:
        description: As `describe` makes it, or its JSON read back.
        backend: The live database that it was reflected from, if it was.
    """
    tables = tuple(_table(plain) for plain in description["tables"])
    return Schema(dialect="sqlalchemy", tables=tables, backend=backend)


def _table(plain: Mapping[str, Any]) -> Table:
    constraints = [_constraint(one) for one in plain["constraints"]]
    constraints.sort(
        key=lambda one: (_RANK.index(one.kind), one.fields, one.name or "", one.expression or "")
    )
    return Table(
        name=plain["name"],
        namespace=plain["schema"],
        fields=tuple(_field(column) for column in plain["columns"]),
        indexes=tuple(_index(index) for index in plain["indexes"]),
        constraints=tuple(constraints),
    )


def _field(plain: Mapping[str, Any]) -> Field:
    reading = _type(plain["type"])
    attribute = plain["attribute"]
    return Field(
        name=plain["name"],
        type=reading.type,
        spelling=reading.spelling,
        optional=plain["nullable"],
        attribute="" if attribute == plain["name"] else attribute,
        default=_default(plain["default"]),
        onupdate=_default(plain["onupdate"]),
        server_default=_default(plain["server_default"]),
        generated=plain["generated"],
        autoincrement=plain["autoincrement"],
        comment=plain["comment"],
    )


def _type(plain: Mapping[str, Any]) -> TypeReading:
    if "enum" in plain:
        return read_enum(
            plain["enum"],
            name=plain["name"],
            native=plain["native"],
            length=None if plain["native"] else plain["length"],
            dialect=plain["dialect"],
        )
    arguments: dict[str, Argument] = dict(plain["arguments"])
    if "item" in plain:
        arguments["item_type"] = _type(plain["item"])
    return read_type(plain["name"], arguments)


def _default(plain: Mapping[str, Any] | None) -> Default | None:
    if plain is None:
        return None
    constant = plain["constant"]
    return Default(
        text=plain["text"], constant=bool(_LITERAL.match(plain["text"])) if constant is None else constant
    )


def _index(plain: Mapping[str, Any]) -> Index:
    using = str(plain["using"] or "btree").lower()
    return Index(
        name=plain["name"],
        keys=tuple(IndexKey(**key) for key in plain["keys"]),
        unique=plain["unique"],
        kind=_KINDS.get(using, "other"),
        predicate=plain["where"],
        include=tuple(plain["include"]),
        valid=plain.get("valid", True),
    )


def _constraint(plain: Mapping[str, Any]) -> Constraint:
    to = plain.get("references")
    return Constraint(
        kind=plain["kind"],
        name=plain["name"],
        fields=tuple(plain["fields"]),
        expression=plain.get("expression"),
        references=Reference(**{**to, "fields": tuple(to["fields"])}) if to else None,
    )
