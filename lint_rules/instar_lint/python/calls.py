"""Calls: constructors of rows, methods of statements and results, sessions, the project's own functions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.attribute_values import attribute_of
from instar_lint.python.conditions import method_operator
from instar_lint.python.containers import dictionary_method, many_method
from instar_lint.python.frame import evaluates
from instar_lint.python.library import library_call
from instar_lint.python.queries import evaluate_arguments, method
from instar_lint.python.results import call_result, given_arguments
from instar_lint.python.sessions import session_call
from instar_lint.python.strings import entries_written, keyword_use, known_keys
from instar_lint.python.values import (
    PLAIN,
    UNKNOWN,
    ClassOf,
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
    member = attribute_of(frame, base, name)
    if isinstance(base, Super):
        if isinstance(member, Unknown) and name == "__init__" and isinstance(base.owner, Instance):
            construct(frame, node, Entity(base.owner.cls))
            return PLAIN
        base = base.owner
    if isinstance(member, Unknown | External) or isinstance(base, Module):
        made = (
            None
            if isinstance(base, Module) and not isinstance(member, External)
            else session_call(frame, node, base, name)
        )
        if made is not None:
            return made
    return _called(frame, node, member, name)


def _called(frame: Frame, node: ast.Call, callee: Value, name: str) -> Value:
    match callee:
        case Entity():
            return construct(frame, node, callee)
        case ClassOf(cls=cls, bound=bound):
            evaluate_arguments(frame, node)
            return Object(cls, bound)
        case Function():
            values = evaluate_arguments(frame, node)
            if frame.discarded is node:
                return UNKNOWN
            given = given_arguments(frame, callee, node, values)
            given.update({k.arg: _quietly(frame, k.value) for k in node.keywords if k.arg})
            return call_result(frame.knowledge, callee, frame.depth + 1, given)
        case External() | Unknown():
            return library_call(frame, node, callee, name)
        case OneOf(options=options):
            return most_of([_called(frame, node, option, name) for option in options])
        case Statement() if name == "query":
            return callee
        case _:
            evaluate_arguments(frame, node)
            return UNKNOWN


def _quietly(frame: Frame, node: ast.expr) -> Value:
    report, frame.report = frame.report, None
    value = frame.value(node)
    frame.report = report
    return value


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
        given += entries_written(frame, entity, entries)
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
