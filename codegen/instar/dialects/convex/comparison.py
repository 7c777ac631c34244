"""Whether two readings of one schema say the same: what the backend sees, without places and spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from instar.schema.model import Index, Schema, Table


def bare(schema: Schema) -> Schema:
    """The schema without places, spellings and declared order, for a comparison of two readings."""
    return msgspec.structs.replace(schema, tables=tuple(_bare_table(table) for table in schema.tables))


def _bare_table(table: Table) -> Table:
    fields = tuple(
        msgspec.structs.replace(field, place=None, spelling="")
        for field in sorted(table.fields, key=lambda field: field.name)
    )
    indexes = tuple(
        msgspec.structs.replace(index, place=None) for index in sorted(table.indexes, key=_index_key)
    )
    return msgspec.structs.replace(table, fields=fields, indexes=indexes, place=None)


def _index_key(index: Index) -> tuple[str, str, tuple[str, ...]]:
    return (index.kind, index.name or "", index.fields)
