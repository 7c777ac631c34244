"""One file to facts: follows documents, ids and object literals through its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.convex.syntax import arguments, string_value, unwrap
from instar_lint.typescript.annotations import of_annotation, of_validator
from instar_lint.typescript.calls import (
    CALLBACKS,
    ITEM,
    KEEPS_ITEMS,
    MANY,
    MANY_FROM,
    ONE,
    ONE_FROM,
    SAME_QUERY,
)
from instar_lint.typescript.kinds import Held, Kind, ObjectLiteral
from instar_lint.typescript.scope import Scope

if TYPE_CHECKING:
    from tree_sitter import Node

    from instar.dialects.convex.modules import Module
    from instar_lint.typescript.collect import Project
    from instar_lint.typescript.report import Report

_FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_expression",
        "function_declaration",
        "method_definition",
        "generator_function",
    }
)
_DEEPEST = 150


class Walker:
    """Walks one module. Without a report it only finds out what functions return."""

    def __init__(self, project: Project, module: Module, report: Report | None) -> None:
        self._project = project
        self._module = module
        self._file = module.file
        self._report = report
        self._depth = 0
        self.returned: list[Held] = []

    def run(self) -> None:
        """Walk the whole file."""
        self.visit(self._file.root, Scope())

    def visit(self, node: Node, scope: Scope) -> None:
        """Facts of a node and of all below it."""
        if self._depth > _DEEPEST:
            return
        self._depth += 1
        try:
            self._visit(node, scope)
        finally:
            self._depth -= 1

    def _visit(self, node: Node, scope: Scope) -> None:
        kind = node.type
        if kind in _FUNCTIONS:
            self.visit_function(node, scope, ())
            return
        if kind == "call_expression":
            self._visit_call(node, scope)
            return
        if kind == "variable_declarator":
            self._visit_declarator(node, scope)
            return
        if kind == "for_in_statement":
            self._visit_loop(node, scope)
            return
        if kind == "member_expression" and self._report is not None:
            self._visit_member(node, scope)
        elif kind == "return_statement" and node.named_children:
            self.returned.append(self.held(node.named_children[0], scope))
        elif kind == "assignment_expression":
            self._visit_assignment(node, scope)
        for child in node.named_children:
            self.visit(child, scope)

    def visit_function(self, node: Node, scope: Scope, given: tuple[Held, ...]) -> None:
        """Walk a function; `given` are the kinds of its parameters where the caller knows them."""
        name = node.child_by_field_name("name")
        inner = Scope(parent=scope, name=self._file.text(name) if name is not None else scope.name)
        single, listed = node.child_by_field_name("parameter"), node.child_by_field_name("parameters")
        parameters = [single] if single is not None else listed.named_children if listed is not None else []
        for position, parameter in enumerate(p for p in parameters if p.type != "comment"):
            pattern = parameter.child_by_field_name("pattern") or parameter
            held: Held = given[position] if position < len(given) else None
            annotation = parameter.child_by_field_name("type")
            if annotation is not None and held is None:
                held = of_annotation(self._file.text(annotation))
            if (
                held is None
                and position == 0
                and pattern.type == "identifier"
                and self._file.text(pattern) == "ctx"
            ):
                held = Kind("context")
            self.bind(pattern, held, inner)
        body = node.child_by_field_name("body")
        if body is None:
            return
        if body.type != "statement_block":
            self.returned.append(self.held(body, inner))
            self.visit(body, inner)
            return
        for statement in body.named_children:
            self.visit(statement, inner)

    def bind(self, pattern: Node, held: Held, scope: Scope) -> None:
        """Bind a pattern; taking a document apart reads its fields."""
        text = self._file.text
        if pattern.type in {"identifier", "shorthand_property_identifier_pattern"}:
            scope.names[text(pattern)] = held
        elif pattern.type == "object_pattern":
            for child in pattern.named_children:
                self._bind_member(child, held, scope)
        elif pattern.type == "array_pattern":
            for child in pattern.named_children:
                self.bind(child, held.one if isinstance(held, Kind) else None, scope)
        elif pattern.type == "assignment_pattern":
            left = pattern.child_by_field_name("left")
            if left is not None:
                self.bind(left, held, scope)

    def _bind_member(self, child: Node, held: Held, scope: Scope) -> None:
        if child.type == "rest_pattern":
            self.bind(child.named_children[0], held, scope)
            return
        key = child.child_by_field_name("key") or child.child_by_field_name("left") or child
        name = string_value(self._file, key) if key.type == "string" else self._file.text(key)
        if isinstance(held, Kind) and held.shape == "document" and self._report is not None:
            self._report.read(held.table, key, name, "document", scope.name)
        target = child.child_by_field_name("value") if child.type == "pair_pattern" else None
        inner = child.child_by_field_name("left") if child.type == "object_assignment_pattern" else None
        self.bind(target or inner or child, self.member(held, name), scope)

    def _visit_declarator(self, node: Node, scope: Scope) -> None:
        pattern, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if pattern is None:
            return
        annotation = node.child_by_field_name("type")
        held: Held = of_annotation(self._file.text(annotation)) if annotation is not None else None
        if value is not None:
            if value.type in _FUNCTIONS and pattern.type == "identifier":
                scope.names[self._file.text(pattern)] = None
                named = Scope(parent=scope, name=self._file.text(pattern))
                self.visit_function(value, named, ())
                return
            self.visit(value, scope)
            held = held or self.held(value, scope)
        self.bind(pattern, held, scope)

    def _visit_loop(self, node: Node, scope: Scope) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        body = node.child_by_field_name("body")
        inner = Scope(parent=scope, name=scope.name)
        if right is not None:
            self.visit(right, scope)
            held = self.held(right, scope)
            if left is not None:
                self.bind(left, held.one if isinstance(held, Kind) else None, inner)
        if body is not None:
            self.visit(body, inner)

    def _visit_member(self, node: Node, scope: Scope) -> None:
        owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if owner is None or name is None or self._report is None:
            return
        text = self._file.text(name)
        if text not in self._project.names:
            return
        held = self.held(owner, scope)
        if isinstance(held, Kind) and held.shape == "document":
            self._report.read(held.table, name, text, self._file.text(owner), scope.name)

    def _visit_assignment(self, node: Node, scope: Scope) -> None:
        """`patch.name = …` adds a key to an object that is on its way in."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        if left.type == "identifier":
            scope.names[self._file.text(left)] = self.held(right, scope)
            return
        if left.type != "member_expression":
            return
        owner, name = left.child_by_field_name("object"), left.child_by_field_name("property")
        held = self.held(owner, scope) if owner is not None else None
        if isinstance(held, ObjectLiteral) and name is not None:
            held.keys.setdefault(self._file.text(name), name)

    def _visit_call(self, node: Node, scope: Scope) -> None:
        function = node.child_by_field_name("function")
        given = arguments(node)
        if function is None:
            return
        self.visit(function, scope)
        called, owner = self.called(function, scope)
        if self._report is not None:
            self._report.call(self, node, (called, owner), scope)
        arguments_held = self._definition_arguments(given, scope)
        item = owner.one if isinstance(owner, Kind) and called in CALLBACKS else None
        for position, argument in enumerate(given):
            bare = unwrap(argument)
            if bare.type in _FUNCTIONS and item is not None:
                self.visit_function(bare, scope, (item, item) if called in {"sort", "toSorted"} else (item,))
            elif bare.type == "object" and arguments_held is not None and position == 0:
                self._visit_definition(bare, scope, arguments_held)
            elif called == "asyncMap" and bare.type in _FUNCTIONS and position == 1:
                first = self.held(given[0], scope)
                self.visit_function(bare, scope, (first.one if isinstance(first, Kind) else None,))
            else:
                self.visit(argument, scope)

    def _definition_arguments(self, given: list[Node], scope: Scope) -> ObjectLiteral | None:
        """The arguments of `query({ args, handler })` by their validators."""
        del scope
        definition = unwrap(given[0]) if given else None
        if definition is None or definition.type != "object":
            return None
        pairs = {self._key(pair): pair.child_by_field_name("value") for pair in definition.named_children}
        if "handler" not in pairs and not any(
            c.type == "method_definition" for c in definition.named_children
        ):
            return None
        listed = pairs.get("args")
        values: dict[str, Held] = {}
        if listed is not None:
            for pair in listed.named_children:
                value = pair.child_by_field_name("value")
                if value is not None:
                    values[self._key(pair)] = of_validator(self._file.text(value))
        return ObjectLiteral(values=values)

    def _key(self, pair: Node) -> str:
        key = pair.child_by_field_name("key") or pair.child_by_field_name("name")
        if key is None:
            return self._file.text(pair) if pair.type == "shorthand_property_identifier" else ""
        return string_value(self._file, key) if key.type == "string" else self._file.text(key)

    def _visit_definition(self, definition: Node, scope: Scope, held: ObjectLiteral) -> None:
        before = len(self.returned)
        self._visit_pairs(definition, scope, held)
        whole = {
            one.table
            for one in self.returned[before:]
            if isinstance(one, Kind) and one.shape in {"document", "documents", "page"}
        }
        results = next((pair for pair in definition.named_children if self._key(pair) == "returns"), None)
        if self._report is not None and results is not None and whole:
            self._report.results(results, whole)

    def _visit_pairs(self, definition: Node, scope: Scope, held: ObjectLiteral) -> None:
        for pair in definition.named_children:
            value = pair.child_by_field_name("value")
            if pair.type == "method_definition" and self._key(pair) == "handler":
                self.visit_function(pair, scope, (Kind("context"), held))
            elif value is not None and self._key(pair) == "handler" and unwrap(value).type in _FUNCTIONS:
                self.visit_function(unwrap(value), scope, (Kind("context"), held))
            else:
                self.visit(pair, scope)

    def called(self, function: Node, scope: Scope) -> tuple[str, Held]:
        """The name of what is called, and what it is called on."""
        function = unwrap(function)
        if function.type == "member_expression":
            owner, name = function.child_by_field_name("object"), function.child_by_field_name("property")
            if owner is not None and name is not None:
                return self._file.text(name), self.held(owner, scope)
        return self._file.text(function) if function.type == "identifier" else "", None

    def held(self, node: Node, scope: Scope) -> Held:
        """What an expression holds."""
        if node.type in {"as_expression", "satisfies_expression"} and len(node.named_children) > 1:
            said = of_annotation(self._file.text(node.named_children[-1]))
            return said or self.held(node.named_children[0], scope)
        node = unwrap(node)
        match node.type:
            case "identifier":
                found, held = scope.find(self._file.text(node))
                return held if found else None
            case "await_expression":
                return self.held(node.named_children[0], scope)
            case "member_expression":
                owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
                if owner is None or name is None:
                    return None
                return self.member(self.held(owner, scope), self._file.text(name))
            case "subscript_expression":
                owner = node.child_by_field_name("object")
                held = self.held(owner, scope) if owner is not None else None
                return held.one if isinstance(held, Kind) else None
            case "call_expression":
                return self._call_held(node, scope)
            case "object":
                return self._object_held(node, scope)
            case "ternary_expression" | "binary_expression":
                sides = [node.child_by_field_name(n) for n in ("consequence", "alternative", "left", "right")]
                kinds = [held for side in sides if side is not None and (held := self.held(side, scope))]
                return kinds[0] if kinds and all(one == kinds[0] for one in kinds) else None
            case _:
                return None

    def member(self, held: Held, name: str) -> Held:
        """`held.name`."""
        if isinstance(held, ObjectLiteral):
            return held.values.get(name)
        if name == "db" and (held is None or held.shape == "context"):
            return Kind("database")
        if held is None:
            return None
        if held.shape == "page" and name == "page":
            return Kind("documents", held.table)
        if held.shape == "document":
            if name == "_id":
                return Kind("id", held.table)
            return self._project.field_kind(held.table, name)
        return None

    def _object_held(self, node: Node, scope: Scope) -> ObjectLiteral:
        keys: dict[str, Node] = {}
        values: dict[str, Held] = {}
        complete = True
        for child in node.named_children:
            if child.type == "spread_element":
                inner = self.held(child.named_children[0], scope)
                if isinstance(inner, ObjectLiteral):
                    keys |= inner.keys
                    complete = complete and inner.complete
                else:
                    complete = False
            elif child.type == "shorthand_property_identifier":
                keys[self._file.text(child)] = child
                values[self._file.text(child)] = scope.find(self._file.text(child))[1]
            elif child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                if key is None or key.type == "computed_property_name":
                    complete = False
                    continue
                keys[self._key(child)] = key
                if value is not None and value.type in {"identifier", "member_expression"}:
                    values[self._key(child)] = self.held(value, scope)
        return ObjectLiteral(keys, values, complete)

    def _call_held(self, node: Node, scope: Scope) -> Held:
        function = node.child_by_field_name("function")
        if function is None:
            return None
        called, owner = self.called(function, scope)
        given = arguments(node)
        if isinstance(owner, Kind):
            return self._method_held(owner, called, given, scope)
        if called in ONE_FROM | MANY_FROM and len(given) > 1 and unwrap(given[1]).type == "string":
            table = string_value(self._file, unwrap(given[1]))
            return Kind("documents" if called in MANY_FROM else "document", table)
        if called == "all" and given:
            return self.held(given[0], scope)
        if called in {"map", "asyncMap"}:
            return None
        return self._project.returned(self._module, called) if called and owner is None else None

    def _method_held(self, owner: Kind, called: str, given: list[Node], scope: Scope) -> Held:
        if owner.shape == "database":
            if called == "query" and given and unwrap(given[0]).type == "string":
                return Kind("query", string_value(self._file, unwrap(given[0])))
            if called == "get" and given:
                if unwrap(given[0]).type == "string":
                    return Kind("document", string_value(self._file, unwrap(given[0])))
                held = self.held(given[0], scope)
                return Kind("document", held.table) if isinstance(held, Kind) and held.shape == "id" else None
            return None
        if owner.shape == "query":
            if called in SAME_QUERY:
                return owner
            if called in MANY:
                return Kind("documents", owner.table)
            if called == "paginate":
                return Kind("page", owner.table)
            return Kind("document", owner.table) if called in ONE else None
        if owner.shape in {"documents", "ids"}:
            if called in KEEPS_ITEMS:
                return owner
            return owner.one if called in ITEM else None
        return None
