"""Methods of lists, results and dictionaries, as far as they tell what comes out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.queries import entity_query, evaluate_arguments, method, result_method
from instar_lint.python.values import (
    PLAIN,
    UNKNOWN,
    Dictionary,
    Entity,
    Entry,
    Instance,
    Many,
    Record,
    Text,
    Value,
    item_of,
    join,
)

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame

_RESULTS = frozenset(
    [
        "scalars",
        "scalar",
        "scalar_one",
        "scalar_one_or_none",
        "mappings",
        "all",
        "first",
        "one",
        "one_or_none",
        "fetchall",
        "fetchone",
        "fetchmany",
        "columns",
        "unique",
        "tuples",
        "partitions",
        "yield_per",
        "first_or_404",
        "get",
    ]
)
_QUERIES = frozenset(
    [
        "filter",
        "filter_by",
        "order_by",
        "options",
        "limit",
        "offset",
        "join",
        "outerjoin",
        "where",
        "select",
        "with_entities",
        "count",
    ]
)
_ITEMS = frozenset(["pop", "popleft", "__getitem__", "__next__", "next", "last"])
_SAME = frozenset(
    ["copy", "difference", "intersection", "symmetric_difference", "union", "__iter__", "__aiter__", "items"]
)
_ADDING = frozenset(["append", "add", "extend", "insert", "update", "appendleft", "extendleft"])


def many_method(frame: Frame, node: ast.Call, base: Many, name: str) -> Value:
    """What a method of a list, set or result gives; a dynamic relationship is a query."""
    if name in _QUERIES and isinstance(base.item, Instance):
        return method(frame, node, entity_query(Entity(base.item.cls), node), name)
    values = evaluate_arguments(frame, node)
    if name in _RESULTS:
        return result_method(base, name)
    if name in _ITEMS:
        return base.item
    if name == "sort":
        sort_key(frame, node, base.item)
    if name in _ADDING and isinstance(node.func, ast.Attribute):
        _grow(frame, node.func.value, base, name, values)
    if name in _SAME:
        return join(base, values[0]) if name == "union" and values and isinstance(values[0], Many) else base
    return UNKNOWN


def _grow(frame: Frame, target: ast.expr, base: Many, name: str, values: list[Value]) -> None:
    from instar_lint.python.narrowing import path_of  # noqa: PLC0415 - narrowing needs annotations

    path = path_of(target)
    if path is None or path not in frame.env or not values:
        return
    added = item_of(values[0]) if name in ("extend", "update", "extendleft") else values[-1]
    frame.env[path] = Many(join(base.item, added))


def sort_key(frame: Frame, node: ast.Call, item: Value) -> None:
    """`sorted(users, key=lambda user: user.name)`: the key's parameter is an item."""
    for keyword in node.keywords:
        if keyword.arg == "key":
            apply_function(frame, keyword.value, item)


def apply_function(frame: Frame, function: ast.expr, item: Value) -> Value:
    """What a function that is passed as an argument gives for an item: a lambda, `attrgetter`, a method."""
    from instar_lint.python.strings import named_by_text  # noqa: PLC0415 - strings need attributes

    match function:
        case ast.Lambda():
            from instar_lint.python.expressions import run_lambda  # noqa: PLC0415 - expressions need calls

            return run_lambda(frame, function, item)
        case ast.Call(func=ast.Name(id="attrgetter") | ast.Attribute(attr="attrgetter"), args=arguments):
            for argument in arguments:
                value = frame.value(argument)
                if isinstance(value, Text):
                    named_by_text(frame, item, value, argument, "read")
            return UNKNOWN
        case _:
            return UNKNOWN


def dictionary_method(frame: Frame, node: ast.Call, base: Dictionary, name: str) -> Value:
    """What a method of a mapping gives."""
    values = evaluate_arguments(frame, node)
    match name:
        case "values":
            return Many(base.value)
        case "items":
            return Many(Record((PLAIN if not base.entries else item_of(base), base.value)))
        case "keys":
            return Many(item_of(base))
        case "get" | "pop" | "setdefault":
            key = values[0] if values else UNKNOWN
            if name == "setdefault" and isinstance(key, Text):
                _keep(frame, node, base, key, values[1] if len(values) > 1 else UNKNOWN)
            named = [e.value for e in base.entries if isinstance(key, Text) and e.key == key.options[0].text]
            return named[-1] if named else base.value
        case "copy":
            return base
        case "update":
            _update(frame, node, base, values)
            return PLAIN
        case _:
            return UNKNOWN


def _keep(frame: Frame, node: ast.Call, base: Dictionary, key: Text, value: Value) -> None:
    from instar_lint.python.narrowing import path_of  # noqa: PLC0415 - narrowing needs annotations

    path = path_of(node.func.value) if isinstance(node.func, ast.Attribute) else None
    if path is not None:
        added = tuple(Entry(s.text, s.node, value, s.path) for s in key.options)
        frame.env[path] = Dictionary(join(base.value, value), (*base.entries, *added), base.complete)


def _update(frame: Frame, node: ast.Call, base: Dictionary, values: list[Value]) -> None:
    from instar_lint.python.narrowing import path_of  # noqa: PLC0415 - narrowing needs annotations

    path = path_of(node.func.value) if isinstance(node.func, ast.Attribute) else None
    if path is None:
        return
    result = base
    for value in values:
        if isinstance(value, Dictionary):
            result = Dictionary(
                join(result.value, value.value),
                (*result.entries, *value.entries),
                result.complete and value.complete,
            )
        else:
            result = Dictionary(UNKNOWN, result.entries)
    added = tuple(Entry(k.arg, k, UNKNOWN, frame.module.path) for k in node.keywords if k.arg)
    frame.env[path] = Dictionary(result.value, (*result.entries, *added), result.complete)
