"""Classes that stand inside functions and methods: read as if each parameter had its default.

An application factory or an object that makes its models (`class Flow(flow_mixin, self.Base)`) is not run; what it
leaves unknown stays opaque.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.scopes import Bindings, LocalScope
from instar.dialects.sqlalchemy.reading.values import MISSING, Applied, Member, Missing, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator
    from instar.dialects.sqlalchemy.reading.scopes import ModuleScope, Scope

_BASES = frozenset({"Base", "Model"})


class FunctionScope(LocalScope):
    """The inside of a function that is not called: what it binds is evaluated when asked for."""

    def __init__(self, parent: Scope, variables: dict[str, Value], evaluator: Evaluator) -> None:
        super().__init__(parent, variables)
        self._bound = Bindings((), self, evaluator)

    def define(self, body: Iterable[s.Statement], evaluator: Evaluator) -> None:
        """Take the function's statements."""
        self._bound = Bindings(body, self, evaluator)

    def lookup(self, name: str) -> Value | Missing:
        """A name that the function binds, a parameter, or what the enclosing scope has."""
        found = self._bound.get(name)
        return found if not isinstance(found, Missing) else super().lookup(name)

    def classes(self) -> Iterator[ClassValue]:
        """The classes that the function defines."""
        for name in list(self._bound.names):
            found = self._bound.get(name) if isinstance(self._bound.definition(name), s.Class) else None
            if isinstance(found, ClassValue):
                yield found


def local_classes(module: ModuleScope, evaluator: Evaluator) -> list[ClassValue]:
    """The classes inside the functions of a module, and inside the methods of its classes."""
    found: list[ClassValue] = []
    for name in list(module.bindings.names):
        statement = module.bindings.definition(name)
        if isinstance(statement, s.Function):
            found += _inside(statement, module, evaluator, None)
        elif isinstance(statement, s.Class) and any(_defines(each) for each in statement.body):
            owner = module.bindings.get(name)
            if isinstance(owner, ClassValue):
                found += _of_methods(statement, owner, evaluator)
    return found


def makers_of(module: ModuleScope) -> Iterator[str]:
    """The module's functions that define a class on some base, by name."""
    for function in module.functions():
        body = function.definition.body
        if body is not None and any(isinstance(each, s.Class) and each.bases for each in body):
            yield function.name


def _of_methods(statement: s.Class, owner: ClassValue, evaluator: Evaluator) -> list[ClassValue]:
    """A method may keep a class for the others: `self.Base = Base` is taken for granted."""
    instance = Applied(owner)
    found: list[ClassValue] = []
    for each in statement.body:
        if isinstance(each, s.Function):
            found += _inside(each, owner.scope, evaluator, instance)
    for made in found:
        if owner.body.get(made.name) is MISSING:
            owner.body.set(made.name, made)
    return found


def _inside(
    function: s.Function, parent: Scope, evaluator: Evaluator, instance: Value
) -> Iterator[ClassValue]:
    if not _defines(function):
        return
    variables: dict[str, Value] = {}
    for position, parameter in enumerate(function.parameters):
        if position == 0 and instance is not None:
            variables[parameter.name] = instance
        elif parameter.default is not None:
            variables[parameter.name] = evaluator.evaluate(parameter.default, parent)
        else:
            variables[parameter.name] = Unknown(f"{parameter.name} is an argument")
    scope = FunctionScope(parent, variables, evaluator)
    scope.define(function.body if function.body is not None else function.classes, evaluator)
    yield from scope.classes()


def _defines(statement: s.Statement) -> bool:
    match statement:
        case s.Function(body=None, classes=classes):
            return bool(classes)
        case s.Function(body=list() as body):
            return any(isinstance(each, s.Class | s.If | s.Try) for each in body)
        case _:
            return False


def seems_mapped(owner: ClassValue) -> bool:
    """Whether a class builds on something unknown that is called as a declarative base is: `self.Base`, `db.Model`."""
    for written, base in zip(owner.definition.bases if owner.definition else (), owner.bases, strict=False):
        name = (
            written.name if isinstance(written, s.Attr) else written.id if isinstance(written, s.Name) else ""
        )
        if name in _BASES and isinstance(base, Unknown | Member):
            return True
    return False
