"""Python's own syntax tree to the small form of `syntax`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.annotations import unquote
from instar.dialects.sqlalchemy.reading.lower_expressions import lower, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RUN_DECORATORS = frozenset(
    {"declared_attr", "classmethod", "staticmethod", "cascading", "directive", "compiles"}
)
_RUN_NAMES = frozenset(
    {
        "__tablename__",
        "__table_args__",
        "__mapper_args__",
        "__init_subclass__",
        "__init__",
        "load_dialect_impl",
        "get_col_spec",
    }
)
_LONGEST_FUNCTION = 40


def lower_module(tree: ast.Module) -> s.Module:
    """Lower a whole file. Names, classes and short functions are kept; statements without part in a model are not."""
    return s.Module(list(_statements(tree.body, in_class=False)))


def _statements(body: Iterable[ast.stmt], *, in_class: bool) -> Iterator[s.Statement]:
    for node in body:
        yield from _statement(node, in_class=in_class)


def _statement(node: ast.stmt, *, in_class: bool) -> Iterator[s.Statement]:
    match node:
        case ast.Assign():
            value = lower(node.value)
            for target in node.targets:
                yield from _bind(target, value)
        case ast.AnnAssign(target=ast.Name(id=name)):
            assigned = lower(node.value) if node.value is not None else None
            yield s.Bind(name, assigned, unquote(lower(node.annotation)), None, *place(node))
        case ast.AugAssign(target=ast.Name(id=name)):
            sign = lower(
                ast.BinOp(left=ast.Constant(0), op=node.op, right=ast.Constant(0), lineno=1, col_offset=0)
            )
            yield s.Bind(
                name,
                lower(node.value),
                None,
                sign.operator if isinstance(sign, s.Operation) else "?",
                *place(node),
            )
        case ast.ClassDef():
            yield _class(node)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield _function(node, in_class=in_class)
        case _:
            yield from _other(node, in_class=in_class)


def _other(node: ast.stmt, *, in_class: bool) -> Iterator[s.Statement]:
    match node:
        case ast.Import():
            yield from (s.Import(alias.name, alias.asname) for alias in node.names)
        case ast.ImportFrom():
            names = [(alias.name, alias.asname or alias.name) for alias in node.names]
            yield s.ImportFrom(node.module or "", node.level, names)
        case ast.Return():
            yield s.Return(lower(node.value) if node.value is not None else None)
        case ast.Expr(value=ast.Constant()):
            pass
        case ast.Expr():
            yield s.Evaluate(lower(node.value))
        case ast.Raise() | ast.Break() | ast.Continue():
            yield s.Stop()
        case _:
            yield from _block(node, in_class=in_class)


def _block(node: ast.stmt, *, in_class: bool) -> Iterator[s.Statement]:
    def inside(body: Iterable[ast.stmt]) -> list[s.Statement]:
        return list(_statements(body, in_class=in_class))

    match node:
        case ast.If():
            yield s.If(lower(node.test), inside(node.body), inside(node.orelse))
        case ast.For():
            yield s.For(lower(node.target), lower(node.iter), inside(node.body))
        case ast.With():
            yield from inside(node.body)
        case ast.Try() | ast.TryStar():
            handlers = [statement for handler in node.handlers for statement in inside(handler.body)]
            yield s.Try(inside([*node.body, *node.orelse, *node.finalbody]), handlers)
        case ast.While():
            yield s.Try([], inside(node.body))
        case _:
            pass


def _bind(target: ast.expr, value: s.Expr) -> Iterator[s.Statement]:
    match target:
        case ast.Name(id=name):
            yield s.Bind(name, value, None, None, *place(target))
        case ast.Attribute(value=owner, attr=name):
            yield s.BindAttribute(lower(owner), name, value, *place(target))
        case ast.Subscript(value=owner, slice=key) if not isinstance(key, ast.Slice):
            setter = s.Attr(lower(owner), "__setitem__", *place(target))
            yield s.Evaluate(s.Call(setter, [lower(key), value], [], *place(target)))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for position, part in enumerate(parts):
                if isinstance(part, ast.Starred):
                    return
                yield from _bind(part, s.Subscript(value, s.Const(position), *place(part)))
        case _:
            pass


def _class(node: ast.ClassDef) -> s.Class:
    return s.Class(
        node.name,
        [lower(base) for base in node.bases],
        [(keyword.arg, lower(keyword.value)) for keyword in node.keywords],
        [lower(decorator) for decorator in node.decorator_list],
        list(_statements(node.body, in_class=True)),
        *place(node),
    )


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, *, in_class: bool) -> s.Function:
    decorators = [lower(decorator) for decorator in node.decorator_list]
    body = None
    if _runs(node, decorators, in_class=in_class):
        body = list(_statements(node.body, in_class=False))
    return s.Function(
        node.name,
        list(_parameters(node.args)),
        decorators,
        unquote(lower(node.returns)) if node.returns is not None else None,
        body,
        *place(node),
        list(_classes(node.body)) if body is None else [],
    )


def _classes(body: Iterable[ast.stmt]) -> Iterator[s.Class]:
    """The class statements of a function, those in its blocks and inner functions included."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield _class(node)
        elif not isinstance(node, ast.Expr | ast.Assign | ast.Return):
            for name in ("body", "orelse", "finalbody"):
                yield from _classes(getattr(node, name, ()))


def _runs(node: ast.FunctionDef | ast.AsyncFunctionDef, decorators: list[s.Expr], *, in_class: bool) -> bool:
    """Whether a function can take part in defining a model."""
    if isinstance(node, ast.AsyncFunctionDef) or len(node.body) > _LONGEST_FUNCTION:
        return False
    if not in_class or node.name in _RUN_NAMES:
        return True
    names = {d.name if isinstance(d, s.Attr) else d.id if isinstance(d, s.Name) else "" for d in decorators}
    return bool(names & _RUN_DECORATORS) or any(
        "declared" in name or "classproperty" in name for name in names
    )


def _parameters(arguments: ast.arguments) -> Iterator[s.Parameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    for position, argument in enumerate(positional):
        default = arguments.defaults[position - missing] if position >= missing else None
        yield s.Parameter(argument.arg, lower(default) if default is not None else None)
    if arguments.vararg is not None:
        yield s.Parameter(arguments.vararg.arg, None, "*")
    for argument, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield s.Parameter(argument.arg, lower(keyword_default) if keyword_default is not None else None)
    if arguments.kwarg is not None:
        yield s.Parameter(arguments.kwarg.arg, None, "**")
