"""Expressions of Python's own syntax tree to the small form of `syntax`."""

from __future__ import annotations

import ast

from instar.dialects.sqlalchemy.reading import syntax as s

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.MatMult: "@",
    ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.And: "and", ast.Or: "or",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_COMPREHENSIONS: dict[type[ast.AST], str] = {
    ast.ListComp: "list",
    ast.SetComp: "set",
    ast.GeneratorExp: "tuple",
}


def place(node: ast.expr | ast.stmt) -> tuple[int, int]:
    """The 1-based line and column of a node (in UTF-8 bytes, as Python counts them)."""
    return node.lineno, node.col_offset + 1


def lower(node: ast.expr) -> s.Expr:
    """Lower one expression."""
    match node:
        case ast.Name(id=name):
            return s.Name(name, *place(node))
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return s.Const(value) if not isinstance(value, int) or abs(value) < 2**63 else _other(node)
        case ast.Attribute(value=value, attr=name):
            return s.Attr(lower(value), name, *place(node))
        case ast.Call(func=function, args=arguments, keywords=keywords):
            return s.Call(
                lower(function),
                [lower(argument) for argument in arguments],
                [(keyword.arg, lower(keyword.value)) for keyword in keywords],
                *place(node),
            )
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return s.Sequence(type(node).__name__.lower(), [lower(item) for item in items])
        case ast.Dict(keys=keys, values=values):
            lowered = [lower(key) if key is not None else None for key in keys]
            return s.Mapping(lowered, [lower(value) for value in values])
        case ast.Subscript(value=value, slice=ast.Slice(lower=start, upper=stop, step=None)):
            bounds = [lower(bound) if bound is not None else s.Const(None) for bound in (start, stop)]
            return s.Subscript(lower(value), s.Operation(":", bounds, *place(node)), *place(node))
        case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Slice):
            return s.Subscript(lower(value), lower(index), *place(node))
        case ast.Starred(value=value):
            return s.Star(lower(value))
        case ast.NamedExpr(value=value):
            return lower(value)
        case _:
            return _operator(node)


def _operator(node: ast.expr) -> s.Expr:
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            return s.Operation(_SIGNS[type(operator)], [lower(left), lower(right)], *place(node))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return s.Const(-number)
        case ast.UnaryOp(op=operator, operand=operand):
            return s.Operation(_SIGNS[type(operator)], [lower(operand)], *place(node))
        case ast.BoolOp(op=operator, values=values):
            return s.Operation(_SIGNS[type(operator)], [lower(value) for value in values], *place(node))
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return s.Operation(_SIGNS[type(operator)], [lower(left), lower(right)], *place(node))
        case ast.IfExp(test=test, body=body, orelse=other):
            return s.Conditional(lower(test), lower(body), lower(other))
        case ast.JoinedStr(values=parts):
            return _format(node, parts)
        case ast.Lambda(args=arguments, body=body):
            parameters = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
            return s.Lambda(parameters, lower(body), *place(node))
        case _:
            return _comprehension(node)


def _format(node: ast.expr, parts: list[ast.expr]) -> s.Expr:
    lowered = []
    for part in parts:
        if isinstance(part, ast.FormattedValue):
            if not _plain(part.format_spec) or part.conversion not in (-1, 115):
                return _other(node)
            lowered.append(lower(part.value))
        else:
            lowered.append(lower(part))
    return s.Format(lowered)


def _plain(spec: ast.expr | None) -> bool:
    """Whether a format says nothing: `f"{name:s}"`."""
    match spec:
        case None | ast.JoinedStr(values=[]) | ast.JoinedStr(values=[ast.Constant(value="s" | "d")]):
            return True
        case _:
            return False


def _comprehension(node: ast.expr) -> s.Expr:
    match node:
        case (
            ast.ListComp(elt=element, generators=[loop, *inner])
            | ast.SetComp(elt=element, generators=[loop, *inner])
            | ast.GeneratorExp(elt=element, generators=[loop, *inner])
        ) if not loop.is_async:
            kind, value = _COMPREHENSIONS[type(node)], None
            if inner:  # `[x for part in parts for x in part]` spreads what the inner loops give
                element = ast.Starred(ast.copy_location(ast.ListComp(element, inner), element), ast.Load())
        case ast.DictComp(key=element, value=found, generators=[loop]) if not loop.is_async:
            kind, value = "dict", lower(found)
        case _:
            return _other(node)
    conditions = [lower(condition) for condition in loop.ifs]
    return s.Comprehension(kind, lower(element), value, lower(loop.target), lower(loop.iter), conditions)


def _other(node: ast.expr) -> s.Other:
    return s.Other(ast.unparse(node), *place(node))
