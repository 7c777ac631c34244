"""Which files, and which lines of them, can hold a wanted fact: decided on bytes, before anything is parsed."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

_SQL = re.compile(rb"(?i)\b(?:select|insert\s+into|update|delete\s+from|check|alter|merge\s+into|with)\b")


class Prefilter:
    """Looks for the ways in which code can name a field: `.name`, `name=`, `name:`, a string, a word of raw SQL.

    Args:
        words: Matches any wanted word; None where everything is wanted.
        dynamic: Matches code that might name any field, where that is wanted.
    """

    def __init__(self, words: re.Pattern[bytes] | None, dynamic: re.Pattern[bytes] | None = None) -> None:
        self._dynamic = dynamic
        self._words = words
        self._named: re.Pattern[bytes] | None = None
        if words is not None:
            inner = words.pattern
            self._named = re.compile(
                rb"(?:(?<=\.)|(?<=\. )|(?<=['\"])|(?<=\\\n)|^\s*\.\s*|(?<=[A-Z]\w))%b|%b(?=\s*(?::|=(?!=)|['\"]|\())"
                % (inner, inner),
                re.MULTILINE,
            )

    def matches(self, data: bytes) -> bool:
        """Whether a file needs to be parsed."""
        if self._words is None or (self._dynamic is not None and self._dynamic.search(data)):
            return True
        found = self._words.search(data)
        if found is None:
            return False
        assert self._named is not None
        return (
            self._named.search(data, max(found.start() - 2, 0)) is not None or _SQL.search(data) is not None
        )

    def lines(self, text: str) -> HotLines:
        """The lines of a file on which a wanted word stands."""
        if self._words is None:
            return HotLines(text, None)
        parts = [self._words, *([self._dynamic] if self._dynamic is not None else [])]
        return HotLines(text, re.compile("|".join(part.pattern.decode() for part in parts)))


class HotLines:
    """The lines of a file on which something in flight is mentioned.

    Args:
        text: The file.
        pattern: What is in flight; None where everything is wanted.
    """

    def __init__(self, text: str, pattern: re.Pattern[str] | None) -> None:
        self._all = pattern is None
        self._lines: list[int] = []
        if pattern is not None:
            line, last = 1, 0
            for match in pattern.finditer(text):
                line += text.count("\n", last, match.start())
                last = match.start()
                if not self._lines or self._lines[-1] != line:
                    self._lines.append(line)

    def within(self, node: ast.stmt) -> bool:
        """Whether a statement, its decorators included, has such a line."""
        if self._all:
            return True
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        found = bisect_left(self._lines, start)
        return found < len(self._lines) and self._lines[found] <= (node.end_lineno or node.lineno)
