"""The conditions and orders of a query, as far as the coverage of an index can be read from them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from instar_lint.facts import Filter, OrderKey
from instar_lint.python.values import (
    ColumnOf,
    Entity,
    RelationOf,
    Statement,
    StoredColumn,
    Text,
    Value,
)

if TYPE_CHECKING:
    from instar_lint.facts import Operator
    from instar_lint.python.frame import Frame

_COMPARISONS: dict[type[ast.cmpop], Operator] = {
    ast.Eq: "eq", ast.Is: "eq", ast.Lt: "range", ast.LtE: "range", ast.Gt: "range", ast.GtE: "range",
    ast.NotEq: "other", ast.IsNot: "other", ast.In: "other", ast.NotIn: "other",
}  # fmt: skip
_METHODS: dict[str, Operator] = {
    "in_": "in", "is_": "eq", "between": "range", "startswith": "prefix", "like": "prefix", "any_": "other",
}  # fmt: skip

_DIRECTIONS = ("asc", "desc")


def operator_of(node: ast.Compare) -> tuple[Operator, bool]:
    """The comparison of an expression, and whether it compares with something other than None."""
    if len(node.ops) != 1:
        return "range", True
    sides = (node.left, node.comparators[0])
    if any(isinstance(side, ast.Constant) and side.value is None for side in sides):
        return ("is_null" if isinstance(node.ops[0], ast.Eq | ast.Is) else "other"), False
    return _COMPARISONS[type(node.ops[0])], True


def method_operator(name: str) -> Operator | None:
    """The comparison that a column's method makes (`in_`, `is_`, `between` …)."""
    return _METHODS.get(name)


def add_conditions(frame: Frame, statement: Statement, nodes: list[ast.expr]) -> Statement:
    """The statement with these conditions, all of them to hold; the frame has evaluated the nodes already."""
    filters = list(statement.filters)
    whole = statement.whole
    for node in nodes:
        found = _conditions(frame, statement, node)
        if found is None:
            whole = False
        else:
            filters += [f for f in found if f not in filters]
    return msgspec.structs.replace(statement, filters=tuple(filters), whole=whole)


def _conditions(frame: Frame, statement: Statement, node: ast.expr) -> list[Filter] | None:
    """The filters on the root's fields in one condition; None where it cannot be read."""
    match node:
        case ast.Compare():
            operator, _ = operator_of(node)
            return _compared(frame, statement, node, operator)
        case ast.BinOp(op=ast.BitAnd()):
            return _both(frame, statement, [node.left, node.right])
        case ast.Call(func=function, args=arguments):
            return _called(frame, statement, function, arguments)
        case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=operand) if isinstance(operand, ast.Attribute):
            return _bare(frame, statement, operand)
        case ast.Attribute() | ast.Name():
            return _bare(frame, statement, node)
        case _:
            return None


def _called(
    frame: Frame, statement: Statement, function: ast.expr, arguments: list[ast.expr]
) -> list[Filter] | None:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name == "and_":
        return _both(frame, statement, arguments)
    if not isinstance(function, ast.Attribute) or not arguments:
        return None
    operator = _METHODS.get(name, "other")
    if name == "is_" and isinstance(arguments[0], ast.Constant) and arguments[0].value is None:
        operator = "is_null"
    if name == "like" and not _is_prefix(arguments[0]):
        operator = "other"
    return _on(frame, statement, function.value, operator)


def _is_prefix(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value[:1] not in ("%", "_", "")
    )


def _both(frame: Frame, statement: Statement, nodes: list[ast.expr]) -> list[Filter] | None:
    found: list[Filter] = []
    for node in nodes:
        part = _conditions(frame, statement, node)
        if part is None:
            return None
        found += part
    return found


def _compared(
    frame: Frame, statement: Statement, node: ast.Compare, operator: Operator
) -> list[Filter] | None:
    found: list[Filter] = []
    read = False
    for side in (node.left, *node.comparators):
        part = _on(frame, statement, side, operator)
        if part is not None:
            found += part
            read = True
    columns = [f for f in found if f.field]
    if len(columns) > 1:  # a column compared with another one of the same table serves no index
        return None
    return found if read else None


def _bare(frame: Frame, statement: Statement, node: ast.expr) -> list[Filter] | None:
    return _on(frame, statement, node, "eq")


def _on(frame: Frame, statement: Statement, node: ast.expr, operator: Operator) -> list[Filter] | None:
    """A filter on one column: of the root, none where it is another table's; None where it is no column."""
    value = quiet(frame, node)
    match value:
        case ColumnOf(cls=cls, name=name):
            columns = frame.knowledge.columns(cls, name)
            if not columns:
                return None
            if frame.knowledge.table_of(statement.root) != (columns[0].namespace, columns[0].table):
                return []
            return [Filter(columns[0].name, operator)]
        case StoredColumn(column=column):
            same = frame.knowledge.table_of(statement.root) == (value.namespace, value.table)
            return [Filter(column, operator)] if same else []
        case RelationOf(cls=cls, name=name):
            fields = frame.knowledge.relation_fields(cls, name)
            return [Filter(field, operator) for field in fields] if fields else None
        case _:
            return None


def quiet(frame: Frame, node: ast.expr) -> Value:
    """The value of an expression whose facts have been reported already."""
    report, frame.report = frame.report, None
    value = frame.value(node)
    frame.report = report
    return value


def add_order(frame: Frame, statement: Statement, nodes: list[ast.expr]) -> Statement:
    """The statement sorted by these as well; an order that cannot be read makes it not `whole`."""
    order = list(statement.order)
    whole = statement.whole
    for node in nodes:
        key = _order_key(frame, statement, node, descending=False)
        if key is None:
            whole = False
        elif key.field:
            order.append(key)
    return msgspec.structs.replace(statement, order=tuple(order), whole=whole)


def _order_key(frame: Frame, statement: Statement, node: ast.expr, *, descending: bool) -> OrderKey | None:
    match node:
        case ast.Constant(value=None):
            return OrderKey("")
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=[]) if name in _DIRECTIONS:
            return _order_key(frame, statement, inner, descending=name == "desc")
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[inner]) if name in _DIRECTIONS:
            return _order_key(frame, statement, inner, descending=name == "desc")
        case _:
            pass
    match quiet(frame, node):
        case ColumnOf(cls=cls, name=name):
            columns = frame.knowledge.columns(cls, name)
            same = columns and frame.knowledge.table_of(statement.root) == (
                columns[0].namespace,
                columns[0].table,
            )
            return OrderKey(columns[0].name, descending) if same else None
        case StoredColumn(column=column) as value:
            same = frame.knowledge.table_of(statement.root) == (value.namespace, value.table)
            return OrderKey(column, descending) if same else None
        case Text(options=(one,)):
            return _by_name(frame, statement, one.text.strip())
        case _:
            return None


def _by_name(frame: Frame, statement: Statement, text: str) -> OrderKey | None:
    """`order_by("created desc")`: a stored name, or an attribute in older code."""
    name, _, direction = text.partition(" ")
    table = frame.knowledge.table_of(statement.root)
    if table is None or direction.lower() not in ("", "asc", "desc"):
        return None
    found = frame.knowledge.stored_column(table[1], table[0], name)
    if not found and isinstance(statement.root, Entity):
        found = frame.knowledge.columns(statement.root.cls, name)
    return OrderKey(found[0].name, direction.lower() == "desc") if found else None
