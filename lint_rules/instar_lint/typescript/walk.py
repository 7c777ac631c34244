"""One file to facts: follows documents, ids and object literals through its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.convex.syntax import arguments, string_value, unwrap
from instar_lint.typescript.annotations import of_validator
from instar_lint.typescript.calls import CALLBACKS
from instar_lint.typescript.expressions import FUNCTIONS, Expressions
from instar_lint.typescript.kinds import (
    ANY,
    Closure,
    Held,
    Kind,
    Listed,
    ObjectLiteral,
    item_of,
    joined,
    loosened,
)
from instar_lint.typescript.scope import Scope

if TYPE_CHECKING:
    from tree_sitter import Node

    from instar.dialects.convex.modules import Module
    from instar_lint.typescript.collect import Project
    from instar_lint.typescript.report import Report

_DEEPEST = 150


class Walker:
    """Walks one module. Without a report it only finds out what functions return."""

    def __init__(self, project: Project, module: Module, report: Report | None) -> None:
        self._project = project
        self._module = module
        self._file = module.file
        self._report = report
        self._depth = 0
        self._expressions = Expressions(project, module, self._returns)
        self._callbacks: dict[int, Held] = {}
        self._returned: list[Held] = []

    def run(self) -> None:
        """Walk the whole file."""
        self.visit(self._file.root, Scope())

    def held(self, node: Node, scope: Scope) -> Held:
        """What an expression holds."""
        return self._expressions.held(node, scope)

    def _returns(self, function: Node, scope: Scope, given: tuple[Held, ...]) -> Held:
        """What a function written in place gives back; each is looked into once."""
        function = unwrap(function)
        if function.type not in FUNCTIONS:
            return None
        if function.id not in self._callbacks:
            self._callbacks[function.id] = None
            inner = Walker(self._project, self._module, None)
            inner._callbacks = self._callbacks
            self._callbacks[function.id] = joined(inner.visit_function(function, scope, given))
        return self._callbacks[function.id]

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
        if kind in FUNCTIONS:
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
        if kind == "member_expression" and self._report is not None and not _is_assigned(node):
            self._visit_member(node, scope)
        elif kind == "return_statement" and node.named_children:
            self._returned.append(self.held(node.named_children[0], scope))
        elif kind == "assignment_expression":
            self._visit_assignment(node, scope)
        for child in node.named_children:
            self.visit(child, scope)

    def visit_function(self, node: Node, scope: Scope, given: tuple[Held, ...]) -> list[Held]:
        """Walk a function; `given` are the kinds of its parameters where the caller knows them.

        Returns:
            What its own `return` statements, or its expression, give back.
        """
        around, self._returned = self._returned, []
        self._visit_parameters_and_body(node, scope, given)
        own, self._returned = self._returned, around
        return own

    def _visit_parameters_and_body(self, node: Node, scope: Scope, given: tuple[Held, ...]) -> None:
        name = node.child_by_field_name("name")
        inner = Scope(parent=scope, name=self._file.text(name) if name is not None else scope.name)
        single, listed = node.child_by_field_name("parameter"), node.child_by_field_name("parameters")
        parameters = [single] if single is not None else listed.named_children if listed is not None else []
        for position, parameter in enumerate(p for p in parameters if p.type != "comment"):
            pattern = parameter.child_by_field_name("pattern") or parameter
            held: Held = given[position] if position < len(given) else None
            annotation = parameter.child_by_field_name("type")
            if annotation is not None and held is None:
                held = self._annotated(annotation)
            named = pattern.type == "identifier" and self._file.text(pattern) == "ctx"
            if held in {None, ANY} and position == 0 and named:
                held = Kind("context", loose=True)
            self.bind(pattern, held, inner)
        body = node.child_by_field_name("body")
        if body is None:
            return
        if body.type != "statement_block":
            self._returned.append(self.held(body, inner))
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
            for position, child in enumerate(pattern.named_children):
                listed = isinstance(held, Listed) and position < len(held.items)
                found = held.items[position] if listed and isinstance(held, Listed) else item_of(held)
                self.bind(child, found, scope)
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
        document = _document(held, name)
        if document is not None and self._report is not None:
            self._report.read(document, key, name, "document", scope.name)
        target = child.child_by_field_name("value") if child.type == "pair_pattern" else None
        inner = child.child_by_field_name("left") if child.type == "object_assignment_pattern" else None
        self.bind(target or inner or child, self._expressions.member(held, name), scope)

    def _visit_declarator(self, node: Node, scope: Scope) -> None:
        pattern, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if pattern is None:
            return
        annotation = node.child_by_field_name("type")
        said = self._annotated(annotation) if annotation is not None else None
        held: Held = None
        if value is not None:
            if value.type in FUNCTIONS and pattern.type == "identifier":
                scope.names[self._file.text(pattern)] = None
                named = Scope(parent=scope, name=self._file.text(pattern))
                returned = joined(self.visit_function(value, named, ()))
                scope.names[self._file.text(pattern)] = Closure(returned) if returned is not None else None
                return
            self.visit(value, scope)
            held = self.held(value, scope)
        if said == ANY:
            held = loosened(held)
        elif isinstance(held, ObjectLiteral):
            held = self._typed(held, said)
        elif said is not None:
            held = said
        self.bind(pattern, held, scope)

    def _annotated(self, annotation: Node) -> Held:
        return self._project.annotations(self._module).held(annotation)

    @staticmethod
    def _typed(held: ObjectLiteral, said: Held) -> ObjectLiteral:
        """`const patch: Partial<Doc<"users">> = { … }`: an object that is a document by its type."""
        if isinstance(said, Kind) and said.shape == "document" and held.base is None:
            return ObjectLiteral(held.keys, held.values, held.complete, said)
        return held

    def _visit_loop(self, node: Node, scope: Scope) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        body = node.child_by_field_name("body")
        inner = Scope(parent=scope, name=scope.name)
        if right is not None:
            self.visit(right, scope)
            held = self.held(right, scope)
            if left is not None:
                self.bind(left, item_of(held), inner)
        if body is not None:
            self.visit(body, inner)

    def _visit_member(self, node: Node, scope: Scope) -> None:
        owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if owner is None or name is None or self._report is None:
            return
        text = self._file.text(name)
        if text not in self._project.names:
            return
        document = _document(self.held(owner, scope), text)
        if document is not None:
            self._report.read(document, name, text, self._file.text(owner), scope.name)

    def _visit_assignment(self, node: Node, scope: Scope) -> None:
        """`patch.name = …` adds a key to an object that is on its way in."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        if left.type == "identifier":
            name_text = self._file.text(left)
            scope.set(name_text, self.held(right, scope) or scope.find(name_text)[1])
            return
        if left.type != "member_expression":
            return
        owner, name = left.child_by_field_name("object"), left.child_by_field_name("property")
        held = self.held(owner, scope) if owner is not None else None
        if name is None:
            return
        if isinstance(held, ObjectLiteral):
            held.keys.setdefault(self._file.text(name), name)
        document = held.base if isinstance(held, ObjectLiteral) else held
        if isinstance(document, Kind) and document.shape == "document" and self._report is not None:
            self._report.write(document, name, self._file.text(name), scope.name)

    def _visit_call(self, node: Node, scope: Scope) -> None:
        function = node.child_by_field_name("function")
        given = arguments(node)
        if function is None:
            return
        self.visit(function, scope)
        called, owner = self._expressions.called(function, scope)
        if self._report is not None:
            self._report.call(self, node, (called, owner), scope)
        arguments_held = self._definition_arguments(given, scope)
        item = item_of(owner) if called in CALLBACKS else None
        for position, argument in enumerate(given):
            bare = unwrap(argument)
            if bare.type in FUNCTIONS and item is not None:
                given_items = {"sort": (item, item), "toSorted": (item, item), "reduce": (None, item)}
                self.visit_function(bare, scope, given_items.get(called, (item,)))
            elif bare.type == "object" and arguments_held is not None and position == 0:
                self._visit_definition(
                    bare, scope, (self._project.context(self._module, called), arguments_held)
                )
            elif called == "asyncMap" and bare.type in FUNCTIONS and position == 1:
                first = self.held(given[0], scope)
                self.visit_function(bare, scope, (item_of(first),))
            else:
                self.visit(argument, scope)

    def _definition_arguments(self, given: list[Node], scope: Scope) -> ObjectLiteral | None:
        """The arguments of `query({ args, handler })` by their validators."""
        del scope
        definition = unwrap(given[0]) if given else None
        if definition is None or definition.type != "object":
            return None
        pairs = {
            self._expressions.key(pair): pair.child_by_field_name("value")
            for pair in definition.named_children
        }
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
                    values[self._expressions.key(pair)] = of_validator(self._file.text(value))
        return ObjectLiteral(values=values)

    def _visit_definition(self, definition: Node, scope: Scope, given: tuple[Held, ...]) -> None:
        returned = self._visit_pairs(definition, scope, given)
        whole = {
            one.table
            for one in returned
            if isinstance(one, Kind) and one.shape in {"document", "documents", "page"}
        }
        results = next(
            (pair for pair in definition.named_children if self._expressions.key(pair) == "returns"), None
        )
        if self._report is not None and results is not None and whole:
            self._report.results(results, whole)

    def _visit_pairs(self, definition: Node, scope: Scope, given: tuple[Held, ...]) -> list[Held]:
        """Walk the members of a definition; what its handler, which is given these, gives back."""
        returned: list[Held] = []
        for pair in definition.named_children:
            handler = unwrap(pair.child_by_field_name("value") or pair)
            if self._expressions.key(pair) == "handler" and handler.type in FUNCTIONS:
                returned += self.visit_function(handler, scope, given)
            else:
                self.visit(pair, scope)
        return returned


def _document(held: Held, name: str) -> Kind | None:
    """The document that `held.name` reads a field of."""
    if isinstance(held, ObjectLiteral):
        held = held.base if name not in held.keys and name not in held.values else None
    return held if isinstance(held, Kind) and held.shape == "document" else None


def _is_assigned(node: Node) -> bool:
    around = node.parent
    return (
        around is not None
        and around.type == "assignment_expression"
        and around.child_by_field_name("left") == node
    )
