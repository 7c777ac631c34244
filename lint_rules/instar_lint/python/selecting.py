"""What a select or a query selects: entities, tables, columns, and functions over them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec.structs import replace

from instar_lint.python.values import (
    ColumnOf,
    Entity,
    Instance,
    Statement,
    StoredColumn,
    Subquery,
    TableOf,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from instar_lint.python.frame import Frame

_SELECTABLE = (Entity, TableOf, ColumnOf, StoredColumn, Subquery)


def build(frame: Frame, node: ast.Call, kind: Literal["select", "query"]) -> Statement | None:
    """`select(User, Post.title)`; None where nothing that it selects is known to be mapped."""
    arguments = (
        node.args[0].elts
        if len(node.args) == 1 and isinstance(node.args[0], ast.List | ast.Tuple)
        else node.args
    )
    items, labels, known = selected(frame, arguments)
    statement = Statement(kind=kind, node=node, items=items, labels=labels)
    unrooted = all(_counts(argument) for argument in arguments)
    return with_items(statement, items, known) if known or unrooted else None


def _counts(node: ast.expr) -> bool:
    """`func.count()`: what it counts is said by `select_from`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="func") | ast.Attribute(attr="func"))):
            return True
        case _:
            return False


def selected(
    frame: Frame, nodes: Iterable[ast.expr]
) -> tuple[tuple[Value, ...], tuple[str, ...], list[Value]]:
    """What rows hold, the labels of that, and what of it is known to be mapped."""
    items: list[Value] = []
    labels: list[str] = []
    known: list[Value] = []
    with frame.acting("select"):
        for node in nodes:
            value = frame.value(node)
            label = _label(node)
            labels.append(label)
            items.append(Instance(value.cls) if isinstance(value, Entity) else value)
            if isinstance(value, _SELECTABLE):
                known.append(value)
            elif not isinstance(value, Statement):  # a query of its own, as in `exists(select(…))`
                known.extend(_inside(frame, node))
    return tuple(items), tuple(labels), known


def _inside(frame: Frame, node: ast.expr) -> list[Value]:
    """What a function over columns reads from: `func.count(User.id)`."""
    from instar_lint.python.conditions import quiet  # noqa: PLC0415 - shared with the coverage reading

    parts = (
        [n for n in ast.walk(node) if isinstance(n, ast.Attribute | ast.Name)][:12]
        if isinstance(node, ast.Call)
        else []
    )
    found: list[Value] = [quiet(frame, part) for part in parts]
    found = [value for value in found if isinstance(value, Entity | ColumnOf | StoredColumn)]
    return found[:1]


def _label(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(attr="label"), args=[ast.Constant(value=str(label))]):
            return label
        case _:
            return ""


def with_items(statement: Statement, items: tuple[Value, ...], known: list[Value]) -> Statement:
    """The statement that selects these items, `known` of them mapped."""
    roots = [
        Entity(v.cls)
        if isinstance(v, ColumnOf)
        else TableOf(v.table, v.namespace)
        if isinstance(v, StoredColumn)
        else v
        for v in known
    ]
    root = statement.root or (roots[0] if roots else None)
    loads = bool(items) and isinstance(items[0], Instance | TableOf)
    many = len(dict.fromkeys(roots)) > 1
    return replace(
        statement,
        items=items,
        root=root,
        last=statement.last or root,
        loads=loads,
        joined=statement.joined or many,
    )
