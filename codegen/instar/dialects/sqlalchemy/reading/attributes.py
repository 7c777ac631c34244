"""`owner.name` on values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.scopes import ModuleScope
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    BoundMethod,
    EnumMember,
    FunctionValue,
    Generic,
    LambdaValue,
    Member,
    Missing,
    SqlOperation,
    Super,
    Symbol,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator
    from instar.schema.model import Place


def attribute(evaluator: Evaluator, owner: Value, name: str, place: Place | None) -> Value:
    """The value of an attribute."""
    match owner:
        case ModuleScope():
            found = owner.member(name)
            return Unknown(f"{owner.name} has no {name}", place) if isinstance(found, Missing) else found
        case Symbol(path=path):
            return Symbol(f"{path}.{name}")
        case ClassValue():
            return _of_class(evaluator, owner, name, place)
        case Applied():
            return _of_applied(evaluator, owner, name, place)
        case EnumMember(name=member, value=value):
            if name in {"name", "value"}:
                return member if name == "name" else value
            return (
                attribute(evaluator, value, name, place)
                if isinstance(value, str)
                else Unknown("is a member", place)
            )
        case Super(after=after, owner=of):
            return _of_super(evaluator, after, of, name, place)
        case str() | list() | dict() | tuple() | frozenset():
            return BoundMethod(name, owner)
        case FunctionValue() | LambdaValue():
            return (
                owner.name
                if name == "__name__" and isinstance(owner, FunctionValue)
                else Member(owner, name, place)
            )
        case _:
            return _of_rest(evaluator, owner, name, place)


def _of_rest(evaluator: Evaluator, owner: Value, name: str, place: Place | None) -> Value:
    match owner:
        case Unknown() if evaluator.project.vocabulary.distinctive(name):
            return Symbol(f"sqlalchemy.{name}")
        case Generic(origin=origin) if isinstance(origin, ClassValue):
            return attribute(evaluator, origin, name, place)
        case Member() | SqlOperation():
            return Member(owner, name, place)
        case _:
            return Unknown(f"{name} of something that is not known", place)


def _of_super(
    evaluator: Evaluator, after: ClassValue, of: ClassValue, name: str, place: Place | None
) -> Value:
    found = of.find(name, after=after)
    if found is None:
        return Unknown(f"super() has no {name}", place)
    value = found[1]
    if not isinstance(value, FunctionValue):
        return value
    if evaluator.project.declared.binding(value) == "declared":
        return evaluator.project.declared.value_for(of, name, value)
    return BoundMethod(value, of)


def _of_class(evaluator: Evaluator, owner: ClassValue, name: str, place: Place | None) -> Value:
    project = evaluator.project
    match name:
        case "__name__" | "__qualname__":
            return owner.name
        case "__module__":
            return owner.module.name
        case "__mro__":
            return tuple(owner.mro)
        case "__bases__":
            return tuple(owner.bases)
        case "__tablename__":
            found = project.declared.tablename(owner)
            return (
                found if not isinstance(found, Missing) else Unknown(f"{owner.name} has no table name", place)
            )
        case "__table__" | "c" | "columns" | "__mapper__" if owner.find(name) is None:
            return Member(owner, name, place)
        case "metadata":
            return project.declared.metadata(owner)
        case _:
            pass
    members = project.enums.members(owner)
    if members is not None and name in members:
        return members[name]
    return _bound(evaluator, owner, name, place)


def _bound(evaluator: Evaluator, owner: ClassValue, name: str, place: Place | None) -> Value:
    found = owner.find(name)
    if found is None:
        annotated = any(base.body.annotation(name) for base in owner.ancestors)
        if annotated or owner.foreign:
            return Member(owner, name, place)
        return Unknown(f"{owner.name} has no {name}", place)
    value = found[1]
    if isinstance(value, FunctionValue):
        kind = evaluator.project.declared.binding(value)
        if kind == "static":
            return value
        if kind == "declared" and name.startswith(("__", f"_{found[0].name}__")):
            return evaluator.project.declared.value_for(owner, name, value)
        return BoundMethod(value, owner) if kind == "class" else Member(owner, name, place)
    if isinstance(value, Applied) and evaluator.project.vocabulary.maps(value):
        return Member(owner, name, place)
    return value


def _of_applied(evaluator: Evaluator, owner: Applied, name: str, place: Place | None) -> Value:
    vocabulary = evaluator.project.vocabulary
    if vocabulary.is_flask(owner):
        if name in {"Model", "metadata", "session", "engine", "metadatas"}:
            return Member(owner, name, place)
        if name == "Table":  # it brings its own metadata
            bound = {"metadata": Member(owner, "metadata")}
            return Applied(
                Symbol("functools.partial"), (Symbol("sqlalchemy.Table"),), dict[str, Value](bound)
            )
        declared = owner.callee.get(name) if isinstance(owner.callee, ClassValue) else Missing()
        return Symbol(f"sqlalchemy.{name}") if isinstance(declared, Missing) else declared
    if isinstance(owner.callee, ClassValue):
        found = owner.callee.get(name)
        if not isinstance(found, Missing | FunctionValue):
            return found
        if isinstance(found, FunctionValue):
            return BoundMethod(found, owner)
        if name in owner.keywords and not vocabulary.maps(owner):
            return owner.keywords[name]
    return Member(owner, name, place)
