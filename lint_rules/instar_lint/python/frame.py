"""Where an analysis stands: the file, the variables at this point, and what has been said so far."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from instar_lint.python.values import NOTHING, UNKNOWN, Statement, Value, join, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from instar_lint.facts import Operator, Role
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode
    from instar_lint.python.report import Report

    Evaluator = Callable[["Frame", Any], Value]  # each takes the kinds that it is registered for

EVALUATORS: dict[type[ast.expr], Evaluator] = {}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def evaluates(*kinds: type[ast.expr]) -> Callable[[Evaluator], Evaluator]:
    """Register the function that evaluates expressions of these kinds."""

    def register(evaluator: Evaluator) -> Evaluator:
        for kind in kinds:
            EVALUATORS[kind] = evaluator
        return evaluator

    return register


class Heard:
    """The calls in a function: what each one calls, and the values of its positional and keyword arguments."""

    __slots__ = ("arguments", "callees")

    def __init__(self) -> None:
        self.arguments: dict[ast.Call, tuple[list[Value], list[Value]]] = {}
        self.callees: dict[ast.Call, Value] = {}


class Frame:
    """One function, class body or module while it is interpreted.

    Attributes:
        knowledge: The rest of the project.
        module: The module that the code belongs to.
        report: Takes the facts; None where only a value is asked for.
        env: Variables to values; None behind a `return` or `raise`.
        scope: The qualified name of the function or class within the module.
        cls: The qualified class whose body or method this is.
        role: What the expression under evaluation is for.
        operator: The comparison that it is part of.
        depth: How many calls deep a value is being asked for.
        passed: Takes what becomes of names that a call passed on, where `report` takes nothing.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        module: ModuleNode,
        report: Report | None,
        *,
        env: dict[str, Value] | None = None,
        scope: str = "",
        cls: str | None = None,
        depth: int = 0,
    ) -> None:
        self.knowledge = knowledge
        self.module = module
        self.report = report
        self.env: dict[str, Value] = env if env is not None else {}
        self.dead = False
        self.scope = scope
        self.cls = cls
        self.depth = depth
        self.role: Role = "value"
        self.operator: Operator | None = None
        self.constant = True
        self.discarded: ast.expr | None = None
        self.returned: Value | None = None
        self.yielded: Value | None = None
        self.later: list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, dict[str, Value]]] = []
        self.self_attributes: dict[str, Value] = {}
        self.global_attributes: dict[str, Value] = {}
        self.self_name: str | None = None
        self.receiver: Value | None = None
        self.passed: Report | None = None
        self.function: ast.FunctionDef | ast.AsyncFunctionDef | None = None
        self.heard: Heard | None = None

    def value(self, node: ast.expr | None) -> Value:
        """What an expression holds; the facts in it are reported on the way."""
        if node is None:
            return NOTHING
        evaluator = EVALUATORS.get(type(node))
        return evaluator(self, node) if evaluator is not None else UNKNOWN

    def values(self, nodes: list[ast.expr]) -> list[Value]:
        """What several expressions hold."""
        return [self.value(node) for node in nodes]

    @contextmanager
    def acting(
        self, role: Role, operator: Operator | None = None, *, constant: bool = True
    ) -> Iterator[None]:
        """Evaluate what a query does with its parts: filters, order, groups."""
        before = (self.role, self.operator, self.constant)
        self.role, self.operator, self.constant = role, operator, constant
        try:
            yield
        finally:
            self.role, self.operator, self.constant = before

    @contextmanager
    def scoped(self, names: Mapping[str, Value] | None = None) -> Iterator[None]:
        """Evaluate with names of an inner scope: a comprehension, a lambda."""
        before = self.env
        self.env = {**before, **(names or {})}
        try:
            yield
        finally:
            self.env = before

    def done(self, value: Value) -> None:
        """Report a query that leaves the function's hands: it runs, is returned or passed on."""
        if self.report is None:
            return
        for option in options_of(value):
            if isinstance(option, Statement):
                self.report.statement(self, option)

    def fork(self) -> dict[str, Value]:
        """A copy of the variables, to interpret one branch with."""
        return dict(self.env)

    def merge(self, *branches: tuple[dict[str, Value], bool]) -> None:
        """Go on with what holds after several branches; `(variables, dead)` of each, dead ones do not count."""
        living = [env for env, dead in branches if not dead]
        self.dead = not living
        if not living:
            self.env = dict(branches[0][0])
            return
        first, *rest = living
        for other in rest:
            first = _merge_two(first, other)
        self.env = dict(first)


def _merge_two(left: dict[str, Value], right: dict[str, Value]) -> dict[str, Value]:
    if left is right:
        return left
    merged = {}
    for name, value in left.items():
        other = right.get(name)
        merged[name] = value if other is None or other is value else join(value, other)
    merged.update({name: value for name, value in right.items() if name not in left})
    return merged
