"""Operators and subscripts on values."""

from __future__ import annotations

import operator as python
import re
from typing import TYPE_CHECKING, Any

from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    EnumMember,
    FunctionValue,
    Generic,
    Member,
    SqlOperation,
    Symbol,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator
    from instar.schema.model import Place

_LONGEST = 10_000
_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "-": python.sub, "/": python.truediv, "//": python.floordiv, "==": python.eq, "!=": python.ne,
    "<": python.lt, "<=": python.le, ">": python.gt, ">=": python.ge, "&": python.and_, "^": python.xor,
}  # fmt: skip
_WIDE = re.compile(r"%[^a-zA-Z%(]*(\d{3,}|\*)|%\([^)]*\)[^a-zA-Z%]*\d{3,}")
_SYMBOLIC = (Applied, Member, Symbol, ClassValue, Generic, SqlOperation)


def operate(sign: str, values: Sequence[Value], place: Place | None) -> Value:
    """Apply an operator; on something symbolic the operation itself is the value."""
    if sign in {"and", "or", "not", "is", "is not", "in", "not in"}:
        return _logic(sign, values)
    if sign == "|" and _are_types(values):
        return Generic(Symbol("typing.Union"), tuple(values))
    if any(isinstance(value, _SYMBOLIC) for value in values):
        return SqlOperation(sign, tuple(values), place)
    unknown = next((value for value in values if isinstance(value, Unknown)), None)
    if unknown is not None:
        return unknown
    try:
        return _compute(sign, list(values))
    except (TypeError, ValueError, ArithmeticError, MemoryError):
        return Unknown(f"{sign} cannot be computed", place)


def _are_types(values: Sequence[Value]) -> bool:
    """Whether `a | b` is a union of types: of classes, subscripted types and None."""
    for value in values:
        if value is None or isinstance(value, ClassValue | Generic):
            continue
        if isinstance(value, Symbol) and ".func." not in value.path:
            continue
        if isinstance(value, Unknown | str):
            continue
        return False
    return any(value is None or isinstance(value, ClassValue | Generic | Symbol) for value in values)


def _compute(sign: str, values: list[Any]) -> Value:
    if len(values) == 1:
        return -values[0] if sign == "-" else +values[0] if sign == "+" else Unknown(f"{sign} of a value")
    left, right = values[0], values[1]
    result: Value
    if sign == "+":
        if isinstance(left, list | tuple) and isinstance(right, list | tuple):
            return [*left, *right] if isinstance(left, list) else (*left, *right)
        result = left + right
    elif sign == "%" and isinstance(left, str):
        result = left % right if _formats(left, right) else Unknown("a % of values")
    elif sign == "*" and isinstance(left, int) and isinstance(right, int):
        result = left * right if abs(left) < 2**62 and abs(right) < 2**62 else Unknown("a large number")
    elif (
        sign in {"**", "<<"}
        and isinstance(left, int)
        and isinstance(right, int)
        and 0 <= right <= 64
        and abs(left) <= 1024
    ):
        result = left**right if sign == "**" else left << right
    elif sign == "|" and isinstance(left, dict) and isinstance(right, dict):
        result = {**left, **right}
    elif sign in _PLAIN:
        result = _PLAIN[sign](left, right)
    else:
        return Unknown(f"{sign} of values")
    if isinstance(result, str | list | tuple) and len(result) > _LONGEST:
        return Unknown("a long value")
    return result


def _formats(pattern: str, value: object) -> bool:
    """Whether it is safe to fill in: constants only, and no width that asks for a huge string."""
    if _WIDE.search(pattern):
        return False
    if isinstance(value, dict):
        return all(isinstance(item, str | int | float) for item in value.values())
    return all(
        isinstance(item, str | int | float) for item in (value if isinstance(value, tuple) else (value,))
    )


def _logic(sign: str, values: Sequence[Value]) -> Value:
    match sign:
        case "not":
            truth = _truth(values[0])
            return (not truth) if truth is not None else Unknown("depends on a value")
        case "and" | "or":
            for value in values[:-1]:
                truth = _truth(value)
                if truth is None:
                    return Unknown("depends on a value")
                if truth is (sign == "or"):
                    return value
            return values[-1]
        case "is" | "is not":
            left, right = values[0], values[1]
            if isinstance(left, Unknown) or isinstance(right, Unknown):
                return Unknown("depends on a value")
            return (left is right) is (sign == "is")
        case _:
            left, right = values[0], values[1]
            if isinstance(left, Unknown) or not isinstance(right, str | list | tuple | dict | frozenset):
                return Unknown("depends on a value")
            if isinstance(right, str):
                return (
                    (left in right) is (sign == "in")
                    if isinstance(left, str)
                    else Unknown("depends on a value")
                )
            return any(left is item or left == item for item in right) is (sign == "in")


def _truth(value: Value) -> bool | None:
    if value is None or isinstance(value, bool | int | float | str | list | tuple | dict | frozenset):
        return bool(value)
    return True if isinstance(value, ClassValue | FunctionValue | EnumMember) else None


def sliced(owner: Value, start: Value, stop: Value, place: Place | None) -> Value:
    """`owner[start:stop]`."""
    if not isinstance(owner, str | list | tuple) or not all(
        bound is None or isinstance(bound, int) for bound in (start, stop)
    ):
        return owner if isinstance(owner, Unknown) else Unknown("a part of a value", place)
    first = start if isinstance(start, int) else None
    last = stop if isinstance(stop, int) else None
    return owner[first:last]


def subscript(evaluator: Evaluator, owner: Value, index: Value, place: Place | None) -> Value:
    """`owner[index]`: an item, a member of an enum, a subscripted type, or part of an SQL expression."""
    match owner:
        case dict():
            try:
                return owner.get(index, Unknown("a key is missing", place))
            except TypeError:
                return Unknown("a key is computed", place)
        case str() | list() | tuple():
            if isinstance(index, int) and -len(owner) <= index < len(owner):
                return owner[index]
            return Unknown("an index is computed", place)
        case ClassValue():
            members = evaluator.project.enums.members(owner)
            if members is not None:
                found = members.get(index) if isinstance(index, str) else None
                return found or Unknown(f"{owner.name} has no such member", place)
            return Generic(owner, index if isinstance(index, tuple) else (index,))
        case Symbol() | Generic():
            if isinstance(owner, Symbol) and owner.name == "Optional":
                return Generic(Symbol("typing.Union"), (index, None))
            return Generic(owner, index if isinstance(index, tuple) else (index,))
        case Unknown():
            return Generic(owner, index if isinstance(index, tuple) else (index,))
        case Member(owner=Applied() | ClassValue() | Member(), name="c" | "columns") if isinstance(
            index, str
        ):
            return Member(owner, index, place)
        case Applied() | Member() | SqlOperation():
            return SqlOperation("[]", (owner, index), place)
        case _:
            return Unknown("is subscripted", place)
