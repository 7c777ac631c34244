"""Syntax newer than the running Python, written in the older way with LibCST; lines stay where they are."""

from __future__ import annotations

import ast

import libcst as cst


def backdate(data: bytes) -> bytes | None:
    """The same file without type parameters, `type` statements, nested f-strings and bare exception lists.

    Args:
        data: A file that the running Python refuses.

    Returns:
        None where LibCST refuses it too.
    """
    try:
        return cst.parse_module(data).visit(_Backdater()).bytes
    except (cst.ParserSyntaxError, cst.CSTValidationError, UnicodeDecodeError, RecursionError, ValueError):
        return None


class _Backdater(cst.CSTTransformer):
    def on_leave(  # type: ignore[override]  # one method for the five kinds of node
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode:
        """The older form of a node, children done."""
        match super().on_leave(original_node, updated_node):
            case cst.ClassDef() | cst.FunctionDef() as definition:
                return definition.with_changes(type_parameters=None)
            case cst.TypeAlias(name=name, value=value):
                return cst.Assign([cst.AssignTarget(name)], value)
            case cst.ExceptHandler(type=cst.Tuple(lpar=[]) as caught) as handler:
                grouped = caught.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
                return handler.with_changes(type=grouped)
            case cst.FormattedString() as formatted:
                return _older_string(formatted)
            case cst.CSTNode() as node:
                return node
            case _:
                return updated_node


def _older_string(formatted: cst.FormattedString) -> cst.BaseExpression:
    """An f-string that the running Python refuses: its value is not known, the lines that it spanned are kept."""
    code = cst.Module([]).code_for_node(formatted)
    try:
        ast.parse(code, mode="eval")
    except (SyntaxError, ValueError):
        return cst.parse_expression("(None" + "\n" * code.count("\n") + ")")
    return formatted
