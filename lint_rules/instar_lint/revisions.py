"""Alembic revisions as the rules INS401 to INS407 see them: what `upgrade()` calls, and what its SQL does.

Read from `ast`; nothing is run. What a revision computes at run time is not claimed.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar.schema.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERATED = "# instar: generated"

Loop: TypeAlias = Literal["", "rows", "batches"]


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


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One data statement: raw SQL, or a Core construct.

    Attributes:
        kind: What it does.
        place: Where it stands.
        table: The stored name of the table, where it can be read.
        targets: The stored names of the columns that it sets.
        where: Its condition as text; None where it has none.
        values: What it sets, as text.
        limit: The literal number of rows that it stops after.
        loop: The kind of loop that it stands in.
    """

    kind: Literal["update", "delete"]
    place: Place
    table: str | None = None
    targets: tuple[str, ...] = ()
    where: str | None = None
    values: str = ""
    limit: int | None = None
    loop: Loop = ""

    @property
    def guarded(self) -> bool:
        """Whether its condition leaves out rows that it has already rewritten."""
        condition = (self.where or "").lower()
        tests = ("is null", "is distinct", "is_(none)", "== none", "!=", "<>", " not ", "exists")
        return any(test in condition for test in tests) or any(t.lower() in condition for t in self.targets)

    @property
    def bounded(self) -> bool:
        """Whether it names the rows that it is about by more than a test for emptiness."""
        if self.where is None:
            return False
        rest = re.sub(r"(?i)[\w.\"`]+\s+is\s+(not\s+)?null|[\w.]+\.is_(not)?\(none\)", "", self.where)
        return bool(re.sub(r"(?i)\b(and|or|where)\b|[\s()]", "", rest))


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One revision file.

    Attributes:
        path: The file, relative to the repository root.
        text: Its source.
        identifier: Its revision id.
        upgrade: The operations that `upgrade()` calls, in order.
        statements: The data statements of `upgrade()`, in order.
        placeholders: Where `upgrade()` raises `NotImplementedError`.
        generated: Whether instar wrote it.
    """

    path: str
    text: str
    identifier: str
    upgrade: tuple[OperationCall, ...]
    statements: tuple[Statement, ...]
    placeholders: tuple[Place, ...] = ()
    generated: bool = False

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
    reader = _Reader(path, functions)
    if "upgrade" in functions:
        reader.block(functions["upgrade"].body)
    return Revision(
        path=path,
        text=text,
        identifier=identifier,
        upgrade=tuple(reader.calls),
        statements=tuple(reader.statements),
        placeholders=tuple(reader.placeholders),
        generated=GENERATED in text,
    )


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

    def __init__(self, path: str, functions: dict[str, ast.FunctionDef]) -> None:
        self.path = path
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
            case ast.FunctionDef() | ast.ClassDef():
                pass
            case _:
                self._expression(node)

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
        sql = _text(argument)
        found = _sql_statement(sql, place) if sql is not None else _core_statement(argument, place)
        if found:
            self.statements.append(msgspec.structs.replace(found, loop=self._loop))


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
    """Whether a `for` goes over numbers, as a loop over batches does."""
    return (
        isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id == "range"
    )


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


def _text(node: ast.expr) -> str | None:
    """The SQL of a string or of `text("…")`; formatted values become `?`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "?" for v in node.values)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"text", "dedent"} and node.args:
            return _text(node.args[0])
        if isinstance(node.func, ast.Attribute) and name in {"bindparams", "strip", "format"}:
            return _text(node.func.value)
    return None


_UPDATE = re.compile(r"(?is)\bupdate\s+(?:only\s+)?([\w.\"`?]+)(?:\s+(?:as\s+)?\w+)?\s+set\s+(.*)")
_DELETE = re.compile(r"(?is)\bdelete\s+from\s+(?:only\s+)?([\w.\"`?]+)(.*)")
_ASSIGNED = re.compile(r"(?:^|,)\s*[\"`]?(\w+)[\"`]?\s*=")
_LIMIT = re.compile(r"(?i)\blimit\s+(\d+)")


def _sql_statement(sql: str, place: Place) -> Statement | None:
    plain = " ".join(re.sub(r"--[^\n]*", "", sql).split())
    if re.match(r"(?i)(create|alter|drop|comment|grant|select(?!.*\bupdate\b))\b", plain):
        return None
    limit = _LIMIT.search(plain)
    if update := _UPDATE.search(plain):
        values, where = _split(update[2])
        return Statement(
            kind="update",
            place=place,
            table=_bare(update[1]),
            targets=tuple(_ASSIGNED.findall(values)),
            where=where,
            values=values,
            limit=int(limit[1]) if limit else None,
        )
    if delete := _DELETE.search(plain):
        where = _split(delete[2])[1]
        return Statement(
            kind="delete",
            place=place,
            table=_bare(delete[1]),
            where=where,
            limit=int(limit[1]) if limit else None,
        )
    return None


def _bare(name: str) -> str | None:
    bare = name.replace('"', "").replace("`", "").rsplit(".", 1)[-1]
    return None if "?" in bare else bare


def _split(text: str) -> tuple[str, str | None]:
    """What stands before and after the first WHERE that is in no parentheses."""
    depth = 0
    for match in re.finditer(r"[()]|(?i:\bwhere\b)", text):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
        elif depth == 0:
            return text[: match.start()], text[match.end() :].strip()
    return text, None


def _core_statement(node: ast.expr, place: Place) -> Statement | None:
    """`table.update().where(…).values(…)`, `update(Table)…` and the same with `delete`."""
    kind: Literal["update", "delete"] | None = None
    wheres: list[str] = []
    targets: list[str] = []
    values: list[str] = []
    table: str | None = None
    current: ast.expr | None = node
    while isinstance(current, ast.Call):
        name = (
            current.func.attr if isinstance(current.func, ast.Attribute) else getattr(current.func, "id", "")
        )
        if name in {"where", "filter", "filter_by"}:
            wheres += [ast.unparse(a) for a in current.args] + [f"{k.arg} == ?" for k in current.keywords]
        elif name == "values":
            targets += [k.arg for k in current.keywords if k.arg] + _keys(current.args)
            values += [ast.unparse(a) for a in (*current.args, *(k.value for k in current.keywords))]
        elif name in {"update", "delete"}:
            kind = "update" if name == "update" else "delete"
            named = current.args[0] if current.args else getattr(current.func, "value", None)
            table = ast.unparse(named) if isinstance(named, ast.Name) else None
        current = current.func.value if isinstance(current.func, ast.Attribute) else None
    if kind is None:
        return None
    return Statement(
        kind=kind,
        place=place,
        table=table,
        targets=tuple(targets),
        where=" and ".join(wheres) or None,
        values=", ".join(values),
    )


def _keys(arguments: list[ast.expr]) -> list[str]:
    pairs = [key for argument in arguments if isinstance(argument, ast.Dict) for key in argument.keys]
    return [key.value for key in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)]
