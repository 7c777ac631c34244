"""Schema expressions to values, without running them.

The part of TypeScript that schemas are written in: literals, objects, arrays, spreads, casts, constants, functions
that return an expression, imports. Everything else is `Unknown` with its place; nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from instar.dialects.convex import vocabulary
from instar.dialects.convex.builtins import plain_member
from instar.dialects.convex.ents import EntValue, ent_member
from instar.dialects.convex.expressions import EXPRESSIONS
from instar.dialects.convex.syntax import string_value, unwrap
from instar.dialects.convex.values import (
    UNDEFINED,
    Closure,
    JsArray,
    JsObject,
    Native,
    SchemaValue,
    TableValue,
    Undefined,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from instar.dialects.convex.modules import Module
    from instar.dialects.convex.program import Program

DEEPEST = 120
"""Nested expressions and calls; a schema that needs more is generated or recursive."""
LONGEST = 400_000
"""Expressions evaluated for one schema, calls unrolled."""
_SPACE = re.compile(r"\s+")


def _is_link(node: Node) -> bool:
    """Whether it is the `f().index` of a chain of calls, which the call in it pays for: a table has 64 indexes."""
    owner = node.child_by_field_name("object") if node.type == "member_expression" else None
    return owner is not None and owner.type == "call_expression"


@dataclass(slots=True, eq=False)
class Scope:
    """The names that an expression can see: its function's, those around it, its module's."""

    module: Module
    names: dict[str, Value] = field(default_factory=dict)
    parent: Scope | None = None


class Evaluator:
    """Evaluates expressions of a program; `names` come from the program, which knows the modules."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._depth = 0
        self._steps = 0

    def evaluate(self, node: Node, scope: Scope) -> Value:
        """The value of an expression."""
        node = unwrap(node)
        handler = EXPRESSIONS.get(node.type)
        if handler is None:
            return self.unknown(node, scope, f"a {node.type.replace('_', ' ')} is not understood")
        self._steps += 1
        if self._depth >= DEEPEST or self._steps > LONGEST:
            return self.unknown(node, scope, "this is nested too deeply or too large to be evaluated")
        cost = 0 if _is_link(node) else 1
        self._depth += cost
        try:
            return handler(self, node, scope)
        finally:
            self._depth -= cost

    def unknown(self, node: Node, scope: Scope, reason: str) -> Unknown:
        """An unknown value at a node."""
        file = scope.module.file
        text = _SPACE.sub(" ", file.text(node))[:200]
        syntax = node.is_error or node.is_missing
        return Unknown(
            "this does not parse" if syntax else reason, file.place(node), text=text, syntax=syntax
        )

    def call(self, function: Value, given: tuple[Value, ...]) -> Value:
        """Call a function value."""
        if isinstance(function, Native):
            return function.call(given)
        if isinstance(function, Closure):
            return self._call_closure(function, given)
        return function if isinstance(function, Unknown) else Unknown("this is not a function")

    def _call_closure(self, function: Closure, given: tuple[Value, ...]) -> Value:
        scope = Scope(function.scope.module, parent=function.scope)
        node = function.node
        if any(child.type in {"async", "*"} for child in node.children):
            return self.unknown(node, scope, "asynchronous functions and generators are not evaluated")
        single = node.child_by_field_name("parameter")
        listed = node.child_by_field_name("parameters")
        parameters = [single] if single is not None else []
        if listed is not None:
            parameters = [child for child in listed.named_children if child.type != "comment"]
        for position, parameter in enumerate(parameters):
            self._bind_parameter(parameter, position, given, scope)
        body = node.child_by_field_name("body")
        if body is None:
            return UNDEFINED
        if body.type != "statement_block":
            return self.evaluate(body, scope)
        returned = self._run(body, scope)
        return UNDEFINED if returned is None else returned[0]

    def _bind_parameter(self, parameter: Node, position: int, given: tuple[Value, ...], scope: Scope) -> None:
        pattern = parameter.child_by_field_name("pattern") or parameter
        if pattern.type == "rest_pattern":
            self.bind(pattern.named_children[0], JsArray(given[position:]), scope)
            return
        value = given[position] if position < len(given) else UNDEFINED
        default = parameter.child_by_field_name("value")
        if isinstance(value, Undefined) and default is not None:
            value = self.evaluate(default, scope)
        self.bind(pattern, value, scope)

    def bind(self, pattern: Node, value: Value, scope: Scope) -> None:
        """Bind the names of a pattern, as `const pattern = value` does."""
        file = scope.module.file
        if pattern.type in {"identifier", "shorthand_property_identifier_pattern"}:
            scope.names[file.text(pattern)] = value
        elif pattern.type == "array_pattern":
            for position, child in enumerate(c for c in pattern.named_children if c.type != "comment"):
                self.bind(child, self.item(value, position), scope)
        elif pattern.type in {"object_assignment_pattern", "assignment_pattern"}:
            left, right = pattern.child_by_field_name("left"), pattern.child_by_field_name("right")
            if left is not None and right is not None:
                found = self.evaluate(right, scope) if isinstance(value, Undefined) else value
                self.bind(left, found, scope)
        elif pattern.type == "object_pattern":
            self._bind_object(pattern, value, scope)

    def _bind_object(self, pattern: Node, value: Value, scope: Scope) -> None:
        file = scope.module.file
        taken: set[str] = set()
        for child in pattern.named_children:
            if child.type == "rest_pattern":
                rest: Value = value
                if isinstance(value, JsObject):
                    left = {name: entry for name, entry in value.entries.items() if name not in taken}
                    rest = JsObject(left, value.rest)
                self.bind(child.named_children[0], rest, scope)
                continue
            key = child.child_by_field_name("key") or child.child_by_field_name("left") or child
            name = string_value(file, key) if key.type == "string" else file.text(key)
            taken.add(name)
            target = child.child_by_field_name("value") or child
            self.bind(target, self.member(value, name, child, scope), scope)

    def _run(self, block: Node, scope: Scope) -> tuple[Value] | None:
        """Run the statements of a function; the returned value in a tuple, or None at the end."""
        for statement in block.named_children:
            kind = statement.type
            if kind == "return_statement":
                children = [child for child in statement.named_children if child.type != "comment"]
                return (self.evaluate(children[0], scope) if children else UNDEFINED,)
            if kind in {"lexical_declaration", "variable_declaration"}:
                for declarator in statement.named_children:
                    pattern = declarator.child_by_field_name("name")
                    value = declarator.child_by_field_name("value")
                    if pattern is not None:
                        self.bind(pattern, self.evaluate(value, scope) if value else UNDEFINED, scope)
            elif kind == "function_declaration":
                name = statement.child_by_field_name("name")
                if name is not None:
                    scope.names[scope.module.file.text(name)] = Closure(statement, scope)
            elif kind == "if_statement":
                returned = self._branch(statement, scope)
                if returned is not None:
                    return returned
            elif kind not in {"comment", "empty_statement", "type_alias_declaration"}:
                return (self.unknown(statement, scope, f"a {kind.replace('_', ' ')} is not evaluated"),)
        return None

    def _branch(self, statement: Node, scope: Scope) -> tuple[Value] | None:
        condition = statement.child_by_field_name("condition")
        verdict = vocabulary.truthy(self.evaluate(condition, scope)) if condition is not None else None
        if verdict is None:
            return (self.unknown(statement, scope, "which branch runs is not known"),)
        chosen = statement.child_by_field_name("consequence" if verdict else "alternative")
        if chosen is None:
            return None
        if chosen.type == "else_clause":
            chosen = chosen.named_children[0]
        if chosen.type == "statement_block":
            return self._run(chosen, Scope(scope.module, parent=scope))
        if chosen.type == "if_statement":
            return self._branch(chosen, scope)
        if chosen.type == "return_statement":
            children = chosen.named_children
            return (self.evaluate(children[0], scope) if children else UNDEFINED,)
        return (self.unknown(chosen, scope, "this statement is not evaluated"),)

    def lookup(self, name: str, node: Node, scope: Scope) -> Value:
        """The value of a variable."""
        at: Scope | None = scope
        while at is not None:
            if name in at.names:
                return at.names[name]
            at = at.parent
        value = self._program.value_of(scope.module, name)
        if isinstance(value, Unknown) and value.place is None:
            file = scope.module.file
            return replace(value, place=file.place(node), text=value.text or name)
        return value

    def member(self, owner: Value, name: str, node: Node, scope: Scope) -> Value:
        """`owner.name`."""
        if isinstance(owner, TableValue):
            place = scope.module.file.place(node)
            own = ent_member(owner, name, place) if isinstance(owner, EntValue) else None
            value = own if own is not None else vocabulary.table_member(owner, name, place)
        elif isinstance(owner, SchemaValue):
            value = vocabulary.schema_member(owner, name)
        else:
            value = plain_member(owner, name, self.call)
        if isinstance(value, Unknown) and value.place is None:
            return self.unknown(node, scope, value.reason)
        return value

    @staticmethod
    def item(value: Value, position: int) -> Value:
        """`value[position]`."""
        if isinstance(value, JsArray):
            if position < len(value.items):
                return value.items[position]
            return value.rest if value.rest is not None else UNDEFINED
        return value if isinstance(value, Unknown) else Unknown("an item of this value is not known")
