"""What an attribute of a value holds, without any report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.python.context import GLOBALS, global_attribute
from instar_lint.python.members import member, member_behind
from instar_lint.python.names import imported_value, module_value
from instar_lint.python.values import (
    PLAIN,
    UNKNOWN,
    ClassOf,
    ColumnOf,
    Entity,
    External,
    Instance,
    Many,
    Module,
    Object,
    OneOf,
    Record,
    RelationOf,
    StoredColumn,
    Subquery,
    Super,
    TableOf,
    Unknown,
    Value,
    most_of,
)

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


def attribute_of(frame: Frame, base: Value, name: str) -> Value:
    """The value of an attribute, without any report."""
    match base:
        case Instance():
            return _of_instance(frame, base, name)
        case Entity():
            return _of_entity(frame, base, name)
        case Object() | ClassOf():
            found = member(frame.knowledge, base, name, frame.depth)
            return _class_called(frame, name) if found == UNKNOWN else found
        case Module(name=module):
            return _of_module(frame, module, name)
        case External(name=outer):
            return _of_library(frame, outer, name)
        case Super():
            return member_behind(frame.knowledge, base, name, frame.depth)
        case OneOf(options=options):
            return most_of([attribute_of(frame, option, name) for option in options])
        case Unknown():
            return _class_called(frame, name)
        case _:
            return _of_collection(frame, base, name)


def _of_collection(frame: Frame, base: Value, name: str) -> Value:
    """An attribute of something that holds columns or rows."""
    match base:
        case TableOf():
            return base if name in ("c", "columns") else StoredColumn(base.table, base.namespace, name)
        case Subquery():
            return base if name in ("c", "columns") else _subquery_column(base, name)
        case Record():
            return _of_record(base, name)
        case Many(item=Instance() as item) if frame.knowledge.attribute(item.cls, name) is not None:
            return _of_instance(
                frame, item, name
            )  # a collection has no such attribute: the relationship is to one
        case Many() if name in ("items", "rows", "data", "results"):
            return base
        case _:
            return UNKNOWN


def _of_library(frame: Frame, outer: str, name: str) -> Value:
    found = global_attribute(frame.knowledge, name) if outer in GLOBALS else UNKNOWN
    return External(f"{outer}.{name}") if found == UNKNOWN else found


def _class_called(frame: Frame, name: str) -> Value:
    """`db.Block` on a registry of classes that is made at run time: the one mapped class of that name."""
    if not name[:1].isupper():
        return UNKNOWN
    found = frame.knowledge.by_short_name(name)
    return Entity(found[0]) if len(found) == 1 else UNKNOWN


def _of_instance(frame: Frame, base: Instance, name: str) -> Value:
    attribute = frame.knowledge.attribute(base.cls, name)
    if attribute is None:
        table = frame.knowledge.table_of(base) if name == "__table__" else None
        return TableOf(table[1], table[0]) if table is not None else _plain_member(frame, base, name)
    if attribute.kind == "relationship":
        if attribute.target is None:
            return UNKNOWN
        target = Instance(attribute.target)
        return Many(target) if attribute.many else target
    if attribute.kind in ("column", "column_property", "composite"):
        return PLAIN
    return _plain_member(frame, base, name)


def _plain_member(frame: Frame, base: Instance | Entity, name: str) -> Value:
    return member(frame.knowledge, base, name, frame.depth)


def _of_entity(frame: Frame, base: Entity, name: str) -> Value:
    if name in ("__table__", "table"):
        table = frame.knowledge.table_of(base)
        return TableOf(table[1], table[0]) if table is not None else UNKNOWN
    if name == "query" and not frame.knowledge.columns(base.cls, "query"):
        from instar_lint.python.queries import entity_query  # noqa: PLC0415 - queries read attributes

        return entity_query(base)
    attribute = frame.knowledge.attribute(base.cls, name)
    if attribute is None:
        return (
            ColumnOf(base.cls, name)
            if frame.knowledge.columns(base.cls, name)
            else _plain_member(frame, base, name)
        )
    if attribute.kind == "relationship":
        return RelationOf(base.cls, name)
    if attribute.kind in ("column", "synonym", "column_property", "hybrid", "composite"):
        return ColumnOf(base.cls, name)
    return _plain_member(frame, base, name)


def _of_module(frame: Frame, module: str, name: str) -> Value:
    found = frame.knowledge.modules.get(module)
    if found is not None:
        value = module_value(frame.knowledge, found, name)
        if value != UNKNOWN:
            return value
    if frame.knowledge.modules.path_of(f"{module}.{name}") is not None:
        return Module(f"{module}.{name}")
    return imported_value(frame.knowledge, module, name)


def _of_record(base: Record, name: str) -> Value:
    if name in ("_mapping", "t", "_t", "tuple"):
        return base
    for item, label in zip(base.items, base.labels or ("",) * len(base.items), strict=False):
        if label == name or (
            not label and isinstance(item, Instance) and item.cls.rsplit(".", 1)[-1] == name
        ):
            return PLAIN if isinstance(item, ColumnOf | StoredColumn) else item
    return UNKNOWN


def _subquery_column(base: Subquery, name: str) -> Value:
    for item in base.statement.items:
        if isinstance(item, ColumnOf) and item.name == name:
            return item
    return PLAIN
