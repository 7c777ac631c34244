"""The values of expressions other than attributes and calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.closures import captured
from instar_lint.python.conditions import operator_of
from instar_lint.python.frame import evaluates
from instar_lint.python.names import name_value
from instar_lint.python.narrowing import assume, path_of
from instar_lint.python.strings import listed_names, read_item
from instar_lint.python.targets import assign
from instar_lint.python.values import (
    NOTHING,
    PLAIN,
    UNKNOWN,
    ColumnOf,
    Dictionary,
    Entry,
    Many,
    Record,
    Spelling,
    Statement,
    StoredColumn,
    Text,
    Value,
    item_of,
    join,
    joined,
)

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


@evaluates(ast.Name)
def _name(frame: Frame, node: ast.Name) -> Value:
    value = name_value(frame, node.id)
    if value == UNKNOWN and node.id in frame.knowledge.types:
        return frame.knowledge.seeded(node.id)
    return value


@evaluates(ast.Constant)
def _constant(frame: Frame, node: ast.Constant) -> Value:
    if node.value is None:
        return NOTHING
    if isinstance(node.value, str):
        if frame.report is not None and " " in node.value:
            from instar_lint.python.sql import loose_sql  # noqa: PLC0415 - only long strings can be SQL

            loose_sql(frame, node)
        return Text((Spelling(node.value, node, frame.module.path),))
    return PLAIN


@evaluates(ast.JoinedStr)
def _joined_string(frame: Frame, node: ast.JoinedStr) -> Value:
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            frame.value(part.value)
            if part.format_spec is not None:
                frame.value(part.format_spec)
    if frame.report is not None:
        from instar_lint.python.sql import loose_template  # noqa: PLC0415 - only long strings can be SQL

        loose_template(frame, node)
    return PLAIN


@evaluates(ast.Tuple)
def _tuple(frame: Frame, node: ast.Tuple) -> Value:
    if any(isinstance(e, ast.Starred) for e in node.elts):
        return Many(_display(frame, node.elts))
    listed_names(frame, node.elts)
    return Record(tuple(frame.values(node.elts)))


@evaluates(ast.List, ast.Set)
def _list(frame: Frame, node: ast.List | ast.Set) -> Value:
    listed_names(frame, node.elts)
    return Many(_display(frame, node.elts))


def _display(frame: Frame, elements: list[ast.expr]) -> Value:
    found = [
        item_of(frame.value(e.value)) if isinstance(e, ast.Starred) else frame.value(e) for e in elements
    ]
    return joined(found) if found else NOTHING


@evaluates(ast.Dict)
def _dict(frame: Frame, node: ast.Dict) -> Value:
    entries: list[Entry] = []
    complete = True
    values: list[Value] = []
    for key, inner in zip(node.keys, node.values, strict=True):
        value = frame.value(inner)
        if key is None:
            if isinstance(value, Dictionary):
                entries += value.entries
            complete = complete and isinstance(value, Dictionary) and value.complete
            continue
        keyed = frame.value(key)
        values.append(value)
        match keyed:
            case Text(options=options):
                entries += [Entry(s.text, s.node, value, s.path) for s in options]
            case ColumnOf(name=name):
                entries.append(Entry(name, key, value, frame.module.path))
            case _:
                complete = False
    return Dictionary(joined(values) if values else NOTHING, tuple(entries), complete)


@evaluates(ast.BoolOp)
def _bool(frame: Frame, node: ast.BoolOp) -> Value:
    before = frame.env
    frame.env = dict(before)
    results = []
    for part in node.values:
        results.append(frame.value(part))
        assume(frame, part, holds=isinstance(node.op, ast.And))
    frame.env = {**before, **{n: v for n, v in frame.env.items() if n not in before}}
    if isinstance(node.op, ast.And):
        return results[-1]
    return joined(results)


@evaluates(ast.Compare)
def _compare(frame: Frame, node: ast.Compare) -> Value:
    operator, constant = operator_of(node)
    with frame.acting(frame.role, operator if frame.role == "filter" else None, constant=constant):
        frame.values([node.left, *node.comparators])
    return PLAIN


@evaluates(ast.BinOp)
def _binary(frame: Frame, node: ast.BinOp) -> Value:
    left, right = frame.value(node.left), frame.value(node.right)
    if isinstance(left, Many) and isinstance(right, Many):
        return join(left, right)
    if isinstance(left, Many) and isinstance(node.op, ast.Sub | ast.BitAnd):
        return left
    if isinstance(left, Dictionary) and isinstance(right, Dictionary):
        return join(left, right)
    return PLAIN


@evaluates(ast.UnaryOp)
def _unary(frame: Frame, node: ast.UnaryOp) -> Value:
    value = frame.value(node.operand)
    return value if isinstance(value, ColumnOf | StoredColumn) else PLAIN


@evaluates(ast.IfExp)
def _conditional(frame: Frame, node: ast.IfExp) -> Value:
    frame.value(node.test)
    entry = frame.env
    frame.env = dict(entry)
    assume(frame, node.test, holds=True)
    taken = frame.value(node.body)
    frame.env = dict(entry)
    assume(frame, node.test, holds=False)
    other = frame.value(node.orelse)
    frame.env = entry
    return join(taken, other)


@evaluates(ast.NamedExpr)
def _walrus(frame: Frame, node: ast.NamedExpr) -> Value:
    value = frame.value(node.value)
    assign(frame, node.target, value, node.value)
    return value


@evaluates(ast.Await, ast.FormattedValue, ast.Starred)
def _inner(frame: Frame, node: ast.Await | ast.FormattedValue | ast.Starred) -> Value:
    return frame.value(node.value)


@evaluates(ast.Yield)
def _yield(frame: Frame, node: ast.Yield) -> Value:
    value = captured(frame, frame.value(node.value))
    frame.yielded = value if frame.yielded is None else join(frame.yielded, value)
    return UNKNOWN


@evaluates(ast.YieldFrom)
def _yield_from(frame: Frame, node: ast.YieldFrom) -> Value:
    value = item_of(frame.value(node.value))
    frame.yielded = value if frame.yielded is None else join(frame.yielded, value)
    return UNKNOWN


@evaluates(ast.ListComp, ast.SetComp, ast.GeneratorExp)
def _comprehension(frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
    with frame.scoped():
        _generators(frame, node.generators)
        return Many(frame.value(node.elt))


@evaluates(ast.DictComp)
def _dict_comprehension(frame: Frame, node: ast.DictComp) -> Value:
    with frame.scoped():
        _generators(frame, node.generators)
        frame.value(node.key)
        return Dictionary(frame.value(node.value))


def _generators(frame: Frame, generators: list[ast.comprehension]) -> None:
    for generator in generators:
        iterated = frame.value(generator.iter)
        frame.done(iterated)
        assign(frame, generator.target, item_of(iterated), None)
        for condition in generator.ifs:
            frame.value(condition)
            assume(frame, condition, holds=True)


@evaluates(ast.Lambda)
def _lambda(frame: Frame, node: ast.Lambda) -> Value:
    return run_lambda(frame, node, UNKNOWN)


def run_lambda(frame: Frame, node: ast.Lambda, argument: Value) -> Value:
    """Evaluate a lambda's body with its parameters bound: the first to an argument, the rest unknown."""
    names = [p.arg for p in (*node.args.posonlyargs, *node.args.args)]
    bound: dict[str, Value] = dict.fromkeys(names, UNKNOWN)
    if names:
        bound[names[0]] = argument
    with frame.scoped(bound):
        return frame.value(node.body)


