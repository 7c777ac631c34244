"""When two pieces of SQL text say the same, as far as spelling goes; no parser, no dialect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PART = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | [^\W\d]\w* | \d+(?:\.\d+)? | <> | [<>!:|=]=? | \S""",
    re.VERBOSE,
)

_PLAIN = re.compile(r"[^\W\d]\w*")


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
        mark = part[0]
        if mark in '"`':
            new = names.get(part[1:-1].replace(mark * 2, mark))
            return part if new is None else mark + new.replace(mark, mark * 2) + mark
        new = names.get(part, part)
        return new if new == part or _PLAIN.fullmatch(new) else '"' + new.replace('"', '""') + '"'

    return _PART.sub(replace, text)


def names_in(text: str) -> frozenset[str]:
    """What the text names, without quotes and in lower case: columns, and whatever else is written as a word."""
    found = (word for word in words(text) if word[0] == '"' or word[0] == "_" or word[0].isalpha())
    return frozenset((word[1:-1].replace('""', '"') if word[0] == '"' else word).casefold() for word in found)


def _folded(part: str) -> str:
    mark = part[0]
    if mark == "'":
        return part
    if mark in '"`':
        name = part[1:-1].replace(mark * 2, mark)
        return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'
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
