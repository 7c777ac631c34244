"""What the names of a revision stand for: statements kept in variables, tables, and mapped classes of its own."""

from __future__ import annotations

import ast

_DEEPEST = 5


class RevisionNames:
    """The assignments of a revision file as they are met, and the tables behind names.

    Args:
        tree: The file, whose own assignments and classes every function sees.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._values: dict[str, ast.expr] = {}
        self._classes: dict[str, str] = {}
        for node in tree.body:
            self.assign(node)
            if isinstance(node, ast.ClassDef):
                self._declare(node)

    def assign(self, node: ast.stmt) -> None:
        """Remember `name = …`; a name that is bound anew from itself stands for what it was built from as well."""
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                self._values[name] = _with_start(value, name, self._values.get(name))
            case ast.ClassDef():
                self._declare(node)
            case _:
                pass

    def value(self, node: ast.expr | None) -> ast.expr | None:
        """What an expression stands for, where it is a name that is known."""
        for _ in range(_DEEPEST):
            if not isinstance(node, ast.Name) or node.id not in self._values:
                break
            node = self._values[node.id]
        return node

    def table(self, node: ast.expr | None) -> str | None:
        """The stored name of the table behind `users`, `users_table` or `User`; the name itself where nothing is known."""
        if not isinstance(node, ast.Name):
            return None
        match self.value(node):
            case ast.Call(
                func=ast.Name(id="table" | "Table") | ast.Attribute(attr="table" | "Table"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                return name
            case ast.Name(id=name):
                return self._classes.get(name, name)
            case _:
                return node.id

    def _declare(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id="__tablename__")], value=ast.Constant(value=str(table))):
                    self._classes[node.name] = table
                case _:
                    pass


def _with_start(value: ast.expr, name: str, before: ast.expr | None) -> ast.expr:
    """`stmt.where(…)` with the call chain that `stmt` stood for until then in its place."""
    match value:
        case ast.Name(id=bound) if bound == name and before is not None:
            return before
        case ast.Call(func=ast.Attribute(value=inner, attr=attribute)):
            start = _with_start(inner, name, before)
            if start is inner:
                return value
            method = ast.copy_location(ast.Attribute(start, attribute, ast.Load()), value.func)
            return ast.copy_location(ast.Call(method, value.args, value.keywords), value)
        case _:
            return value