@evaluates(ast.Subscript)
def _subscript(frame: Frame, node: ast.Subscript) -> Value:
    base = frame.value(node.value)
    index = frame.value(node.slice)
    read_item(frame, node, base, index)
    path = path_of(node.value)
    if path is not None and f"{path}[]" in frame.env:
        return frame.env[f"{path}[]"]
    return _item(base, index, node.slice)


def _item(base: Value, index: Value, node: ast.expr) -> Value:
    match base:
        case Many(item=item):
            return base if isinstance(node, ast.Slice) else item
        case Record(items=items):
            position = _position(node)
            if position is not None and -len(items) <= position < len(items):
                return items[position]
            return UNKNOWN if position is not None else item_of(base)
        case Dictionary(value=value):
            if isinstance(index, Text):
                named = [e.value for e in base.entries if any(e.key == s.text for s in index.options)]
                return named[-1] if named else value if not base.entries else UNKNOWN
            return value
        case Statement():
            return base if isinstance(node, ast.Slice) else item_of(base)
        case Text():
            return PLAIN
        case _:
            return UNKNOWN


def _position(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _position(node.operand)
        return -inner if inner is not None else None
    return None


@evaluates(ast.Slice)
def _slice(frame: Frame, node: ast.Slice) -> Value:
    for part in (node.lower, node.upper, node.step):
        frame.value(part)
    return PLAIN
