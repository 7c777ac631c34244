"""Alembic revisions as the rules INS401 to INS407 see them: what `upgrade()` calls, and what its SQL does.

Read from `ast`; nothing is run. What a revision computes at run time is not claimed.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from instar.schema.model import Place
from instar_lint.revision_ddl import written_operation
from instar_lint.revision_names import RevisionNames
from instar_lint.revision_statements import Loop, Statement, core_statement, sql_of, statement_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class OperationCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of an Alembic operation.

    Attributes:
        name: Such as `add_column`.
        place: Where it stands.
        table: The stored name of the table that it is about.
        namespace: The table's namespace where the call gives one.
        column: The stored name of the column, where it is about one.
        keywords: The names of the keyword arguments that are the literal True.
        autocommit: Whether it stands inside `autocommit_block()`.
    """

    name: str
    place: Place
    table: str | None = None
    namespace: str | None = None
    column: str | None = None
    keywords: frozenset[str] = frozenset()
    autocommit: bool = False


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One revision file, or one of the functions that revisions and backfills compute values with.

    Attributes:
        path: The file, relative to the repository root.
        text: Its source.
        identifier: Its revision id; empty for a file of compute functions.
        upgrade: The operations that `upgrade()` calls, in order.
        statements: The data statements of `upgrade()`, in order.
        placeholders: Where `upgrade()`, or a compute function, raises `NotImplementedError`.
        functions: The functions that run: `upgrade`, or the compute functions.
    """

    path: str
    text: str
    identifier: str
    upgrade: tuple[OperationCall, ...]
    statements: tuple[Statement, ...]
    placeholders: tuple[Place, ...] = ()
    functions: tuple[str, ...] = ("upgrade",)

    @property
    def created(self) -> frozenset[str]:
        """The tables that it creates: nothing else knows them yet."""
        return frozenset(call.table for call in self.upgrade if call.name == "create_table" and call.table)

    def fills(self, table: str, column: str) -> bool:
        """Whether one of its statements writes a column."""
        return any(
            s.kind == "update" and s.table in {table, None} and column in s.targets for s in self.statements
        )


def parse_revision(text: str, path: str) -> Revision | None:
    """Read a revision, or give None where the file is none or does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    identifier = _constant(tree, "revision")
    if identifier is None or not _assigned(tree, "down_revision"):
        return None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    reader = _Reader(path, functions, RevisionNames(tree))
    if "upgrade" in functions:
        reader.block(functions["upgrade"].body)
    return Revision(
        path=path,
        text=text,
        identifier=identifier,
        upgrade=tuple(reader.calls),
        statements=tuple(reader.statements),
        placeholders=tuple(reader.placeholders),
    )


