"""The statements of a short function, as far as they can be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.operators import operate
from instar.dialects.sqlalchemy.reading.scopes import LocalScope
from instar.dialects.sqlalchemy.reading.values import MISSING, Missing, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator

_MOST_ROUNDS = 500


class _Stopped(Missing):
    """The block ended without a value that counts: it raised."""


_STOPPED = _Stopped()


def execute(evaluator: Evaluator, body: Sequence[s.Statement], scope: LocalScope) -> Value | Missing:
    """What the body returns; MISSING where it ends without a return."""
    for position, statement in enumerate(body):
        match statement:
            case s.Return(value=value):
                return evaluator.evaluate(value, scope) if value is not None else None
            case s.Stop():
                return _STOPPED
            case s.If():
                result = _branch(evaluator, statement, body[position + 1 :], scope)
            case s.For():
                result = _loop(evaluator, statement, scope)
            case s.Try(body=tried):
                result = execute(evaluator, tried, scope)
            case _:
                _effect(evaluator, statement, scope)
                result = MISSING
        if result is not MISSING:
            return result
    return MISSING


def _branch(
    evaluator: Evaluator, statement: s.If, rest: Sequence[s.Statement], scope: LocalScope
) -> Value | Missing:
    """Where the test is not known, both ways are followed, and count where they agree or one of them raises."""
    truth = evaluator.truth(evaluator.evaluate(statement.test, scope))
    if truth is not None:
        return execute(evaluator, statement.body if truth else statement.other, scope)
    other = LocalScope(scope.parent, {name: _apart(value) for name, value in scope.variables.items()})
    first = execute(evaluator, statement.body, scope)
    if isinstance(first, _Stopped):
        return execute(evaluator, [*statement.other, *rest], other)
    if first is MISSING:
        return execute(evaluator, statement.other, scope)
    second = execute(evaluator, [*statement.other, *rest], other)
    if isinstance(second, _Stopped) or first == second:
        return first
    return Unknown("depends on a value that is not known")


def _apart(value: Value) -> Value:
    """A mapping that one of two ways may change."""
    return dict(value) if isinstance(value, dict) else value


def _loop(evaluator: Evaluator, statement: s.For, scope: LocalScope) -> Value | Missing:
    items = evaluator.iterate(evaluator.evaluate(statement.iterable, scope))
    for item in (items or [])[:_MOST_ROUNDS]:
        evaluator.assign(statement.target, item, scope)
        result = execute(evaluator, statement.body, scope)
        if isinstance(result, _Stopped):
            continue
        if result is not MISSING:
            return result
    return MISSING


def _effect(evaluator: Evaluator, statement: s.Statement, scope: LocalScope) -> None:
    match statement:
        case s.Bind(name=name, value=value, operator=sign) if value is not None:
            found = evaluator.evaluate(value, scope)
            before = scope.lookup(name) if sign is not None else MISSING
            if sign is not None and not isinstance(before, Missing):
                found = operate(sign, [before, found], None)
            scope.variables[name] = found
        case s.BindAttribute(target=target, name=name, value=value):
            owner = evaluator.evaluate(target, scope)
            if isinstance(owner, ClassValue):
                owner.body.set(name, evaluator.evaluate(value, scope))
        case s.Evaluate(value=value):
            evaluator.evaluate(value, scope)
        case s.Class(name=name) | s.Function(name=name):
            bound = evaluator.bound(statement, name, scope)
            if not isinstance(bound, Missing):
                scope.variables[name] = bound
            if isinstance(bound, ClassValue):
                evaluator.created.append(bound)
        case s.Import() | s.ImportFrom():
            names = (
                [alias for _, alias in statement.names]
                if isinstance(statement, s.ImportFrom)
                else [statement.alias or statement.module.partition(".")[0]]
            )
            for name in names:
                bound = evaluator.bound(statement, name, scope) if name != "*" else MISSING
                if not isinstance(bound, Missing):
                    scope.variables[name] = bound
        case _:
            pass
