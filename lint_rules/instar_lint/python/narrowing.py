"""What a condition tells about the variables in the branch where it holds."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.annotations import class_value, instance_of
from instar_lint.python.values import NOTHING, UNKNOWN, OneOf, Value, joined, options_of

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


def assume(frame: Frame, test: ast.expr, *, holds: bool) -> None:
    """Narrow the variables by a condition that holds, or does not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            assume(frame, operand, holds=not holds)
        case ast.BoolOp(op=ast.And(), values=values) if holds:
            for value in values:
                assume(frame, value, holds=True)
        case ast.BoolOp(op=ast.Or(), values=values) if not holds:
            for value in values:
                assume(frame, value, holds=False)
        case ast.Call(func=ast.Name(id="isinstance"), args=[subject, classes]) if holds:
            _narrow(frame, subject, _named(frame, classes))
        case ast.Call(func=ast.Name(id="isinstance"), args=[subject, classes]):
            _exclude(frame, subject, _named(frame, classes))
        case _:
            pass


def _narrow(frame: Frame, subject: ast.expr, value: Value) -> None:
    name = path_of(subject)
    if name is not None and value != UNKNOWN:
        frame.env[name] = value


def _exclude(frame: Frame, subject: ast.expr, value: Value) -> None:
    """Where a value is no instance of a class, that option falls away."""
    name = path_of(subject)
    known = frame.env.get(name) if name is not None else None
    if name is not None and isinstance(known, OneOf):
        excluded = options_of(value)
        frame.env[name] = joined([option for option in known.options if option not in excluded])


def _named(frame: Frame, classes: ast.expr) -> Value:
    if isinstance(classes, ast.Tuple):
        return joined([instance_of(class_value(frame, part)) for part in classes.elts])
    if isinstance(classes, ast.BinOp):
        return joined([_named(frame, classes.left), _named(frame, classes.right)])
    value = instance_of(class_value(frame, classes))
    return UNKNOWN if value == NOTHING else value


def path_of(node: ast.expr) -> str | None:
    """A variable, or a dotted path from one (`self.project`): what the environment can keep a value under."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = path_of(node.value)
        return f"{base}.{node.attr}" if base is not None else None
    return None
