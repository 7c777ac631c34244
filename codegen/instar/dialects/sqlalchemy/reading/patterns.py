"""Regular expressions on names: `re.sub`, `re.split`, `re.findall`, where the pattern cannot take long on a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.values import FunctionValue, LambdaValue, Symbol, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EXPLOSIVE = re.compile(r"[+*}?]\)*[+*{]|\([^)]*[+*|][^)]*\)[+*{]")
_FLAGS = {
    "I": re.IGNORECASE,
    "IGNORECASE": re.IGNORECASE,
    "A": re.ASCII,
    "ASCII": re.ASCII,
    "X": re.VERBOSE,
    "VERBOSE": re.VERBOSE,
}
METHODS = frozenset({"sub", "split", "findall"})


def match_names(
    method: str, pattern: Value, given: Sequence[Value], flags: Value, call: Callable[[Value, Value], Value]
) -> Value:
    """What a function of `re` gives for plain strings.

    Args:
        method: `sub`, `split` or `findall`.
        pattern: Its pattern.
        given: The arguments after the pattern.
        flags: The flags of the pattern; 0 where none are given.
        call: Calls a function of the project with the match, a dict of its groups.
    """
    compiled = _compiled(pattern, flags)
    if isinstance(compiled, Unknown):
        return compiled
    match method, given:
        case "sub", [str() as new, str() as text] if _short(text):
            return _substituted(compiled, new, text)
        case "sub", [FunctionValue() | LambdaValue() as function, str() as text] if _short(text):
            return _substituted_by(compiled, function, text, call)
        case "split", [str() as text] if _short(text):
            return list(compiled.split(text))
        case "findall", [str() as text] if _short(text):
            return [found if isinstance(found, str) else tuple(found) for found in compiled.findall(text)]
        case _:
            return Unknown(f"re.{method} of values")


def _compiled(pattern: Value, flags: Value) -> re.Pattern[str] | Unknown:
    known = _FLAGS.get(flags.name) if isinstance(flags, Symbol) else 0 if flags == 0 else None
    if not isinstance(pattern, str) or known is None:
        return Unknown("a pattern that is computed")
    if len(pattern) > 100 or _EXPLOSIVE.search(pattern) or pattern.count("*") + pattern.count("+") > 3:
        return Unknown("re.sub with a pattern that is not followed")
    try:
        return re.compile(pattern, known)
    except (re.error, IndexError, RecursionError, OverflowError):
        return Unknown("re.sub with a pattern that is not valid")


def _short(text: str) -> bool:
    return len(text) <= 200


def _substituted(pattern: re.Pattern[str], new: str, text: str) -> Value:
    if len(new) > 50:
        return Unknown("re.sub with a long replacement")
    try:
        return pattern.sub(new, text)
    except (re.error, IndexError):
        return Unknown("re.sub with a replacement that is not valid")


def _substituted_by(
    pattern: re.Pattern[str], function: Value, text: str, call: Callable[[Value, Value], Value]
) -> Value:
    parts: list[str] = []
    end = 0
    for found in pattern.finditer(text):
        groups: dict[Value, Value] = {0: found[0], **dict(enumerate(found.groups(), 1))}
        groups.update(found.groupdict())
        new = call(function, groups)
        if not isinstance(new, str):
            return Unknown("re.sub with a function that is not followed")
        parts += [text[end : found.start()], new]
        end = found.end()
    return "".join([*parts, text[end:]])
