"""Annotations written as strings, taken out of their quotes."""

from __future__ import annotations

import ast

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.lower_expressions import lower


def unquote(annotation: s.Expr) -> s.Expr:
    """`"Mapped[User]"` and `Mapped["User"]` as if written without quotes; `Literal["a"]` keeps its own."""
    match annotation:
        case s.Const(value=str() as text):
            return _parsed(text) or annotation
        case s.Subscript(value=value, index=index, line=line, column=column):
            name = value.name if isinstance(value, s.Attr) else value.id if isinstance(value, s.Name) else ""
            if name == "Literal":
                return annotation
            if name == "Annotated" and isinstance(index, s.Sequence) and index.items:
                inner: s.Expr = s.Sequence("tuple", [unquote(index.items[0]), *index.items[1:]])
            else:
                inner = unquote(index)
            return s.Subscript(unquote(value), inner, line, column)
        case s.Sequence(kind=kind, items=items):
            return s.Sequence(kind, [unquote(item) for item in items])
        case s.Operation(operator="|", operands=operands, line=line, column=column):
            return s.Operation("|", [unquote(operand) for operand in operands], line, column)
        case _:
            return annotation


def _parsed(text: str) -> s.Expr | None:
    try:
        return unquote(lower(ast.parse(text.strip(), mode="eval").body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
