"""Expressions to values. Nothing is run: what is not plain Python data stays symbolic, what cannot be known is Unknown."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.attributes import attribute
from instar.dialects.sqlalchemy.reading.calls import call
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.operators import operate, sliced, subscript
from instar.dialects.sqlalchemy.reading.render import render
from instar.dialects.sqlalchemy.reading.scopes import LocalScope, ModuleScope
from instar.dialects.sqlalchemy.reading.values import (
    MISSING,
    FunctionValue,
    LambdaValue,
    Missing,
    Symbol,
    Unknown,
    Value,
)
from instar.schema.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.dialects.sqlalchemy.reading.project import Project
    from instar.dialects.sqlalchemy.reading.scopes import Scope

_DEEPEST = 120
_MOST_STEPS = 300_000
_LONGEST = 2_000


class Evaluator:
    """Evaluates what a project's modules bind; shared by all of them.

    Attributes:
        project: Where modules are found.
        created: The classes that calls of `type` made, in order.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.created: list[ClassValue] = []
        self._depth = 0
        self._steps = 0

    @contextmanager
    def limited(self, steps: int) -> Iterator[None]:
        """Let what is evaluated inside take so many steps."""
        before = self._steps
        self._steps = max(before, _MOST_STEPS - steps)
        try:
            yield
        finally:
            self._steps = before

    def evaluate(self, expression: s.Expr, scope: Scope) -> Value:
        """The value of an expression."""
        self._steps += 1
        if self._depth >= _DEEPEST or self._steps > _MOST_STEPS:
            return Unknown("is nested too deeply", None)
        self._depth += 1
        try:
            return self._evaluate(expression, scope)
        except RecursionError:
            return Unknown("is nested too deeply", None)
        finally:
            self._depth -= 1

    def _evaluate(self, expression: s.Expr, scope: Scope) -> Value:
        match expression:
            case s.Const(value=value):
                return value
            case s.Name(id=name):
                found = scope.lookup(name)
                if isinstance(found, Missing):
                    return Unknown(f"{name} is not defined here", self.place(expression, scope))
                return found
            case s.Attr(value=owner, name=name):
                return attribute(self, self.evaluate(owner, scope), name, self.place(expression, scope))
            case s.Call():
                return call(self, expression, scope)
            case s.Subscript():
                return self._subscript(expression, scope)
            case s.Sequence(kind=kind, items=items):
                values = self.spread(items, scope)
                return values if kind == "list" else tuple(values)
            case s.Mapping():
                return self._mapping(expression, scope)
            case s.Operation(operator=operator, operands=operands):
                values = [self.evaluate(operand, scope) for operand in operands]
                return operate(operator, values, self.place(expression, scope))
            case s.Conditional(test=test, body=body, other=other):
                truth = self.truth(self.evaluate(test, scope))
                if truth is None:
                    return Unknown(f"depends on {render(test)}")
                return self.evaluate(body if truth else other, scope)
            case _:
                return self._rest(expression, scope)

    def _subscript(self, expression: s.Subscript, scope: Scope) -> Value:
        owner, place = self.evaluate(expression.value, scope), self.place(expression, scope)
        match expression.index:
            case s.Operation(operator=":", operands=bounds):
                start, stop = (self.evaluate(bound, scope) for bound in bounds)
                return sliced(owner, start, stop, place)
            case index:
                return subscript(self, owner, self.evaluate(index, scope), place)

    def _rest(self, expression: s.Expr, scope: Scope) -> Value:
        match expression:
            case s.Format(parts=parts):
                values = [self.evaluate(part, scope) for part in parts]
                if all(isinstance(value, str | int | float) for value in values):
                    return "".join(str(value) for value in values)
                return Unknown(f"{render(expression)} is computed")
            case s.Lambda(parameters=parameters, body=body):
                return LambdaValue(tuple(parameters), body, scope, expression)
            case s.Comprehension():
                return self._comprehension(expression, scope)
            case s.Star(value=value):
                return self.evaluate(value, scope)
            case s.Other(text=text):
                return Unknown(f"{text[:60]} is computed", self.place(expression, scope))
            case _:
                return Unknown("is no expression")

    def spread(self, items: Iterable[s.Expr], scope: Scope) -> list[Value]:
        """The values of a list of expressions, stars spread; a star that cannot be spread is one Unknown."""
        values: list[Value] = []
        for item in items:
            value = self.evaluate(item, scope)
            if isinstance(item, s.Star):
                inner = self.iterate(value)
                values += inner if inner is not None else [Unknown(f"{render(item)} is computed")]
            else:
                values.append(value)
        return values

    def iterate(self, value: Value) -> list[Value] | None:
        """What iterating over a value gives; None where that is not known, or too much."""
        if isinstance(value, str | list | tuple | frozenset | dict):
            return list(value) if len(value) <= _LONGEST else None
        if isinstance(value, ClassValue):
            members = self.project.enums.members(value)
            return list(members.values()) if members is not None else None
        return None

    def truth(self, value: Value) -> bool | None:
        """Whether a value counts as true; None where that is not known."""
        if value is None or isinstance(value, bool | int | float | str | list | tuple | dict):
            return bool(value)
        if isinstance(value, ClassValue | FunctionValue | LambdaValue):
            return True
        if isinstance(value, Symbol) and value.name == "TYPE_CHECKING":
            return False
        return None

    def bound(self, statement: s.Statement, name: str, scope: Scope) -> Value | Missing:
        """What a statement binds to a name."""
        match statement:
            case s.Bind(value=value):
                return self.evaluate(value, scope) if value is not None else MISSING
            case s.Class():
                return ClassValue(
                    statement.name, scope, self.place(statement, scope), self, definition=statement
                )
            case s.Function():
                return FunctionValue(statement, scope, scope.module)
            case s.Import(module=module, alias=alias):
                return self.project.import_module(module if alias else module.partition(".")[0], scope.module)
            case s.ImportFrom(names=names):
                original = next(original for original, alias in names if alias == name)
                found = self.import_from(statement, original, scope.module)
                return (
                    Unknown(f"{original} is not in {statement.module}")
                    if isinstance(found, Missing)
                    else found
                )
            case _:
                return MISSING

    def import_from(self, statement: s.ImportFrom, name: str, importer: ModuleScope) -> Value | Missing:
        """What `from module import name` gives: something of the project, or a symbol of a library."""
        module = self.project.import_module(statement.module, importer, level=statement.level)
        if isinstance(module, ModuleScope):
            return MISSING if module is importer and module.bindings.busy(name) else module.member(name)
        if isinstance(module, Symbol):
            starred = any(original == "*" for original, _ in statement.names)
            if starred and not self.project.vocabulary.exports(module.path, name):
                return MISSING
            return Symbol(f"{module.path}.{name}")
        return MISSING if any(original == "*" for original, _ in statement.names) else module

    def submodule(self, module: ModuleScope, name: str) -> Value | Missing:
        """A module below a package."""
        return self.project.submodule(module, name)

    def augmented(self, operator: str, before: Value, expression: s.Expr, scope: Scope) -> Value:
        """`before operator= expression`."""
        return operate(operator, [before, self.evaluate(expression, scope)], None)

    def is_found(self, value: Value) -> bool:
        """Whether a binding led to something, so that an earlier or lesser one need not be tried."""
        return not isinstance(value, Unknown)

    def place(self, node: s.Expr | s.Statement, scope: Scope) -> Place:
        """Where a node stands."""
        return Place(scope.module.path, getattr(node, "line", 1), getattr(node, "column", 1))

    def _mapping(self, expression: s.Mapping, scope: Scope) -> Value:
        result: dict[Value, Value] = {}
        for key, value in zip(expression.keys, expression.values, strict=True):
            found = self.evaluate(value, scope)
            if key is None:
                if not isinstance(found, dict):
                    return Unknown(f"**{render(value)} is computed")
                result.update(found)
                continue
            name = self.evaluate(key, scope)
            if isinstance(name, list | dict):
                return Unknown("a key is computed")
            result[name] = found
        return result

    def _comprehension(self, expression: s.Comprehension, scope: Scope) -> Value:
        items = self.iterate(self.evaluate(expression.iterable, scope))
        if items is None:
            return Unknown(f"{render(expression)} is computed")
        values: list[Value] = []
        pairs: dict[Value, Value] = {}
        for item in items:
            inner = LocalScope(scope, {})
            self.assign(expression.target, item, inner)
            truths = [self.truth(self.evaluate(condition, inner)) for condition in expression.conditions]
            if None in truths:
                return Unknown(f"{render(expression)} is computed")
            if not all(truths):
                continue
            element = self.evaluate(expression.element, inner)
            if isinstance(expression.element, s.Star):
                spread = self.iterate(element)
                if spread is None:
                    return Unknown(f"{render(expression)} is computed")
                values += spread
                continue
            if expression.value is not None:
                if isinstance(element, list | dict):
                    return Unknown("a key is computed")
                pairs[element] = self.evaluate(expression.value, inner)
            values.append(element)
        if expression.value is not None:
            return pairs
        return values if expression.kind == "list" else tuple(values)

    def assign(self, target: s.Expr, value: Value, scope: LocalScope) -> None:
        """Bind the names of a loop's target."""
        match target:
            case s.Name(id=name):
                scope.variables[name] = value
            case s.Sequence(items=items):
                parts = self.iterate(value) or []
                for position, item in enumerate(items):
                    part = parts[position] if position < len(parts) else Unknown("is unpacked")
                    self.assign(item, part, scope)
            case _:
                pass
