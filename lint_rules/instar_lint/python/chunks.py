"""The statements at the top of a module, told apart in its text without parsing it.

Strings, comments and brackets are skipped, as Python's tokenizer does it; a line that then begins in the first column
begins a statement. That takes a tenth of what parsing takes, and one function of a module can be parsed by itself.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = (
    re.compile(  # each alternative begins with one character, so that what none begins with is skipped fast
        r"\n\f*(?=[^\s#])|\(|\[|\{|\)|\]|\}|#[^\n]*|\\\n"
        r'|"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""|"(?!"")[^"\\\n]*(?:\\.[^"\\\n]*)*"'
        r"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''|'(?!'')[^'\\\n]*(?:\\.[^'\\\n]*)*'"
        r"|'|\"",
        re.DOTALL,
    )
)
_DEFINITION = re.compile(r"\f*(?:async[ \t]+def|def|class)[ \t]+(\w+)")
_LONG = ('"""', "'''")
_GOES_ON = re.compile(r"\f*(?:else|elif|except|finally)\b")


class Chunk(NamedTuple):
    """One statement, with what stands behind it up to the next one.

    Attributes:
        start: Where it begins; its decorators belong to it.
        end: Where it ends, without the comments that follow it in the first column.
        name: What it defines; None unless it is a function or a class.
    """

    start: int
    end: int
    name: str | None


def chunks_of(text: str) -> list[Chunk] | None:
    """The statements at the top, in order; None where that cannot be told, as in what is no Python.

    Args:
        text: The module, whose lines end with a line feed.
    """
    starts = _starts(text)
    if starts is None:
        return None
    found: list[Chunk] = []
    decorated: int | None = None
    for (line, long), (end, _) in zip(starts, [*starts[1:], (len(text), 0)], strict=False):
        start = line if decorated is None else decorated
        if text.startswith("@", line):
            decorated = start
            continue
        defined = _DEFINITION.match(text, line)
        name = defined[1] if defined else None
        if found and _GOES_ON.match(text, line):
            start, name = found.pop().start, None
        decorated = None
        found.append(Chunk(start, _without_comments(text, max(start, long), end), name))
    return found if decorated is None else None


def _starts(text: str) -> list[tuple[int, int]] | None:
    """Where lines begin a statement, and where the last string over several lines ends behind each."""
    starts: list[tuple[int, int]] = []
    depth = 0
    long = 0
    start = 0 if text[:1] not in ("", " ", "\t", "\n", "\f", "#") else None
    for token in _TOKEN.finditer(text):
        found = token[0]
        match found[0]:
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth -= 1
                if depth < 0:
                    return None
            case "\n" if not depth:
                if start is not None:
                    starts.append((start, long))
                start = token.end()
            case "'" | '"':
                if len(found) == 1:
                    return None
                if found.startswith(_LONG):
                    long = token.end()
            case _:
                pass
    if depth:
        return None
    if start is not None:
        starts.append((start, long))
    return starts


def _without_comments(text: str, start: int, end: int) -> int:
    """The end of what stands between two places, without the comments in the first column that it ends with."""
    while end > start:
        line = text.rfind("\n", start, end - 1) + 1
        if line <= start or not (text.startswith("#", line) or text[line:end].isspace()):
            break
        end = line
    return end
