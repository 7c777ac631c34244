"""What an assignment binds: variables, attributes, items, tuples of them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.annotations import class_value, instance_of
from instar_lint.python.attributes import write_attribute
from instar_lint.python.context import is_global
from instar_lint.python.narrowing import path_of
from instar_lint.python.strings import write_item
from instar_lint.python.values import UNKNOWN, Dictionary, Entry, Many, Record, Text, Value, item_of, join

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


def assign(frame: Frame, target: ast.expr, value: Value, source: ast.expr | None) -> None:
    """Bind a target; writing an attribute of a row is a fact."""
    match target:
        case ast.Name(id=name):
            forget(frame, name)
            frame.env[name] = value
        case ast.Attribute():
            write_attribute(frame, target)
            _bind_path(frame, target, value)
        case ast.Subscript():
            _assign_item(frame, target, value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            _unpack(frame, elements, value, source)
        case ast.Starred(value=inner):
            assign(frame, inner, value, source)
        case _:
            pass


def forget(frame: Frame, name: str) -> None:
    """A variable that is bound anew takes what was known about its attributes with it."""
    prefix = f"{name}."
    for path in [path for path in frame.env if path.startswith(prefix)]:
        del frame.env[path]


def _bind_path(frame: Frame, target: ast.Attribute, value: Value) -> None:
    path = path_of(target)
    if path is None:
        return
    forget(frame, path)
    frame.env[path] = value
    if isinstance(target.value, ast.Name) and target.value.id == frame.self_name:
        known = frame.self_attributes
        known[target.attr] = join(known[target.attr], value) if target.attr in known else value
    if is_global(target):
        shared = frame.global_attributes
        shared[target.attr] = join(shared[target.attr], value) if target.attr in shared else value


def _assign_item(frame: Frame, target: ast.Subscript, value: Value) -> None:
    base = frame.value(target.value)
    index = frame.value(target.slice)
    write_item(frame, target, base, index)
    path = path_of(target.value)
    if path is None:
        return
    if isinstance(base, Dictionary):
        entries = base.entries
        if isinstance(index, Text):
            entries = (*entries, *(Entry(s.text, s.node, value, s.path) for s in index.options))
        complete = base.complete and isinstance(index, Text)
        frame.env[path] = Dictionary(join(base.value, value), entries, complete)
    elif isinstance(base, Many):
        frame.env[path] = Many(join(base.item, value))


def _unpack(frame: Frame, elements: list[ast.expr], value: Value, source: ast.expr | None) -> None:
    starred = next((n for n, element in enumerate(elements) if isinstance(element, ast.Starred)), None)
    items: list[Value]
    if isinstance(value, Record) and starred is None and len(value.items) == len(elements):
        items = list(value.items)
    elif isinstance(value, Record) and starred is not None:
        tail = len(elements) - starred - 1
        middle = Many(item_of(Record(value.items[starred : len(value.items) - tail])))
        items = [*value.items[:starred], middle, *value.items[len(value.items) - tail :]]
    else:
        each = item_of(value) if isinstance(value, Many) else UNKNOWN
        items = [Many(each) if isinstance(element, ast.Starred) else each for element in elements]
    for element, item in zip(elements, items, strict=False):
        assign(frame, element, item, source)


def bind_exception(frame: Frame, handler: ast.ExceptHandler) -> None:
    """The name of an `except … as name`."""
    if handler.name is not None:
        forget(frame, handler.name)
        frame.env[handler.name] = instance_of(class_value(frame, handler.type)) if handler.type else UNKNOWN


def delete(frame: Frame, target: ast.expr) -> None:
    """`del` forgets a variable."""
    if isinstance(target, ast.Name):
        forget(frame, target.id)
        frame.env[target.id] = UNKNOWN
    elif isinstance(target, ast.Attribute | ast.Subscript):
        frame.value(target.value)
