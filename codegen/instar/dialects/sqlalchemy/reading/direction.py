"""Which way a relationship goes, where its arguments name the columns that link the two tables.

A relationship holds one object where the foreign key stands in its own table, and many where it stands in the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.values import Applied, LambdaValue, Member, SqlOperation, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft, TableDraft

_WRITTEN = re.compile(r"\b(?:[\w.]+\.)?(\w+)\.(?:c\.)?(\w+)\b")
_EQUAL = re.compile(r"(foreign\()?\s*((?:\w+\.)+\w+)\)?\s*==\s*(foreign\()?\s*(?:remote\()?((?:\w+\.)+\w+)")


class Direction:
    """Decides between two tables.

    Args:
        own: The table of the relationship's class.
        other: The table of its target.
        table_of: The table of a class, by its short name or by the value of an expression.
    """

    def __init__(
        self, own: TableDraft, other: TableDraft, table_of: Callable[[Value], TableDraft | None]
    ) -> None:
        self._own = own
        self._other = other
        self._table_of = table_of

    def many(self, foreign_keys: Value, primaryjoin: Value) -> bool | None:
        """Whether the relationship holds many; None where the two arguments do not tell.

        Args:
            foreign_keys: `"Users.team_id"`, `[team_id]`, or a function that gives such.
            primaryjoin: `"Users.team_id == Teams.id"`, or the expression.
        """
        if self._own is self._other:
            return None
        holders = list(self._tables(foreign_keys)) or [one for one, _ in self._keys(primaryjoin)]
        if holders and all(holder is self._own for holder in holders):
            return False
        return True if holders and all(holder is self._other for holder in holders) else None

    def _tables(self, value: Value) -> Iterator[TableDraft]:
        """The tables of the named columns."""
        match value:
            case str():
                for owner, _ in _WRITTEN.findall(value):
                    if (table := self._table_of(owner)) is not None:
                        yield table
            case list() | tuple():
                for item in value:
                    yield from self._tables(item)
            case _:
                found = self._column(value)
                if found is not None:
                    yield found[0]

    def _keys(self, value: Value) -> Iterator[tuple[TableDraft, str]]:
        """The columns of a condition that hold the foreign key."""
        match value:
            case str():
                for first_foreign, first, second_foreign, second in _EQUAL.findall(value):
                    yield from self._pair(
                        self._named(first), self._named(second), (bool(first_foreign), bool(second_foreign))
                    )
            case SqlOperation(operator="==", operands=(first, second)):
                marks = (_called(first) == "foreign", _called(second) == "foreign")
                yield from self._pair(self._column(first), self._column(second), marks)
            case SqlOperation(operands=operands):
                for operand in operands:
                    yield from self._keys(operand)
            case Applied(arguments=arguments):
                for argument in arguments:
                    yield from self._keys(argument)
            case _:
                return

    def _pair(
        self,
        first: tuple[TableDraft, str] | None,
        second: tuple[TableDraft, str] | None,
        foreign: tuple[bool, bool],
    ) -> Iterator[tuple[TableDraft, str]]:
        if first is None or second is None:
            return
        if foreign[0] or (not foreign[1] and points_at(_draft_of(first), second[0])):
            yield first
        elif foreign[1] or points_at(_draft_of(second), first[0]):
            yield second

    def _named(self, text: str) -> tuple[TableDraft, str] | None:
        found = _WRITTEN.fullmatch(text)
        table = self._table_of(found[1]) if found is not None else None
        return (table, found[2]) if table is not None and found is not None else None

    def _column(self, value: Value) -> tuple[TableDraft, str] | None:
        match value:
            case Applied() if _called(value) in {"foreign", "remote"} and value.arguments:
                return self._column(value.arguments[0])
            case Applied():
                for table in (self._own, self._other):
                    for name, column in table.attributes.items():
                        if column.source is value:
                            return table, name
                return None
            case Member(owner=owner, name=name):
                table_of = self._table_of(owner)
                return (table_of, name) if table_of is not None else None
            case _:
                return None


def _called(value: Value) -> str:
    return getattr(value.callee, "name", "") if isinstance(value, Applied) else ""


def _draft_of(column: tuple[TableDraft, str]) -> ColumnDraft | None:
    table, name = column
    return table.attributes.get(name) or table.columns.get(name)


def points_at(column: ColumnDraft | None, table: TableDraft) -> bool:
    """Whether a column has a foreign key to a table."""
    return column is not None and any(_names(key.target, table) for key in column.foreign_keys)


def _names(target: Value, table: TableDraft) -> bool:
    if isinstance(target, LambdaValue):
        return False
    if isinstance(target, str):
        return target.rpartition(".")[0].rpartition(".")[2] == table.name
    return (
        any(target is column.source for column in table.columns.values())
        or getattr(target, "owner", None) is table.owner
    )
