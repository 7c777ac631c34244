"""Calls: short functions of the project and a few of Python's are followed, those of libraries stay symbolic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.builtin import call_builtin, call_library, call_method, call_pattern
from instar.dialects.sqlalchemy.reading.classes import ClassScope, ClassValue
from instar.dialects.sqlalchemy.reading.constructed import constructed
from instar.dialects.sqlalchemy.reading.execute import execute
from instar.dialects.sqlalchemy.reading.scopes import LocalScope
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    BoundMethod,
    EnumMember,
    FunctionValue,
    LambdaValue,
    Member,
    Missing,
    Super,
    Symbol,
    Unknown,
    Value,
)
from instar.dialects.sqlalchemy.reading.vocabulary import ARGUMENTS, COLUMNS

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading import syntax as s
    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator
    from instar.dialects.sqlalchemy.reading.scopes import Scope
    from instar.schema.model import Place


def call(evaluator: Evaluator, expression: s.Call, scope: Scope) -> Value:
    """The value of a call."""
    callee = evaluator.evaluate(expression.function, scope)
    if isinstance(callee, Symbol) and callee.path == "builtins.super":
        return _super(scope)
    return apply(evaluator, applied(evaluator, callee, expression, scope), scope)


def applied(evaluator: Evaluator, callee: Value, expression: s.Call, scope: Scope) -> Applied:
    """A call with its arguments evaluated."""
    made = Applied(callee, place=evaluator.place(expression, scope))
    made.arguments = tuple(evaluator.spread(expression.arguments, scope))
    for name, value in expression.keywords:
        found = evaluator.evaluate(value, scope)
        if name is not None:
            made.keywords[name] = found
            made.sources[name] = value
        elif isinstance(found, dict):
            made.keywords.update({key: item for key, item in found.items() if isinstance(key, str)})
        else:
            made.complete = False
    return made


def apply(evaluator: Evaluator, made: Applied, scope: Scope) -> Value:
    """Follow a call, or leave it as it is."""
    match made.callee:
        case FunctionValue() as function:
            return _function(evaluator, function, made)
        case LambdaValue(parameters=parameters, body=body, scope=outer):
            return evaluator.evaluate(
                body, LocalScope(outer, dict(zip(parameters, made.arguments, strict=False)))
            )
        case BoundMethod(function=str() as name, owner=owner):
            return call_method(evaluator, owner, name, made)
        case BoundMethod(function=FunctionValue() as function, owner=owner):
            return _function(evaluator, function, made, first=owner)
        case Symbol(path=path) as symbol if symbol.root == "builtins":
            if path == "builtins.type" and len(made.arguments) == 3:
                return _type(evaluator, made, scope)
            return call_builtin(evaluator, path.rpartition(".")[2], made)
        case Symbol(path=path):
            return call_library(evaluator, path, made)
        case Applied(callee=Symbol(path="functools.partial"), arguments=[inner, *given]) as partial:
            merged = Applied(inner, (*given, *made.arguments), partial.keywords | made.keywords, made.place)
            merged.sources = partial.sources | made.sources
            return apply(evaluator, merged, scope)
        case Member(owner=Member(name="c" | "columns"), name="get") if len(made.arguments) == 2:
            return made.arguments[1]  # the column that another class of the table has, or this one
        case Member(owner=Applied(callee=Symbol(path="re.compile")) as pattern, name=name):
            found = call_pattern(evaluator, pattern, name, made)
            return made if isinstance(found, Missing) else found
        case ClassValue() as owner:
            return _instance(evaluator, owner, made)
        case _:
            return made


def _super(scope: Scope) -> Value:
    """`super()` inside a method: after the class that the method stands in, seen from its first argument."""
    owner: Value = None
    inside: Scope | None = scope
    while inside is not None:
        if isinstance(inside, LocalScope) and owner is None:
            owner = next(iter(inside.variables.values()), None)
        if isinstance(inside, ClassScope):
            return Super(inside.owner, owner if isinstance(owner, ClassValue) else inside.owner)
        inside = getattr(inside, "parent", None)
    return Unknown("super() outside a class")


def _instance(evaluator: Evaluator, owner: ClassValue, made: Applied) -> Value:
    members = evaluator.project.enums.members(owner)
    if members is None:
        if evaluator.project.vocabulary.meaning(owner) not in COLUMNS | ARGUMENTS | {"ForeignKey"}:
            return made
        handed = constructed(evaluator, owner, made)
        made.complete = made.complete and handed is not None
        return handed or made
    wanted = made.arguments[0] if made.arguments else None
    found = [m for m in members.values() if isinstance(m, EnumMember) and m.value == wanted]
    return found[0] if found else Unknown(f"{owner.name} has no such member", made.place)


def _type(evaluator: Evaluator, made: Applied, scope: Scope) -> Value:
    """`type(name, bases, namespace)` makes a class."""
    name, bases, namespace = made.arguments
    if (
        not isinstance(name, str)
        or not isinstance(bases, list | tuple)
        or not isinstance(namespace, dict)
        or made.place is None
    ):
        return Unknown("a class is made from computed parts", made.place)
    created = ClassValue(name, scope.module, made.place, evaluator, bases=bases)
    for key, value in namespace.items():
        if isinstance(key, str):
            created.body.set(key, value)
    created.given_keywords(made.keywords)
    evaluator.created.append(created)
    return created


def _function(
    evaluator: Evaluator, function: FunctionValue, made: Applied, first: Value | None = None
) -> Value:
    """The value that a function of the project returns."""
    definition = function.definition
    if definition.body is None:
        return Unknown(f"{definition.name}() is not followed", made.place)
    arguments = list(made.arguments) if first is None else [first, *made.arguments]
    variables = variables_of(evaluator, function, arguments, dict(made.keywords))
    result = execute(evaluator, definition.body, LocalScope(function.scope, variables))
    value = None if isinstance(result, Missing) else result
    if isinstance(value, Applied) and value.place is not None and made.place is not None:
        value.place = made.place  # a column that a function makes belongs where the function is called
    return value


def variables_of(
    evaluator: Evaluator, function: FunctionValue, arguments: list[Value], keywords: dict[str, Value]
) -> dict[str, Value]:
    """The variables that a function starts with."""
    variables: dict[str, Value] = {}
    for parameter in function.definition.parameters:
        if parameter.star == "*":
            variables[parameter.name] = tuple(arguments)
            arguments = []
        elif parameter.star == "**":
            variables[parameter.name] = dict(keywords.items())
        elif arguments:
            variables[parameter.name] = arguments.pop(0)
        elif parameter.name in keywords:
            variables[parameter.name] = keywords.pop(parameter.name)
        elif parameter.default is not None:
            variables[parameter.name] = evaluator.evaluate(parameter.default, function.scope)
        else:
            variables[parameter.name] = Unknown(f"{parameter.name} is an argument")
    return variables


def call_with(evaluator: Evaluator, function: Value, *arguments: Value, place: Place | None = None) -> Value:
    """Call a function of the project with values."""
    made = Applied(function, arguments, place=place)
    match function:
        case FunctionValue(scope=scope) | LambdaValue(scope=scope):
            return apply(evaluator, made, scope)
        case _:
            return Unknown("is no function of the project", place)
