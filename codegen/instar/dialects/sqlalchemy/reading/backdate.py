"""Syntax newer than the running Python, written in the older way with LibCST; lines stay where they are."""

from __future__ import annotations

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
    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: ARG002
        return updated_node.with_changes(type_parameters=None)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:  # noqa: ARG002
        return updated_node.with_changes(type_parameters=None)

    def leave_TypeAlias(self, original_node: cst.TypeAlias, updated_node: cst.TypeAlias) -> cst.Assign:  # noqa: ARG002
        return cst.Assign([cst.AssignTarget(updated_node.name)], updated_node.value)

    def leave_ExceptHandler(
        self,
        original_node: cst.ExceptHandler,  # noqa: ARG002
        updated_node: cst.ExceptHandler,
    ) -> cst.ExceptHandler:
        caught = updated_node.type
        if isinstance(caught, cst.Tuple) and not caught.lpar:
            caught = caught.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return updated_node.with_changes(type=caught)

    def leave_FormattedString(
        self,
        original_node: cst.FormattedString,  # noqa: ARG002
        updated_node: cst.FormattedString,
    ) -> cst.BaseExpression:
        code = cst.Module([]).code_for_node(updated_node)
        try:
            compile(code, "", "eval", dont_inherit=True, flags=0x400)  # ast.PyCF_ONLY_AST: nothing is run
        except (SyntaxError, ValueError):
            # The value is not known; the lines that the string spanned are kept.
            return cst.parse_expression("(None" + "\n" * code.count("\n") + ")")
        return updated_node
