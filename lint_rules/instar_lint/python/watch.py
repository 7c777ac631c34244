"""What is in flight: the fields, tables and indexes that an analysis is about; everything else is skipped early."""

from __future__ import annotations

import msgspec

FieldKey = tuple[str | None, str, str]
TableKey = tuple[str | None, str]


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the code.

    Attributes:
        fields: (namespace, table, stored field): their `FieldUse` facts are wanted.
        tables: (namespace, table): their `Query`, `RowInsert` and `EntityRead` facts are wanted.
        columns: (namespace, table, stored field): a line with one's name may query a wanted table, in a file that
            mentions the table or its class (`select(self.model).where(self.model.status == …)`).
        indexes: Index names whose mention in a query is wanted.
        dynamic: Code that might name any field (`Unresolved`) is wanted too, in files that mention none of them.
        everything: Every fact is wanted, and no file is skipped.
    """

    fields: frozenset[FieldKey] = frozenset()
    tables: frozenset[TableKey] = frozenset()
    columns: frozenset[FieldKey] = frozenset()
    indexes: frozenset[str] = frozenset()
    dynamic: bool = False
    everything: bool = False

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight, so that no file needs to be looked at."""
        return not (self.fields or self.tables or self.indexes or self.everything)

    def field(self, namespace: str | None, table: str, column: str) -> bool:
        """Whether uses of this stored field are wanted."""
        return self.everything or (namespace, table, column) in self.fields

    def table(self, namespace: str | None, table: str) -> bool:
        """Whether what happens to this table's rows as a whole is wanted."""
        return self.everything or (namespace, table) in self.tables
