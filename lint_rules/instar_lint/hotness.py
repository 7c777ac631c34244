"""Which files, and which lines of them, can hold a wanted fact: decided on bytes, before anything is parsed."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Collection, Iterable, Iterator

_SQL = re.compile(rb"(?i)\b(?:select|insert\s+into|update|delete\s+from|check|alter|merge\s+into)\b")
_OPENING = (b".", b"'", b'"')
_AFTER = re.compile(rb"\s*(?::|=(?!=)|['\"]|\()")


def words_of(names: Collection[str]) -> re.Pattern[bytes]:
    """A pattern that matches any of these words."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    words = b"|".join(re.escape(name).encode() for name in ordered)
    return re.compile(rb"\b(?:%b)\b" % words if words else rb"(?!)")


class Prefilter:
    """Looks for the ways in which code can name a field: `.name`, `name=`, `name:`, a string, a word of raw SQL.

    Args:
        words: Matches any wanted word; None where everything is wanted.
        names: The wanted words themselves.
        dynamic: Matches code that might name any field, where that is wanted.
        beside: Words whose lines count as well, in a file that has to be parsed.
    """

    def __init__(
        self,
        words: re.Pattern[bytes] | None,
        names: Collection[str],
        dynamic: re.Pattern[bytes] | None = None,
        beside: Collection[str] = (),
    ) -> None:
        self._beside = tuple(beside)
        self._words = words
        self._names = tuple(names)
        self._encoded = tuple(name.encode() for name in names)
        self._dynamic = dynamic
        self._dynamic_text = re.compile(dynamic.pattern.decode()) if dynamic is not None else None

    def matches(self, data: bytes) -> bool:
        """Whether a file needs to be parsed."""
        if self._words is None or (self._dynamic is not None and self._dynamic.search(data)):
            return True
        if not any(name in data for name in self._encoded):  # many times faster than looking for whole words
            return False
        first = self._words.search(data)
        return first is not None and (self._is_named(data, first.start()) or _SQL.search(data) is not None)

    def _is_named(self, data: bytes, start: int) -> bool:
        assert self._words is not None
        return any(
            data[found.start() - 1 : found.start()] in _OPENING
            or _AFTER.match(data, found.end())
            or data[max(found.start() - 200, 0) : found.start()].rstrip().endswith((b".", b"\\"))
            for found in self._words.finditer(data, start)
        )

    def lines(self, text: str) -> HotLines:
        """The lines of a file on which a wanted word stands."""
        if self._words is None:
            return HotLines(text, None)
        starts = {start for name in (*self._names, *self._beside) for start in _places(text, name)}
        if self._dynamic_text is not None:
            starts.update(found.start() for found in self._dynamic_text.finditer(text))
        return HotLines(text, starts)


def _places(text: str, name: str) -> Iterator[int]:
    """Where a whole word stands: looking for it as it is takes a tenth of what a pattern takes."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        if not _goes_on(text[start - 1 : start]) and not _goes_on(text[end : end + 1]):
            yield start
        start = text.find(name, end)


def _goes_on(character: str) -> bool:
    return character.isalnum() or character == "_"


class HotLines:
    """The lines of a file on which something in flight is mentioned.

    Args:
        text: The file.
        starts: Where it is mentioned; None where everything is wanted.
    """

    def __init__(self, text: str, starts: Iterable[int] | None) -> None:
        self._all = starts is None
        self._lines: list[int] = []
        line, last = 1, 0
        for start in sorted(starts or ()):
            line += text.count("\n", last, start)
            last = start
            if not self._lines or self._lines[-1] != line:
                self._lines.append(line)

    def within(self, node: ast.stmt) -> bool:
        """Whether a statement, its decorators included, has such a line."""
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        return self.between(start, node.end_lineno or node.lineno)

    def between(self, first: int, last: int) -> bool:
        """Whether one of these lines is such a line, the last one included."""
        if self._all:
            return True
        found = bisect_left(self._lines, first)
        return found < len(self._lines) and self._lines[found] <= last
