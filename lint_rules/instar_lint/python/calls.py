"""Calls: constructors of rows, methods of statements and results, sessions, the project's own functions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec.structs import replace

from instar_lint.python.attribute_values import attribute_of
from instar_lint.python.closures import captured
from instar_lint.python.conditions import method_operator
from instar_lint.python.containers import dictionary_method, many_method
from instar_lint.python.factories import factory_call
from instar_lint.python.frame import evaluates
from instar_lint.python.library import library_call
from instar_lint.python.members import member
from instar_lint.python.passing import pass_on
from instar_lint.python.queries import evaluate_arguments, evaluate_call, method
from instar_lint.python.results import TELLING, bound_by_first, call_result, closure_result, given_arguments
from instar_lint.python.sessions import session_call
from instar_lint.python.strings import entries_written, keyword_use, known_keys, listed_names
from instar_lint.python.values import (
    PLAIN,
    UNKNOWN,
    ClassOf,
    Closure,
    ColumnOf,
    Dictionary,
    Entity,
    External,
    Function,
    Instance,
    Many,
    Module,
    Object,
    OneOf,
    RelationOf,
    Statement,
    StoredColumn,
    Subquery,
    Super,
    TableOf,
    Text,
    Unknown,
    Value,
    most_of,
)

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame

_FINDING = frozenset(
    ["get", "get_or_404", "find", "find_or_fail", "get_by_id", "create", "first", "first_or_404"]
)
"""Class methods of active records, which a library or a metaclass may have put there."""
_VALIDATING = frozenset(["model_validate", "from_orm", "parse_obj", "model_construct", "construct"])


@evaluates(ast.Call)
def call_value(frame: Frame, node: ast.Call) -> Value:
    """What a call gives; rows that it makes and fields that it names are reported on the way."""
    if isinstance(node.func, ast.Attribute):
        return _method(frame, node, node.func)
    callee = frame.value(node.func)
    return _called(frame, node, callee, node.func.id if isinstance(node.func, ast.Name) else "")


def _method(frame: Frame, node: ast.Call, function: ast.Attribute) -> Value:
    operator = method_operator(function.attr) if frame.role == "filter" else None
    with frame.acting(frame.role, operator or frame.operator, constant=frame.constant):
        base = frame.value(function.value)
    if isinstance(base, OneOf):
        return most_of([_method_of(frame, node, function, option) for option in base.options])
    return _method_of(frame, node, function, base)


def _method_of(frame: Frame, node: ast.Call, function: ast.Attribute, base: Value) -> Value:
    name = function.attr
    match base:
        case Statement():
            return method(frame, node, base, name)
        case ColumnOf() | StoredColumn():
            evaluate_arguments(frame, node)
            return (
                base if name in ("label", "desc", "asc", "nullslast", "nulls_last", "cast", "op") else PLAIN
            )
        case RelationOf():
            return _relation_method(frame, node, base)
        case Many():
            return many_method(frame, node, base, name)
        case Dictionary():
            return dictionary_method(frame, node, base, name)
        case Text():
            evaluate_arguments(frame, node)
            return PLAIN
        case _:
            return _other_method(frame, node, base, function)


def _other_method(frame: Frame, node: ast.Call, base: Value, function: ast.Attribute) -> Value:
    name = function.attr
    if isinstance(base, Entity) and name in _VALIDATING:
        evaluate_arguments(frame, node)
        return Instance(base.cls)
    if isinstance(base, TableOf | Subquery):
        made = session_call(frame, node, base, name)
        if made is not None:
            return made
    member_value = attribute_of(frame, base, name)
    if isinstance(base, ClassOf) and isinstance(member_value, Unknown):
        row = factory_call(frame, node, base, name)
        if row is not None:
            return row
    if isinstance(base, Unknown) and name in ("load_only", "defer", "undefer"):
        listed_names(frame, node.args)
    if isinstance(base, Super):
        if isinstance(member_value, Unknown) and name == "__init__" and isinstance(base.owner, Instance):
            construct(frame, node, Entity(base.owner.cls))
            return PLAIN
        base = base.owner
    if isinstance(member_value, Unknown | External) or isinstance(base, Module):
        made = (
            None
            if isinstance(base, Module) and not isinstance(member_value, External)
            else session_call(frame, node, base, name)
        )
        if made is not None:
            return made
    given = _called(frame, node, member_value, name)
    return Instance(base.cls) if isinstance(base, Entity) and name in _FINDING and given == UNKNOWN else given


def _called(frame: Frame, node: ast.Call, callee: Value, name: str) -> Value:
    if frame.heard is not None:
        frame.heard.callees[node] = callee
    match callee:
        case Entity():
            return construct(frame, node, callee)
        case ClassOf():
            row = factory_call(frame, node, callee)
            return row if row is not None else _made(frame, node, callee)
        case Function():
            return _project_call(frame, node, callee)
        case Closure():
            inner = captured(frame, callee)
            return _project_call(frame, node, inner) if isinstance(inner, Closure) else UNKNOWN
        case External() | Unknown():
            return library_call(frame, node, callee, name)
        case OneOf(options=options):
            return most_of([_called(frame, node, option, name) for option in options])
        case Statement() if name == "query":
            return callee
        case _:
            evaluate_arguments(frame, node)
            return UNKNOWN


def _project_call(frame: Frame, node: ast.Call, callee: Function | Closure) -> Value:
    values, keywords = evaluate_call(frame, node)
    callee, values = bound_by_first(frame.knowledge, callee, values)
    pass_on(frame, node, callee, values, keywords)
    if frame.discarded is node:
        return UNKNOWN
    given = given_arguments(frame, callee, node, values)
    given.update(_named(node, keywords))
    if isinstance(callee, Function):
        return call_result(frame.knowledge, callee, frame.depth + 1, given)
    return closure_result(frame.knowledge, callee, frame.depth + 1, given)


def _made(frame: Frame, node: ast.Call, callee: ClassOf) -> Value:
    """An object of a class of the project, which keeps what leads to rows among the arguments."""
    values, keywords = evaluate_call(frame, node)
    made = Object(callee.cls, callee.bound)
    given = _named(node, keywords)
    initialiser = member(frame.knowledge, made, "__init__", frame.depth)
    if isinstance(initialiser, Function):
        pass_on(frame, node, initialiser, values, keywords)
        given.update(given_arguments(frame, initialiser, node, values))
    kept = {name: replace(v, given=()) if isinstance(v, Object) else v for name, v in given.items()}
    telling = tuple(
        sorted(((n, v) for n, v in kept.items() if isinstance(v, TELLING)), key=lambda pair: pair[0])
    )
    return replace(made, given=telling) if telling else made


def _named(node: ast.Call, values: list[Value]) -> dict[str, Value]:
    return {k.arg: value for k, value in zip(node.keywords, values, strict=True) if k.arg}


def construct(frame: Frame, node: ast.Call, entity: Entity) -> Value:
    """`User(name=…, **data)`: a row is made, its keyword arguments are written."""
    evaluate_arguments_only(frame, node)
    given: list[str] = []
    complete = not node.args
    for keyword in node.keywords:
        value = frame.value(keyword.value)
        if keyword.arg is not None:
            given.append(keyword.arg)
            keyword_use(frame, entity, keyword.arg, keyword, "write")
            continue
        entries, known = known_keys(value)
        given += entries_written(frame, entity, entries, node)
        complete = complete and known
        if not known and frame.report is not None:
            frame.report.unresolved(frame, node, entity.cls)
    if frame.report is not None:
        frame.report.insert(frame, node, entity.cls, given, complete=complete)
    return Instance(entity.cls)


def evaluate_arguments_only(frame: Frame, node: ast.Call) -> None:
    """Evaluate positional arguments; the keyword arguments are the caller's."""
    for argument in node.args:
        frame.value(argument)


def _relation_method(frame: Frame, node: ast.Call, base: RelationOf) -> Value:
    """`User.posts.any(Post.title == …, published=True)`."""
    attribute = frame.knowledge.attribute(base.cls, base.name)
    target = Entity(attribute.target) if attribute is not None and attribute.target else None
    with frame.acting("filter", "eq"):
        frame.values(node.args)
        for keyword in node.keywords:
            frame.value(keyword.value)
            if keyword.arg is not None and target is not None:
                keyword_use(frame, target, keyword.arg, keyword, "read")
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return base if name in ("and_", "of_type") else PLAIN
