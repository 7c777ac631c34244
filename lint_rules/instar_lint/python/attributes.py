"""Reading and writing attributes: the most common facts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.frame import evaluates
from instar_lint.python.guesses import guess
from instar_lint.python.members import member
from instar_lint.python.names import imported_value, module_value
from instar_lint.python.narrowing import path_of
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
    Record,
    RelationOf,
    Statement,
    StoredColumn,
    Subquery,
    TableOf,
    TypeVariable,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame
    from instar_lint.python.knowledge import Column
    from instar_lint.python.report import Token


@evaluates(ast.Attribute)
def attribute_value(frame: Frame, node: ast.expr) -> Value:
    """What `base.name` holds; a mapped column on the way is a read."""
    assert isinstance(node, ast.Attribute)
    base = frame.value(node.value)
    report = frame.report
    if report is not None and report.wants(node.attr):
        read_name(frame, node, base, node.attr, report.attribute_token(node))
    path = path_of(node)
    if path is not None:
        kept = frame.env.get(path)
        if kept is not None:
            return kept
        if path in frame.knowledge.types:
            return frame.knowledge.seeded(path)
    return attribute_of(frame, base, node.attr)


def read_name(
    frame: Frame,
    node: ast.expr,
    base: Value,
    name: str,
    token: Token,
    *,
    access: str = "read",
) -> None:
    """Report that a line reads (or writes) `name` of a value."""
    report = frame.report
    if report is None:
        return
    columns, stored = columns_of(frame, base, name)
    receiver = node.value if isinstance(node, ast.Attribute) else None
    subject = _source(receiver)
    if columns:
        report.fields(
            frame, token, name, columns, access=access, via="attribute", subject=subject, stored=stored
        )
    elif isinstance(base, Unknown | TypeVariable | External) and receiver is not None:
        for confidence, guessed in guess(frame, receiver, name):
            if isinstance(base, External) and confidence == "possible":
                continue  # an object of a library: only a name like `current_user` suggests a row
            report.fields(
                frame,
                token,
                name,
                guessed,
                access=access,
                via="attribute",
                confidence=confidence,
                subject=subject,
            )
    elif isinstance(base, Instance | Entity) and frame.knowledge.attribute(base.cls, name) is None:
        below = [
            c for sub in frame.knowledge.subclasses(base.cls) for c in frame.knowledge.columns(sub, name)
        ]
        report.fields(
            frame, token, name, below, access=access, via="attribute", confidence="likely", subject=subject
        )


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


def attribute_of(frame: Frame, base: Value, name: str) -> Value:
    """The value of an attribute, without any report."""
    match base:
        case Instance():
            return _of_instance(frame, base, name)
        case Entity():
            return _of_entity(frame, base, name)
        case Object() | ClassOf():
            return member(frame.knowledge, base, name, frame.depth)
        case Module(name=module):
            return _of_module(frame, module, name)
        case External(name=outer):
            return External(f"{outer}.{name}")
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
    if name == "query" and frame.knowledge.attribute(base.cls, "query") is None:
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


def write_attribute(frame: Frame, target: ast.Attribute) -> None:
    """Report `base.name = …`."""
    base = frame.value(target.value)
    if frame.report is not None and frame.report.wants(target.attr):
        read_name(frame, target, base, target.attr, frame.report.attribute_token(target), access="write")


def read_keyword_pattern(frame: Frame, value: Value, name: str, pattern: ast.pattern) -> Value:
    """`case User(name=…)` reads the attribute; its name stands before the pattern."""
    if frame.report is not None and frame.report.wants(name):
        line = frame.report.lines[pattern.lineno - 1]
        end = frame.report.column(pattern.lineno, pattern.col_offset) - 1
        start = line.rfind(name, 0, end)
        if start >= 0:
            token = frame.report.token(pattern.lineno, start + 1, name)
            with frame.acting("value"):
                read_name(frame, ast.Name(id=name), value, name, token)
    return attribute_of(frame, value, name)


def _source(node: ast.expr | None) -> str:
    if node is None:
        return ""
    path = path_of(node)
    return path if path is not None else " ".join(ast.unparse(node).split())[:80]
