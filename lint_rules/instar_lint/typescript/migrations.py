"""Convex functions that rewrite a table, as the rules INS401 to INS407 see revisions: what they write, and what they skip.

Two kinds count: definitions with a `migrateOne`, which a package runs and keeps track of, and mutations that go through
a whole table themselves, where their name or file says that they migrate, or where they call themselves for the next page.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instar.dialects.convex.modules import Declared, Module, read_module
from instar.dialects.convex.syntax import SUFFIXES, arguments, string_value, unwrap, walk
from instar_lint.revision_statements import Statement
from instar_lint.revisions import Revision
from instar_lint.typescript.collect import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from instar.dialects.convex.syntax import SyntaxFile
    from instar.sources import Source
    from instar_lint.revision_statements import Loop

_MIGRATES = re.compile(r"(?i)migrat|backfill")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_WRITES = re.compile(rb"migrateOne|\.(patch|replace|delete)\(")
_LOOPS = frozenset({"for_in_statement", "for_statement", "while_statement"})
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "method_definition"})
_CHOICES = frozenset({"if_statement", "ternary_expression", "binary_expression"})
_READS = ("paginate", "take", "collect")


def new_migrations(source: Source, before: Source | None) -> tuple[Revision, ...]:
    """The functions of a version that rewrite a table and that the one before does not have, or has otherwise."""
    if before is None:
        return ()
    known = {file.path: file for file in before.files(SUFFIXES)}
    listed = [
        file.path
        for file in source.files(SUFFIXES)
        if not SKIPPED.search(file.path) and known.get(file.path) != file
    ]
    texts = {path: data for path, data in source.read_many(listed).items() if _WRITES.search(data)}
    former = before.read_many([path for path in texts if path in known])
    found = (
        parse_migrations(data, path, former.get(path))
        for path, data in sorted(texts.items())
        if data != former.get(path)
    )
    return tuple(revision for revision in found if revision.statements)


def parse_migrations(data: bytes, path: str, former: bytes | None = None) -> Revision:
    """The statements of the functions in one file that rewrite a table; those that stand in `former` too are left out."""
    module = read_module(path, data)
    old = _declarations(read_module(path, former)) if former is not None else {}
    statements: list[Statement] = []
    for name, text in _declarations(module).items():
        declared = module.names[name]
        if old.get(name) == text or not isinstance(declared, Declared) or declared.value is None:
            continue
        statements += _Function(module.file, name, unwrap(declared.value)).statements()
    text = data.decode("utf-8", "replace")
    return Revision(path=path, text=text, identifier="", upgrade=(), statements=tuple(statements))


def _declarations(module: Module) -> dict[str, str]:
    """The source of everything that a module declares."""
    return {
        name: module.file.text(declared.value)
        for name, declared in module.names.items()
        if isinstance(declared, Declared) and declared.value is not None
    }


@dataclass(frozen=True, slots=True)
class _Pass:
    """How a function goes over the documents of a table.

    Attributes:
        inside: The loop or function that has one document at a time.
        document: The name, or pattern, that it has it by.
        table: The table.
        limit: The literal number of documents of a transaction.
        loop: Whether it goes in batches, or over the whole table at once.
        tracked: Whether something keeps a record of it.
    """

    inside: Node
    document: str
    table: str | None
    limit: int | None
    loop: Loop
    tracked: bool


class _Function:
    """One `name = builder({ … })`."""

    def __init__(self, file: SyntaxFile, name: str, call: Node) -> None:
        self._file = file
        self._name = name
        given = [unwrap(one) for one in arguments(call)] if call.type == "call_expression" else []
        objects = [one for one in given if one.type == "object"]
        functions = [one for one in given if one.type in _FUNCTIONS]
        self._parts = self._members(objects[-1]) if objects else {}
        if not objects and functions:
            self._parts = {"handler": functions[-1]}

    def statements(self) -> Iterator[Statement]:
        """What it writes, where it is a migration."""
        function = self._parts.get("migrateOne")
        if function is not None:
            yield from self._of_definition(function)
        elif "handler" in self._parts:
            yield from self._of_handler(self._parts["handler"])

    def _members(self, node: Node) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for child in node.named_children:
            key = child.child_by_field_name("key") or child.child_by_field_name("name")
            value = child.child_by_field_name("value")
            if key is not None:
                name = string_value(self._file, key) if key.type == "string" else self._file.text(key)
                found[name] = unwrap(value) if value is not None else child
        return found

    def _of_definition(self, function: Node) -> Iterator[Statement]:
        """`migrations.define({ table, migrateOne, batchSize })`: what it returns is patched, what it calls is called."""
        table = self._parts.get("table")
        over = _Pass(
            inside=function,
            document=self._parameter(function, 1),
            table=string_value(self._file, table) if table is not None else None,
            limit=_number(self._file, self._parts.get("batchSize")),
            loop="batches",
            tracked=True,
        )
        returned = [(node, node, "update") for node in self._returned(function) if node.type == "object"]
        for node, value, kind in (*self._writes(function), *returned):
            yield self._statement(node, value, kind, over)

    @staticmethod
    def _returned(function: Node) -> list[Node]:
        body = function.child_by_field_name("body")
        if body is not None and body.type != "statement_block":
            return [unwrap(body)]
        statements = [node for node in walk(function) if node.type == "return_statement"]
        return [unwrap(node.named_children[0]) for node in statements if node.named_children]

    def _of_handler(self, handler: Node) -> Iterator[Statement]:
        text = self._file.text(handler)
        again = re.search(rf"\brunAfter\([^;]*\.{re.escape(self._name)}\b", text)
        folders = posixpath.splitext(self._file.path)[0]
        if not again and not _MIGRATES.search(self._name) and not _MIGRATES.search(folders):
            return
        whole = [found for call in walk(handler) if (found := self._whole_read(call)) is not None]
        if len(whole) != 1:
            return
        read, table, limit = whole[0]
        loop: Loop = "rows" if read == "collect" else "batches"
        for node, value, kind in self._writes(handler):
            inside = self._loop_around(node, handler)
            if inside is not None:
                over = _Pass(inside, self._item(inside), table, limit, loop, self._tracked())
                yield self._statement(node, value, kind, over)

    def _tracked(self) -> bool:
        """Whether something keeps a record of it: a table of migrations that this file speaks of."""
        return bool(
            re.search(rb"(?i)from\s+[\"'][^\"']*tracking[\"']|[\"']migrations[\"']", self._file.source)
        )

    def _whole_read(self, call: Node) -> tuple[str, str, int | None] | None:
        """How a call reads a whole table: the method, the table and the literal number of documents."""
        method, owner = self._method(call)
        if method not in _READS or owner is None:
            return None
        limit = None
        given = [unwrap(one) for one in arguments(call)]
        if method == "take" and given:
            limit = _number(self._file, given[0])
        elif given and given[0].type == "object":
            limit = _number(self._file, self._members(given[0]).get("numItems"))
        at: Node | None = self._defined(owner)
        while at is not None and at.type == "call_expression":
            name, inner = self._method(at)
            given = [unwrap(one) for one in arguments(at)]
            if name == "query" and given and given[0].type == "string":
                return method, string_value(self._file, given[0]), limit
            if name == "withIndex" and len(given) > 1:
                return None
            at = self._defined(inner) if inner is not None else None
        return None

    def _defined(self, node: Node) -> Node:
        """The expression behind a constant of the same function."""
        node = unwrap(node)
        if node.type != "identifier":
            return node
        name = self._file.text(node)
        for one in walk(self._parts["handler"]):
            pattern = one.child_by_field_name("name") if one.type == "variable_declarator" else None
            value = one.child_by_field_name("value") if pattern is not None else None
            if pattern is not None and value is not None and self._file.text(pattern) == name:
                return unwrap(value)
        return node

    def _method(self, call: Node) -> tuple[str, Node | None]:
        function = call.child_by_field_name("function") if call.type == "call_expression" else None
        if function is None or function.type != "member_expression":
            return "", None
        name = function.child_by_field_name("property")
        return self._file.text(name) if name is not None else "", function.child_by_field_name("object")

    def _writes(self, function: Node) -> Iterator[tuple[Node, Node | None, str]]:
        """The calls of `db.patch`, `db.replace` and `db.delete`, with the object that they write."""
        for call in walk(function):
            method, owner = self._method(call)
            if owner is None or not re.search(r"\bdb$", self._file.text(owner)):
                continue
            if method in {"patch", "replace"}:
                objects = [one for given in arguments(call) if (one := unwrap(given)).type == "object"]
                yield call, objects[-1] if objects else None, "update"
            elif method == "delete":
                yield call, None, "delete"

    def _loop_around(self, node: Node, outermost: Node) -> Node | None:
        """The innermost loop, or function given to `map` and the like, around a node of a function."""
        at = node.parent
        while at is not None and at != outermost:
            if at.type in _LOOPS:
                return at
            listed = at.parent
            call = listed.parent if listed is not None and listed.type == "arguments" else None
            if at.type in _FUNCTIONS and call is not None:
                return at
            at = at.parent
        return None

    def _item(self, loop: Node) -> str:
        if loop.type in _FUNCTIONS:
            return self._parameter(loop, 0)
        left = loop.child_by_field_name("left")
        return self._file.text(left) if left is not None else ""

    def _parameter(self, function: Node, position: int) -> str:
        single, listed = function.child_by_field_name("parameter"), function.child_by_field_name("parameters")
        names = [single] if single is not None else listed.named_children if listed is not None else []
        return self._file.text(names[position]) if position < len(names) else ""

    def _statement(self, node: Node, value: Node | None, kind: str, over: _Pass) -> Statement:
        fields = self._members(value) if value is not None else {}
        clears = bool(fields) and all(self._file.text(one) == "undefined" for one in fields.values())
        return Statement(
            kind="delete" if kind == "delete" else "update",
            place=self._file.place(node),
            table=over.table,
            targets=tuple(fields),
            values=", ".join(f"{name} = {self._file.text(one)}" for name, one in fields.items()),
            limit=over.limit,
            loop=over.loop,
            tested=clears or kind == "delete" or self._tested(node, over.inside, over.document),
            tracked=over.tracked,
        )

    def _tested(self, node: Node, over: Node, document: str) -> bool:
        """Whether something looks at the document before it is written, or keeps what it has."""
        names = _NAME.findall(document.partition(":")[0])
        if not names:
            return False
        for one in walk(over):
            # What is computed from the document stands for it.
            pattern = one.child_by_field_name("name") if one.type == "variable_declarator" else None
            value = one.child_by_field_name("value") if pattern is not None else None
            if pattern is not None and value is not None and _words(names).search(self._file.text(value)):
                names += _NAME.findall(self._file.text(pattern))
        looks = _words(names)
        text = self._file.text(node)
        if "??" in text and looks.search(text):
            return True
        at = node
        while at != over and at.parent is not None:
            around = [at.parent] if at.parent.type in _CHOICES else []
            if any(looks.search(self._condition(one)) for one in (*around, *_ifs_before(at))):
                return True
            at = at.parent
        chosen = self._parts.get("handler")
        return chosen is not None and ".filter(" in self._file.text(chosen)

    def _condition(self, node: Node) -> str:
        condition = node.child_by_field_name("condition") or node.child_by_field_name("left")
        return self._file.text(condition) if condition is not None else ""


def _words(names: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$])(?:{'|'.join(map(re.escape, names))})(?![\w$])")


def _ifs_before(node: Node) -> Iterator[Node]:
    """The `if` statements before a node in its block: they may have left the block already."""
    before = node.prev_named_sibling
    while before is not None:
        if before.type == "if_statement":
            yield before
        before = before.prev_named_sibling


def _number(file: SyntaxFile, node: Node | None) -> int | None:
    text = file.text(node).replace("_", "") if node is not None and node.type == "number" else ""
    return int(text) if text.isdigit() else None
