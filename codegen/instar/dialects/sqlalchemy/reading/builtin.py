"""The few functions of Python and of small libraries that models compute names with."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.patterns import METHODS, match_names
from instar.dialects.sqlalchemy.reading.scopes import ModuleScope
from instar.dialects.sqlalchemy.reading.syntax import Module
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    FunctionValue,
    LambdaValue,
    Member,
    Missing,
    Symbol,
    Unknown,
    Value,
    is_constant,
)

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator

_TEXT_METHODS = frozenset({
    "lower", "upper", "strip", "lstrip", "rstrip", "replace", "split", "rsplit", "partition", "rpartition", "title",
    "capitalize", "startswith", "endswith", "removeprefix", "removesuffix", "isupper", "islower", "isdigit", "swapcase",
    "casefold", "isalpha", "isalnum", "find", "rfind", "count",
})  # fmt: skip
_LONGEST = 2_000


def call_method(evaluator: Evaluator, owner: Value, name: str, made: Applied) -> Value:
    """A method of a string, list, tuple or dict."""
    arguments = made.arguments
    if isinstance(owner, str):
        return _text_method(evaluator, owner, name, made)
    if isinstance(owner, dict):
        return _dict_method(owner, name, made)
    if isinstance(owner, list):
        if name == "append" and len(arguments) == 1 and len(owner) < _LONGEST:
            owner.append(arguments[0])
            return None
        if name == "extend" and len(arguments) == 1 and len(owner) < _LONGEST:
            owner.extend(evaluator.iterate(arguments[0]) or [])
            return None
        if name == "copy":
            return list(owner)
    return Unknown(f"{name}() of a value", made.place)


def _dict_method(owner: dict[Value, Value], name: str, made: Applied) -> Value:
    match name, made.arguments:
        case "items", ():
            return list(owner.items())
        case "keys", ():
            return list(owner)
        case "values", ():
            return list(owner.values())
        case "get", (str() as key, *rest):
            return owner.get(key, rest[0] if rest else None)
        case "group", () if 0 in owner:
            return owner[0]
        case "group", (int() | str() as key,):
            return owner.get(key, Unknown("a group is missing"))
        case "copy", ():
            return dict(owner)
        case "setdefault", (str() as key, *rest):
            return owner.setdefault(key, rest[0] if rest else None)
        case "pop", (str() as key, *rest):
            return owner.pop(key, rest[0] if rest else Unknown(f"{key} is missing"))
        case "__setitem__", (str() as key, value):
            owner[key] = value
            return None
        case "update", _:
            owner.update(made.arguments[0] if made.arguments and isinstance(made.arguments[0], dict) else {})
            owner.update(made.keywords)
            return None
        case _:
            return Unknown(f"{name}() of a dict", made.place)


def _text_method(evaluator: Evaluator, owner: str, name: str, made: Applied) -> Value:
    if len(owner) > _LONGEST:
        return Unknown("a long string", made.place)
    if name == "join" and len(made.arguments) == 1:
        parts = evaluator.iterate(made.arguments[0])
        if parts is not None and all(isinstance(part, str) for part in parts):
            return owner.join(str(part) for part in parts)
    elif name == "format" and "{:" not in owner and "!" not in owner:
        values = [*made.arguments, *made.keywords.values()]
        if all(isinstance(value, str | int) for value in values) and not re.search(r"\{[^}]*[.\[:]", owner):
            try:
                return owner.format(*made.arguments, **made.keywords)
            except (IndexError, KeyError, ValueError):
                pass
    elif name in _TEXT_METHODS and not made.keywords and all(is_constant(value) for value in made.arguments):
        try:
            found: Value = getattr(owner, name)(*made.arguments)
        except (TypeError, ValueError):
            return Unknown(f"{name}() of a string", made.place)
        return found if not isinstance(found, str) or len(found) <= _LONGEST else Unknown("a long string")
    return Unknown(f"{name}() of a string", made.place)


def call_builtin(evaluator: Evaluator, name: str, made: Applied) -> Value:
    """A built-in function or type."""
    arguments = made.arguments
    first = arguments[0] if arguments else None
    match name, len(arguments):
        case "str" | "int" | "bool" | "float", 1 if (
            isinstance(first, str | int | float) and len(str(first)) < 300
        ):
            return _convert(name, first)
        case "len", 1 if isinstance(first, str | list | tuple | dict):
            return len(first)
        case "list" | "tuple" | "sorted" | "set" | "frozenset" | "reversed", 0 | 1:
            return _collect(evaluator, name, first if arguments else ())
        case "dict", 0 | 1 if not arguments or isinstance(first, dict):
            given: dict[Value, Value] = dict(first) if isinstance(first, dict) else {}
            given.update(made.keywords)
            return given
        case "range", 1 | 2 if all(isinstance(value, int) for value in arguments):
            numbers = range(*(value for value in arguments if isinstance(value, int)))
            return list(numbers) if len(numbers) <= _LONGEST else Unknown("a long range")
        case "enumerate" | "zip", _:
            return _pairs(evaluator, name, arguments, made)
        case "map" | "filter", 2:
            return _each(evaluator, name, made)
        case _, _ if made.callee == Symbol(f"builtins.str.{name}") and isinstance(first, str):
            bound = Applied(made.callee, arguments[1:], place=made.place)
            return _text_method(evaluator, first, name, bound)
        case _:
            return _about_classes(evaluator, name, made)


def _about_classes(evaluator: Evaluator, name: str, made: Applied) -> Value:
    """`getattr`, `hasattr`, `setattr`, `issubclass`, `callable`."""
    arguments = made.arguments
    first = arguments[0] if arguments else None
    match name, len(arguments):
        case "getattr", 2 | 3 if isinstance(arguments[1], str):
            from instar.dialects.sqlalchemy.reading.attributes import attribute  # noqa: PLC0415 - they need each other

            found = attribute(evaluator, first, arguments[1], made.place)
            absent = isinstance(first, ClassValue) and isinstance(found, Unknown | Member)
            absent = absent and isinstance(first, ClassValue) and first.find(arguments[1]) is None
            return arguments[2] if len(arguments) == 3 and absent else found
        case "dir", 1 if isinstance(first, ClassValue):
            return tuple(sorted({name for base in first.ancestors for name in base.body.names}))
        case "hasattr", 2 if isinstance(first, ClassValue) and isinstance(arguments[1], str):
            known = "unknown" not in evaluator.project.declared.roots(first)
            return first.find(arguments[1]) is not None or (not known and Unknown("depends on a base class"))
        case "setattr", 3 if isinstance(first, ClassValue) and isinstance(arguments[1], str):
            first.body.set(arguments[1], arguments[2])
            return None
        case "issubclass", 2 if isinstance(first, ClassValue) and isinstance(arguments[1], ClassValue):
            return arguments[1] in list(first.ancestors)
        case "callable", 1 if isinstance(first, FunctionValue | LambdaValue | ClassValue):
            return True
        case _:
            return made


def _each(evaluator: Evaluator, name: str, made: Applied) -> Value:
    """`map(function, items)`, `filter(function, items)` as the list of what they give."""
    from instar.dialects.sqlalchemy.reading.calls import apply  # noqa: PLC0415 - they need each other

    function, items = made.arguments[0], evaluator.iterate(made.arguments[1])
    if items is None:
        return Unknown(f"{name}() of a value", made.place)
    scope = ModuleScope("", Module([]), evaluator)
    given = [
        item if function is None else apply(evaluator, Applied(function, (item,)), scope) for item in items
    ]
    if name == "map":
        return given
    truths = [evaluator.truth(value) for value in given]
    if None in truths:
        return Unknown("filter() by a value", made.place)
    return [item for item, truth in zip(items, truths, strict=True) if truth]


def _convert(name: str, value: str | float) -> Value:
    try:
        match name:
            case "str":
                return str(value)
            case "int":
                return int(value)
            case "float":
                return float(value)
            case _:
                return bool(value)
    except (ValueError, OverflowError):
        return Unknown(f"{name}() of {value!r}")


def _collect(evaluator: Evaluator, name: str, value: Value) -> Value:
    items = evaluator.iterate(value)
    if items is None:
        return Unknown(f"{name}() of a value")
    if name == "sorted":
        if not all(isinstance(item, str) for item in items) and not all(
            isinstance(item, int) for item in items
        ):
            return Unknown("sorted() of values")
        return sorted(items, key=lambda item: item)  # type: ignore[arg-type,return-value]  # all of one kind
    if name == "reversed":
        return items[::-1]
    return items if name == "list" else tuple(items)


def _pairs(evaluator: Evaluator, name: str, arguments: tuple[Value, ...], made: Applied) -> Value:
    lists = [evaluator.iterate(argument) for argument in arguments]
    known = [items for items in lists if items is not None]
    if len(known) != len(lists) or not known:
        return Unknown(f"{name}() of values", made.place)
    if name == "enumerate":
        return list(enumerate(known[0]))
    return list(zip(*known, strict=False))


def call_library(evaluator: Evaluator, path: str, made: Applied) -> Value:
    """A function of the standard library or of a small one that computes names; anything else stays as it is."""
    arguments = made.arguments
    match path, arguments:
        case "typing.cast" | "typing_extensions.cast", (_, value):
            return value
        case "copy.copy" | "copy.deepcopy", (value,):
            return value
        case "re.compile", _:
            return made
        case "re.sub" | "re.split" | "re.findall", (pattern, *given):
            flags = made.keywords.get("flags", 0)
            return match_names(path[3:], pattern, given, flags, partial(_call, evaluator))
        case "os.getenv" | "os.environ.get", (_, str() as default):
            return default
        case (
            "inflection.underscore"
            | "stringcase.snakecase"
            | "humps.decamelize"
            | "pydantic.alias_generators.to_snake",
            (str() as text,),
        ):
            return _snake(text)
        case _:
            if path.endswith("has_inherited_table") and arguments and isinstance(arguments[0], ClassValue):
                return evaluator.project.declared.inherits_table(arguments[0])
            return made


def call_pattern(evaluator: Evaluator, pattern: Applied, name: str, made: Applied) -> Value | Missing:
    """A method of `re.compile(pattern)`."""
    if name not in METHODS or not pattern.arguments or made.keywords:
        return Missing()
    flags = pattern.arguments[1] if len(pattern.arguments) > 1 else pattern.keywords.get("flags", 0)
    return match_names(name, pattern.arguments[0], made.arguments, flags, partial(_call, evaluator))


def _call(evaluator: Evaluator, function: Value, value: Value) -> Value:
    from instar.dialects.sqlalchemy.reading.calls import call_with  # noqa: PLC0415 - they need each other

    return call_with(evaluator, function, value)


def _snake(text: str) -> str:
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", text).replace("-", "_").lower()
