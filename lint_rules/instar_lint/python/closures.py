"""Functions that are defined inside functions, as values: a factory that a fixture or a decorator returns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from instar_lint.python.values import Closure, Unknown, Value

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


def captured(frame: Frame, value: Value) -> Value:
    """An inner function that leaves its frame, or is called in it, with the variables that it names."""
    if not isinstance(value, Closure) or value.names is not None:
        return value
    wanted = {n.id for n in ast.walk(value.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    names = tuple(
        (name, frame.env[name])
        for name in sorted(wanted)
        if name in frame.env and not isinstance(frame.env[name], Unknown | Closure)
    )
    return msgspec.structs.replace(value, names=names)
