"""Which stored fields a name means on a value: a row, a class, a Core table, a result row, a subquery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.python.values import (
    ColumnOf,
    Entity,
    Instance,
    Many,
    OneOf,
    Record,
    RelationOf,
    Statement,
    StoredColumn,
    Subquery,
    Super,
    TableOf,
    Value,
)

if TYPE_CHECKING:
    from instar_lint.facts import Receiver
    from instar_lint.python.frame import Frame
    from instar_lint.python.knowledge import Column


def columns_of(frame: Frame, base: Value, name: str) -> tuple[tuple[Column, ...], bool]:
    """The stored fields that `name` of a value is, and whether the name is a stored one."""
    knowledge = frame.knowledge
    match base:
        case Instance(cls=cls) | Entity(cls=cls) | Many(item=Instance(cls=cls)):
            return knowledge.columns(cls, name), False
        case TableOf(table=table, namespace=namespace):
            return knowledge.stored_column(table, namespace, name), True
        case Record(row=True):
            return _cell(frame, base, name)
        case Subquery(statement=statement):
            return _projected(frame, statement, name)
        case RelationOf(cls=cls, name=relation):
            attribute = knowledge.attribute(cls, relation)
            target = attribute.target if attribute is not None else None
            return (knowledge.columns(target, name), False) if target is not None else ((), False)
        case Super(owner=owner):
            return columns_of(frame, owner, name)
        case OneOf(options=options):
            found = [columns_of(frame, option, name) for option in options]
            return tuple(dict.fromkeys(c for columns, _ in found for c in columns)), any(s for _, s in found)
        case _:
            return (), False


def _cell(frame: Frame, row: Record, name: str) -> tuple[tuple[Column, ...], bool]:
    """A result row's cell that no label renames, named by its column."""
    for item, label in zip(row.items, row.labels or ("",) * len(row.items), strict=False):
        if isinstance(item, ColumnOf) and item.name == name and not label:
            return frame.knowledge.columns(item.cls, name), False
        if isinstance(item, StoredColumn) and item.column == name and not label:
            return frame.knowledge.stored_column(item.table, item.namespace, name), True
    return (), False


def _projected(frame: Frame, statement: Statement, name: str) -> tuple[tuple[Column, ...], bool]:
    """A column of a subquery: it has the columns of the classes that it selects, by stored name."""
    columns, stored = _cell(frame, Record(statement.items, statement.labels, row=True), name)
    if columns:
        return columns, stored
    for item in statement.items:
        table = frame.knowledge.table_of(item)
        if isinstance(item, Instance | Entity | TableOf) and table is not None:
            found = frame.knowledge.stored_column(table[1], table[0], name)
            if found:
                return found, True
    return (), False


def receiver_of(value: Value) -> Receiver:
    """What a field is read of, or written to."""
    match value:
        case Entity(aliased=aliased):
            return "alias" if aliased else "class"
        case ColumnOf() | RelationOf():
            return "class"
        case TableOf():
            return "table"
        case Subquery():
            return "alias"
        case _:
            return "row"
