"""`# noqa: INS203 - reason`: which findings a line takes back, and which of these comments take back nothing.

The form is flake8's: codes or prefixes behind `noqa:`, or `noqa` alone for everything on its line; behind a string of
several lines, or lines joined by a backslash, it speaks of all of them, and of no other lines of a longer expression.
Templates write it in their own comments.
"""

from __future__ import annotations

import io
import re
import tokenize
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from instar_lint.python.chunks import Chunk, chunks_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from instar_lint.findings import Finding

_NOQA = re.compile(
    r"(?i)(?:#|//|/\*|\{#|<!--)\s*noqa(?::\s?(?P<codes>[A-Z][0-9A-Z]*(?:[\s,]+[A-Z]+[0-9]+)*))?(?=\W|$)"
)
_MENTION = re.compile(r"(?i)noqa")
_CODE = re.compile(r"[A-Z]+[0-9]*")
_OURS = re.compile(r"INS\d{3}")
NAMES_OURS = re.compile(rb"INS\d{3}")
"""Matches every file with a comment that names a rule of ours."""


class Suppression(msgspec.Struct, frozen=True):
    """One comment: its line and column, 1-based, and its codes; none stands for every code."""

    line: int
    column: int
    codes: tuple[str, ...]

    def covers(self, code: str) -> bool:
        """Whether it takes back findings of a rule."""
        return not self.codes or any(code.startswith(given) for given in self.codes)


def suppressions(text: str) -> tuple[Suppression, ...]:
    """The comments of one file, by line."""
    found = []
    number, seen = 1, -1
    for mention in _MENTION.finditer(text):
        start = text.rfind("\n", 0, mention.start()) + 1
        if start == seen:
            continue
        number += text.count("\n", max(seen, 0), start)
        seen = start
        end = text.find("\n", start)
        if match := _NOQA.search(text[start : end if end >= 0 else None]):
            codes = tuple(_CODE.findall((match["codes"] or "").upper()))
            found.append(Suppression(number, match.start() + 1, codes))
    return tuple(found)


def _reach(
    text: str, by_line: Mapping[int, Suppression], judged: Collection[int]
) -> Mapping[int, Suppression]:
    """The comment that speaks of each line: where lines make one, the first comment among them speaks of all.

    Args:
        text: The file.
        by_line: Its comments.
        judged: The lines that matter; statements without one, or without a comment, are left as they are.
    """
    if not by_line or ("\\\n" not in text and '"""' not in text and "'''" not in text):
        return by_line
    reach = dict(by_line)
    line, last = 1, 0
    for chunk in chunks_of(text) or [Chunk(0, len(text), None)]:
        line += text.count("\n", last, chunk.start)
        last = chunk.start
        lines = range(line, line + text.count("\n", chunk.start, chunk.end) + 1)
        if any(one in lines for one in judged) and any(one in lines for one in by_line):
            _extend(reach, text[chunk.start : chunk.end], by_line, line - 1)
    return reach


def _extend(reach: dict[int, Suppression], text: str, by_line: Mapping[int, Suppression], above: int) -> None:
    first = above + 1
    with suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                lines = range(first, above + token.end[0] + 1)
                comment = next((by_line[line] for line in lines if line in by_line), None)
                if comment is not None:
                    reach.update(dict.fromkeys(lines, comment))
                first = above + token.end[0] + 1


class Unused(msgspec.Struct, frozen=True, order=True):
    """A code of ours in a comment that takes back nothing."""

    path: str
    line: int
    column: int
    code: str


def without_suppressed(
    findings: Iterable[Finding], texts: Mapping[str, str]
) -> tuple[tuple[Finding, ...], tuple[Unused, ...]]:
    """The findings that no comment takes back, and the codes of ours that took back nothing.

    Args:
        findings: Of any files.
        texts: The content of every file that was read, by path.
    """
    findings = tuple(findings)
    judged: dict[str, set[int]] = {}
    for finding in findings:
        judged.setdefault(finding.place.path, set()).add(finding.place.line)
    comments = {path: {s.line: s for s in suppressions(text)} for path, text in texts.items()}
    reach = {
        path: _reach(texts[path], by_line, judged[path])
        if path in judged and path.endswith(".py")
        else by_line
        for path, by_line in comments.items()
    }
    kept: list[Finding] = []
    used: set[tuple[str, int, str]] = set()
    for finding in findings:
        comment = reach.get(finding.place.path, {}).get(finding.place.line)
        if comment is not None and comment.covers(finding.code):
            used.add((finding.place.path, comment.line, finding.code))
        else:
            kept.append(finding)
    unused = sorted(
        Unused(path, comment.line, comment.column, code)
        for path, by_line in comments.items()
        for comment in by_line.values()
        for code in comment.codes
        if _OURS.fullmatch(code) and (path, comment.line, code) not in used
    )
    return tuple(kept), tuple(unused)
