"""When two pieces of SQL text say the same, as far as spelling goes; no parser, no dialect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PART = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | [^\W\d]\w* | \d+(?:\.\d+)? | <> | [<>!:|=]=? | \S""",
    re.VERBOSE,
)


def words(text: str) -> tuple[str, ...]:
    """The tokens of SQL text: words in lower case, string literals untouched, plain quoted names unquoted."""
    return tuple(_folded(part) for part in _PART.findall(text))


def canonical(text: str | None) -> str | None:
    """The text without differences of case, spacing, needless quotes and outer parentheses."""
    if text is None:
        return None
    found = words(text)
    while _enclosed(found):
        found = found[1:-1]
    return " ".join(found)


def renamed(text: str | None, names: Mapping[str, str]) -> str | None:
    """The text with whole words replaced, all at once; string literals stay as they are."""
    if text is None or not names:
        return text

    def replace(match: re.Match[str]) -> str:
        part = match[0]
        if part[0] in '"`':
            new = names.get(part[1:-1])
            return part if new is None else f"{part[0]}{new}{part[0]}"
        return names.get(part, part)

    return _PART.sub(replace, text)


def _folded(part: str) -> str:
    if part[0] == "'":
        return part
    if part[0] in '"`':
        inner = part[1:-1]
        return inner if re.fullmatch(r"[a-z_][a-z0-9_]*", inner) else f'"{inner}"'
    return "<>" if part == "!=" else part.lower()


def _enclosed(found: tuple[str, ...]) -> bool:
    """Whether the first parenthesis closes with the last token."""
    if len(found) < 2 or found[0] != "(" or found[-1] != ")":
        return False
    depth = 0
    for position, part in enumerate(found):
        depth += (part == "(") - (part == ")")
        if depth == 0:
            return position == len(found) - 1
    return False
