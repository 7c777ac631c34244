"""Imports inside functions: they bind variables of the function."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.names import imported_value
from instar_lint.python.values import Module

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


def bind_import(frame: Frame, node: ast.Import | ast.ImportFrom) -> None:
    """Bind what an import statement brings into the function's variables."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name if alias.asname else alias.name.split(".")[0]
            frame.env[alias.asname or top] = Module(top)
        return
    base = frame.module.absolute(node)
    for alias in node.names:
        if alias.name != "*":
            frame.env[alias.asname or alias.name] = imported_value(frame.knowledge, base, alias.name)
