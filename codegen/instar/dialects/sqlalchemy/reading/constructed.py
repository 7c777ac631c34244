"""Classes of the project that extend a construct of SQLAlchemy (`class Required(Column)`): what reaches the construct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.execute import execute
from instar.dialects.sqlalchemy.reading.scopes import LocalScope
from instar.dialects.sqlalchemy.reading.values import Applied, FunctionValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.dialects.sqlalchemy.reading.classes import ClassValue
    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator


def constructed(
    evaluator: Evaluator, owner: ClassValue, made: Applied, after: ClassValue | None = None
) -> Applied | None:
    """The arguments that the project's `__init__` methods hand on to the library; None where they hand on nothing known.

    Args:
        evaluator: The evaluator.
        owner: The class that is called.
        made: The call.
        after: The class whose `__init__` handed these arguments on.
    """
    found = owner.find("__init__", after=after)
    if found is None:
        return made
    giver, function = found
    if not isinstance(function, FunctionValue) or function.definition.body is None:
        return None
    from instar.dialects.sqlalchemy.reading.calls import variables_of  # noqa: PLC0415 - they need each other

    instance = Applied(owner, made.arguments, made.keywords, made.place)
    variables = variables_of(evaluator, function, [instance, *made.arguments], dict(made.keywords))
    handed = _handed(evaluator, function.definition.body, LocalScope(function.scope, variables))
    if handed is None:
        return None
    handed.callee, handed.place = owner, made.place
    handed.complete = handed.complete and made.complete
    handed.sources |= {name: source for name, source in made.sources.items() if name in handed.keywords}
    return constructed(evaluator, owner, handed, giver)


def _handed(evaluator: Evaluator, body: Sequence[s.Statement], scope: LocalScope) -> Applied | None:
    """The call of the next `__init__` in a body, its arguments evaluated when what stands before has run."""
    from instar.dialects.sqlalchemy.reading.calls import applied  # noqa: PLC0415 - they need each other

    for statement in body:
        match statement:
            case (
                s.Evaluate(value=s.Call(function=s.Attr(value=target, name="__init__")) as call)
                | s.Return(value=s.Call(function=s.Attr(value=target, name="__init__")) as call)
            ):
                made = applied(evaluator, None, call, scope)
                bound = isinstance(target, s.Call)  # `super()`, and not `Column.__init__(self, …)`
                made.arguments = made.arguments if bound else made.arguments[1:]
                return made
            case s.If(test=test, body=first, other=second):
                truth = evaluator.truth(evaluator.evaluate(test, scope))
                for branch in (first, second) if truth is None else (first if truth else second,):
                    found = _handed(evaluator, branch, scope)
                    if found is not None:
                        return found
            case _:
                execute(evaluator, [statement], scope)
    return None
