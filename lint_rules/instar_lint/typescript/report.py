"""Collects the facts of one file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.dialects.convex.syntax import arguments, string_value, unwrap, walk
from instar_lint.facts import Fact, FieldUse, Filter, Listing, Query, RowInsert
from instar_lint.typescript.annotations import of_validator
from instar_lint.typescript.calls import MANY_FROM, ONE_FROM, OPERATORS, SYSTEM_INDEXES, WRITES
from instar_lint.typescript.kinds import Held, Kind, ObjectLiteral

if TYPE_CHECKING:
    from tree_sitter import Node

    from instar.dialects.convex.syntax import SyntaxFile
    from instar_lint.facts import Operator, Role
    from instar_lint.typescript.scope import Scope
    from instar_lint.typescript.walk import Walker


QUERIES_INDEX = frozenset({"withIndex", "withSearchIndex", "search", "get", "getX"})
"""What takes the name of an index first; `get` and `search` are of `convex-ents`."""
ENT_WRITES = frozenset({("query", "insert"), ("document", "patch"), ("document", "replace")})
"""How documents of `convex-ents` are written, by what a method is called on."""
_VALIDATOR = re.compile(r"\.tables\.(\w+)\.validator(\.fields)?$")
_TYPED = (".ts", ".tsx", ".mts", ".cts")


class Report:
    """The facts of a file, each once, in order of place."""

    def __init__(self, file: SyntaxFile, names: frozenset[str]) -> None:
        self._file = file
        self._names = names
        self._facts: dict[tuple[object, ...], Fact] = {}
        # JavaScript, and what says so, the compiler does not check.
        self._checked = file.path.endswith(_TYPED) and b"@ts-nocheck" not in file.source[:2000]

    def facts(self) -> tuple[Fact, ...]:
        """All of them."""
        return tuple(sorted(self._facts.values(), key=lambda fact: fact.place))

    def read(self, document: Kind, node: Node, name: str, subject: str, scope: str) -> None:
        """A read of a field."""
        self._use(
            document.table,
            node,
            name,
            access_write=False,
            subject=subject,
            scope=scope,
            typed=not document.loose,
        )

    def write(self, document: Kind, node: Node, name: str, scope: str) -> None:
        """A write of a field of a document in memory."""
        self._use(document.table, node, name, access_write=True, scope=scope, typed=not document.loose)

    def _use(
        self,
        table: str,
        node: Node,
        name: str,
        *,
        access_write: bool,
        subject: str = "",
        scope: str = "",
        role: Role = "value",
        operator: Operator | None = None,
        constant: bool = True,
        typed: bool = True,
    ) -> None:
        if name not in self._names:
            return
        fact = FieldUse(
            place=self._file.place(node),
            end_column=self._file.column(node.end_point),
            name=name,
            field=name,
            access="write" if access_write else "read",
            via="string" if node.type == "string" else "attribute",
            table=table,
            subject=subject,
            scope=scope,
            role=role,
            operator=operator,
            constant=constant,
            compiler=typed and self._checked,
        )
        self._facts.setdefault((fact.place, name, fact.access, role), fact)

    def results(self, returns: Node, tables: set[str]) -> None:
        """The validator of a function that returns whole documents of these tables."""
        for node in walk(returns):
            pairs = [child for child in node.named_children if child.type != "comment"]
            if node.type != "object" or any(pair.type != "pair" for pair in pairs):
                continue
            keys = {pair.child_by_field_name("key"): pair.child_by_field_name("value") for pair in pairs}
            named = {
                self._file.text(key).strip("\"'"): value for key, value in keys.items() if key is not None
            }
            identifier = named.get("_id")
            held = of_validator(self._file.text(identifier)) if identifier is not None else None
            whole = held is not None and held.shape == "id" and "_creationTime" in named
            if not whole or held is None or held.table not in tables:
                continue
            if held.table in self._names:
                fact = Listing(place=self._file.place(node), table=held.table, given=tuple(named))
                self._facts.setdefault(("listing", fact.place), fact)
            for key, value in keys.items():
                if key is not None and value is not None and "optional(" not in self._file.text(value)[:11]:
                    self._use(held.table, key, self._file.text(key).strip("\"'"), access_write=False)

    def call(self, walker: Walker, node: Node, callee: tuple[str, Held], scope: Scope) -> None:
        """What a call does to data; `callee` is its name and what it is called on."""
        (called, owner), given = callee, arguments(node)
        shape = owner.shape if isinstance(owner, Kind) else None
        if isinstance(owner, Kind) and shape == "database" and called in WRITES:
            table, value = _target(walker, self._file, called, given, scope)
            self._write(walker, called, (table, value), scope, node, typed=not owner.loose)
        elif isinstance(owner, Kind) and shape == "query" and called in QUERIES_INDEX:
            self._index(owner, given, scope)
        elif isinstance(owner, Kind) and shape == "query" and called == "filter" and given:
            self._filter(owner, given[0], scope)
        elif isinstance(owner, Kind) and (shape, called) in ENT_WRITES and given:
            self._write(walker, called, (owner.table, unwrap(given[0])), scope, node, typed=not owner.loose)
        elif shape == "context" and called == "table" and len(given) > 1:
            table_query = walker.held(node, scope)
            if isinstance(table_query, Kind):
                self._index(table_query, given[1:], scope)
        elif called in ONE_FROM | MANY_FROM and len(given) > 2:
            names = [
                string_value(self._file, unwrap(one)) for one in given[1:3] if unwrap(one).type == "string"
            ]
            if len(names) == 2:
                self._query(names[0], unwrap(given[2]), names[1], (), scope)
        elif called in {"pick", "omit"} and given:
            self._chosen(node, given, scope)
        elif called == "vectorSearch" and len(given) > 1:
            names = [
                string_value(self._file, unwrap(one)) for one in given[:2] if unwrap(one).type == "string"
            ]
            if len(names) == 2:
                self._query(names[0], unwrap(given[1]), names[1], (), scope)

    def _chosen(self, node: Node, given: list[Node], scope: Scope) -> None:
        """`pick(schema.tables.users.validator.fields, ["name"])`, and the method of the validator."""
        function = node.child_by_field_name("function")
        method = function.child_by_field_name("object") if function is not None else None
        table = _VALIDATOR.search(self._file.text(method if method is not None else given[0]))
        names = given if method is not None else given[1].named_children if len(given) > 1 else []
        for name in names if table is not None else ():
            if table is not None and name.type == "string":
                text = string_value(self._file, name)
                self._use(table[1], name, text, access_write=False, scope=scope.name)

    def _write(
        self,
        walker: Walker,
        called: str,
        target: tuple[str | None, Node | None],
        scope: Scope,
        node: Node,
        *,
        typed: bool,
    ) -> None:
        table, value = target
        if table is None or value is None:
            return
        held = walker.held(value, scope)
        if not isinstance(held, ObjectLiteral):
            return
        for name, key in held.keys.items():
            # Of an object that comes by a variable or a spread, the compiler takes keys that are too many.
            plain = value.type == "object" and key.parent in {value, *value.named_children}
            self._use(table, key, name, access_write=True, scope=scope.name, typed=typed and plain)
        if called == "insert":
            fact = RowInsert(
                place=self._file.place(node),
                table=table,
                given=tuple(held.keys),
                complete=held.complete,
                stored=True,
                scope=scope.name,
            )
            self._facts.setdefault(("insert", fact.place), fact)

    def _index(self, query: Kind, given: list[Node], scope: Scope) -> None:
        table = query.table
        if not given or unwrap(given[0]).type != "string":
            return
        filters = []
        if len(given) > 1:
            for call in walk(given[1]):
                function = call.child_by_field_name("function") if call.type == "call_expression" else None
                name = function.child_by_field_name("property") if function is not None else None
                inner = arguments(call) if name is not None else []
                if name is None or not inner or unwrap(inner[0]).type != "string":
                    continue
                operator = OPERATORS.get(self._file.text(name))
                if operator is None:
                    continue
                field = string_value(self._file, unwrap(inner[0]))
                filters.append(Filter(field, operator))
                absent = len(inner) > 1 and self._file.text(inner[1]) == "undefined"
                self._use(
                    table,
                    unwrap(inner[0]),
                    field,
                    access_write=False,
                    scope=scope.name,
                    role="filter",
                    operator="is_null" if absent else operator,
                    typed=not query.loose,
                )
        first = unwrap(given[0])
        index = string_value(self._file, first)
        self._query(table, first, index, tuple(filters), scope, typed=not query.loose)

    def _query(
        self,
        table: str,
        node: Node,
        index: str,
        filters: tuple[Filter, ...],
        scope: Scope,
        *,
        typed: bool = True,
    ) -> None:
        if index in SYSTEM_INDEXES:
            return
        fact = Query(
            place=self._file.place(node),
            end_column=self._file.column(node.end_point),
            table=table,
            filters=filters,
            named_index=index,
            whole=False,
            scope=scope.name,
            compiler=typed and self._checked,
        )
        self._facts.setdefault(("query", fact.place), fact)

    def _filter(self, query: Kind, callback: Node, scope: Scope) -> None:
        """`q.eq(q.field("name"), value)` inside `.filter(…)`."""
        for call in walk(callback):
            function = call.child_by_field_name("function") if call.type == "call_expression" else None
            name = function.child_by_field_name("property") if function is not None else None
            inner = arguments(call) if name is not None else []
            if name is None or self._file.text(name) != "field" or not inner or inner[0].type != "string":
                continue
            around = call.parent.parent if call.parent is not None else None
            outer = around.child_by_field_name("function") if around is not None else None
            outer_name = outer.child_by_field_name("property") if outer is not None else None
            operator = OPERATORS.get(self._file.text(outer_name)) if outer_name is not None else None
            others = [self._file.text(one) for one in arguments(around)] if around is not None else []
            self._use(
                query.table,
                inner[0],
                string_value(self._file, inner[0]),
                access_write=False,
                scope=scope.name,
                role="filter",
                operator="is_null" if "undefined" in others else operator or "other",
                typed=not query.loose,
            )


def _target(
    walker: Walker, file: SyntaxFile, called: str, given: list[Node], scope: Scope
) -> tuple[str | None, Node | None]:
    """The table that a write goes to, and the object that it writes."""
    if not given:
        return None, None
    first = unwrap(given[0])
    if first.type == "string":
        position = 1 if called == "insert" else 2
        return string_value(file, first), given[position] if len(given) > position else None
    held = walker.held(first, scope)
    if called != "insert" and isinstance(held, Kind) and held.shape == "id" and len(given) > 1:
        return held.table, given[1]
    return None, None