def parse_compute(text: str, path: str, names: Iterable[str]) -> Revision | None:
    """Read a file of compute functions, or give None where it does not parse.

    Args:
        text: Its source.
        path: Where it is.
        names: The functions that backfills call.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    reader = _Reader(path, functions, RevisionNames(tree))
    wanted = tuple(sorted(names))
    for name in wanted:
        if name in functions:
            reader.block(functions[name].body)
    return Revision(
        path=path,
        text=text,
        identifier="",
        upgrade=(),
        statements=(),
        placeholders=tuple(dict.fromkeys(reader.placeholders)),
        functions=wanted,
    )


def parse_again(revision: Revision, text: str) -> Revision | None:
    """The same file with other content, such as that of an unsaved buffer."""
    if revision.identifier:
        return parse_revision(text, revision.path)
    return parse_compute(text, revision.path, revision.functions)


def _assigned(tree: ast.Module, name: str) -> ast.expr | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value = getattr(node, "value", None)
            return value if isinstance(value, ast.expr) else None
    return None


def _constant(tree: ast.Module, name: str) -> str | None:
    value = _assigned(tree, name)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


class _Reader:
    """Walks `upgrade()` and the functions of the file that it calls, keeping the loops that it is inside of."""

    def __init__(self, path: str, functions: dict[str, ast.FunctionDef], names: RevisionNames) -> None:
        self.path = path
        self.names = names
        self.functions = functions
        self.calls: list[OperationCall] = []
        self.statements: list[Statement] = []
        self.placeholders: list[Place] = []
        self._loop: Loop = ""
        self._autocommit = False
        self._batch: dict[str, tuple[str | None, str | None]] = {}
        self._open: set[str] = set()

    def block(self, body: list[ast.stmt]) -> None:
        for node in body:
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.With(items=items, body=body):
                before = self._autocommit
                for item in items:
                    self._context(item)
                self.block(body)
                self._autocommit = before
            case ast.While(body=body, test=test):
                self._expression(test)
                self._within("batches", body)
            case ast.For(body=body, iter=iterated):
                self._expression(iterated)
                self._mapped_rows(node)
                self._within("batches" if _counts(iterated) else "rows", body)
            case ast.If(body=body, orelse=orelse, test=test):
                self._expression(test)
                self.block(body)
                self.block(orelse)
            case ast.Try(body=body, finalbody=finalbody):
                self.block(body)
                self.block(finalbody)
            case ast.Raise(exc=ast.expr() as raised) if "NotImplementedError" in ast.unparse(raised):
                self.placeholders.append(Place(self.path, node.lineno, node.col_offset + 1))
            case ast.FunctionDef():
                pass
            case ast.ClassDef():
                self.names.assign(node)
            case _:
                self._expression(node)
                self.names.assign(node)

    def _within(self, loop: Loop, body: list[ast.stmt]) -> None:
        before, self._loop = self._loop, self._loop if self._loop == "batches" else loop
        self.block(body)
        self._loop = before

    def _context(self, item: ast.withitem) -> None:
        call = item.context_expr
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return
        if call.func.attr == "autocommit_block":
            self._autocommit = True
        elif call.func.attr == "batch_alter_table" and isinstance(item.optional_vars, ast.Name):
            self._batch[item.optional_vars.id] = (_argument(call, 0), _keyword(call, "schema"))

    def _expression(self, node: ast.AST) -> None:
        for call in _outermost_first(node):
            name = call.func
            if isinstance(name, ast.Name) and name.id in self.functions and name.id not in self._open:
                self._open.add(name.id)
                self.block(self.functions[name.id].body)
                self._open.discard(name.id)
            elif (
                isinstance(name, ast.Attribute)
                and name.attr in {"execute", "scalar", "scalars"}
                and call.args
            ):
                self._executed(call.args[0])
            elif (
                isinstance(name, ast.Attribute) and name.attr in {"update", "delete"} and _queried(name.value)
            ):
                place = Place(self.path, name.end_lineno or call.lineno, call.col_offset + 1)
                self._add(core_statement(call, place, self.names))
            elif isinstance(name, ast.Attribute) and isinstance(name.value, ast.Name):
                self._operation(call, name.value.id, name.attr)

    def _operation(self, call: ast.Call, receiver: str, name: str) -> None:
        if receiver != "op" and receiver not in self._batch:
            return
        if receiver in self._batch:
            table, namespace = self._batch[receiver]
            column = _argument(call, 0) if name in {"drop_column", "alter_column"} else None
        else:
            at = 1 if name in {"create_index", "create_unique_constraint", "create_foreign_key"} else 0
            table, namespace = _argument(call, at), _keyword(call, "schema")
            column = _argument(call, 1) if name in {"drop_column", "alter_column"} else None
        if name == "add_column":
            column = _column_name(call)
        true = {k.arg for k in call.keywords if isinstance(k.value, ast.Constant) and k.value.value is True}
        self.calls.append(
            OperationCall(
                name=name,
                place=Place(self.path, call.lineno, call.col_offset + 1),
                table=table,
                namespace=namespace,
                column=column,
                keywords=frozenset(k for k in true if k),
                autocommit=self._autocommit,
            )
        )

    def _executed(self, argument: ast.expr) -> None:
        place = Place(self.path, argument.lineno, argument.col_offset + 1)
        self._add(statement_of(argument, place, self.names))
        sql = sql_of(argument, self.names)
        written = written_operation(sql) if sql is not None else None
        if written is not None:
            self.calls.append(
                OperationCall(
                    name=written.name,
                    place=place,
                    table=written.table,
                    keywords=frozenset(["postgresql_concurrently"] if written.concurrently else []),
                    autocommit=self._autocommit,
                )
            )

    def _add(self, found: Statement | None, loop: Loop | None = None) -> None:
        if found:
            loop = self._loop if loop is None else loop
            self.statements.append(msgspec.structs.replace(found, loop=loop, autocommit=self._autocommit))

    def _mapped_rows(self, node: ast.For) -> None:
        """`for user in session.query(User): user.name = …` is one UPDATE a row when the session flushes."""
        entity = _queried(self.names.value(node.iter))
        if entity is None or not isinstance(node.target, ast.Name) or self._loop == "batches":
            return
        for part in (inner for statement in node.body for inner in ast.walk(statement)):
            match part:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=field) as target]) if (
                    name == node.target.id
                ):
                    place = Place(self.path, target.lineno, target.col_offset + 1)
                    table = self.names.table(entity)
                    self._add(Statement(kind="update", place=place, table=table, targets=(field,)), "rows")
                    return
                case _:
                    pass


def _queried(node: ast.expr | None) -> ast.expr | None:
    """The class that `session.query(User)…` or `session.scalars(select(User)…)` asks for."""
    while isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"query", "select"} and node.args:
            return node.args[0] if isinstance(node.args[0], ast.Name) else None
        if name in {"scalars", "execute"} and node.args:
            node = node.args[0]
        else:
            node = node.func.value if isinstance(node.func, ast.Attribute) else None
    return None


def _outermost_first(node: ast.AST) -> Iterator[ast.Call]:
    """The calls of an expression; what `execute` is given is read as a whole by its caller."""
    if isinstance(node, ast.Call):
        yield node
        inner: list[ast.AST] = [node.func, *(k.value for k in node.keywords)]
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "execute"):
            inner += node.args
    elif isinstance(node, ast.Lambda):
        return
    else:
        inner = list(ast.iter_child_nodes(node))
    for child in inner:
        yield from _outermost_first(child)


def _counts(iterated: ast.expr) -> bool:
    """Whether a `for` goes over numbers or portions, as a loop over batches does."""
    if not isinstance(iterated, ast.Call):
        return False
    function = iterated.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "range" or any(word in name.lower() for word in ("batch", "chunk", "partition"))


def _argument(call: ast.Call, position: int) -> str | None:
    named = {0: "table_name", 1: "column_name"}.get(position, "")
    value = call.args[position] if position < len(call.args) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return _keyword(call, named)


def _keyword(call: ast.Call, name: str) -> str | None:
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return keyword.value.value if isinstance(keyword.value.value, str) else None
    return None


def _column_name(call: ast.Call) -> str | None:
    for argument in call.args:
        if isinstance(argument, ast.Call) and argument.args and ast.unparse(argument.func).endswith("Column"):
            first = argument.args[0]
            return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    return None
