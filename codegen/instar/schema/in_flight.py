"""What of a database and its declaration differs on purpose, while a migration is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.virtual import declared_after, schema_after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.schema.migration import Migration
    from instar.schema.model import Table


def in_flight(migration: Migration, deploy: int) -> tuple[str, ...]:
    """The columns, indexes and constraints that differ when this deploy is out everywhere, sorted.

    Each is written `table.name`, with the namespace in front where there is one.
    """
    declared = {table.key: table for table in declared_after(migration, deploy).tables}
    keys: set[str] = set()
    for stored in schema_after(migration, deploy).tables:
        mapped = declared.get(stored.key)
        if mapped is not None:
            prefix = f"{stored.namespace}.{stored.name}" if stored.namespace else stored.name
            keys |= {f"{prefix}.{name}" for name in _differing(stored, mapped)}
    return tuple(sorted(keys))


def _differing(stored: Table, mapped: Table) -> Iterator[str]:
    there = {field.name: (field.type, field.optional, field.server_default) for field in stored.fields}
    said = {field.name: (field.type, field.optional, field.server_default) for field in mapped.fields}
    yield from (name for name in there.keys() | said.keys() if there.get(name) != said.get(name))
    for parts, others in ((stored, mapped), (mapped, stored)):
        yield from (index.name for index in parts.indexes if index.name and index not in others.indexes)
        yield from (one.name for one in parts.constraints if one.name and one not in others.constraints)
