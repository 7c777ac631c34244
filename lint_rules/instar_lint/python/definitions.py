"""What a body defines: its statements, seen through `if`, `try` and `with`, the functions that count, and classes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.python.module_node import ModuleNode

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
LOOSE = "()"
"""How the part of a module is called that binds no name: its expressions."""


class ClassNode:
    """A class statement: its methods and the names that its body binds."""

    __slots__ = ("assigned", "methods", "module", "name", "node")

    def __init__(self, module: ModuleNode, name: str, node: ast.ClassDef) -> None:
        self.module = module
        self.name = name
        self.node = node
        self.methods: dict[str, AnyFunction] = {}
        self.assigned: dict[str, ast.Assign | ast.AnnAssign] = {}
        for statement in flat(node.body):
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    if not is_overload(statement) and not is_setter(statement):
                        self.methods[statement.name] = statement
                case ast.AnnAssign(target=ast.Name(id=target)):
                    self.assigned[target] = statement
                case ast.Assign(targets=targets):
                    self.assigned.update({t.id: statement for t in targets if isinstance(t, ast.Name)})
                case _:
                    pass

    @property
    def qualified(self) -> str:
        """The name by which values name it."""
        return f"{self.module.name}.{self.name}"


def bound_names(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """What statements bind, as the parts of a module are called."""
    for statement in flat(statements):
        match statement:
            case ast.Import() | ast.ImportFrom():
                for alias in statement.names:
                    yield alias.asname or (
                        alias.name.split(".")[0] if isinstance(statement, ast.Import) else alias.name
                    )
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.Expr():
                yield LOOSE
            case _:
                pass


def flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body with those of its `if`, `try` and `with` blocks, which bind the same names."""
    for statement in body:
        yield statement
        match statement:
            case ast.If() | ast.With():
                yield from flat(statement.body)
                yield from flat(getattr(statement, "orelse", []))
            case ast.Try():
                for part in (statement.body, statement.orelse, statement.finalbody):
                    yield from flat(part)
                for handler in statement.handlers:
                    yield from flat(handler.body)
            case _:
                pass


def is_overload(function: AnyFunction) -> bool:
    """Whether it only declares one way to call a function."""
    return any(_last_name(d) == "overload" for d in function.decorator_list)


def is_setter(function: AnyFunction) -> bool:
    """Whether it belongs to a property or hybrid whose reading another function defines."""
    names = ("setter", "deleter", "expression", "inplace", "update_expression", "comparator")
    return any(_last_name(d) in names and isinstance(d, ast.Attribute) for d in function.decorator_list)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
