"""Lines of the user's code that a deploy replaced, kept so that they can be put back later."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from instar.schema.migration import Replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONTEXT = 2
"""How many lines around a change tell where it belongs."""


def replaced(path: str, deploy: int, before: str, after: str) -> tuple[Replaced, ...]:
    """What turns one text of a file into the other, passage by passage."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    steps = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    found = []
    for number, (kind, start, end, new_start, new_end) in enumerate(steps):
        if kind == "equal":
            continue
        above = min(CONTEXT, _stays(steps[number - 1])) if number else 0
        below = min(CONTEXT, _stays(steps[number + 1])) if number + 1 < len(steps) else 0
        found.append(
            Replaced(
                path=path,
                deploy=deploy,
                line=new_start - above + 1,
                before="".join(old[start - above : end + below]),
                after="".join(new[new_start - above : new_end + below]),
            )
        )
    return tuple(found)


def _stays(step: tuple[str, int, int, int, int]) -> int:
    """How many lines a step leaves as they are."""
    return step[2] - step[1] if step[0] == "equal" else 0


def put_back(text: str, passages: Iterable[Replaced]) -> tuple[str, tuple[Replaced, ...]]:
    """The text with the passages as they had been, and those that are not found because they were edited since.

    A passage that stands in several places is the one nearest to where it was written. Lines around it may have
    been edited, as long as what was written itself, or a line beside what was taken out, tells where it is.
    """
    lost: list[Replaced] = []
    for passage in sorted(passages, key=lambda one: one.line, reverse=True):
        for before, after, line in _narrowed(passage):
            lines = text.splitlines(keepends=True)
            found = [n for n in range(len(lines) - len(after) + 1) if lines[n : n + len(after)] == after]
            if found:
                start = min(found, key=lambda one: abs(one - line))
                text = "".join((*lines[:start], *before, *lines[start + len(after) :]))
                break
        else:
            lost.append(passage)
    return text, tuple(reversed(lost))


def _narrowed(passage: Replaced) -> Iterator[tuple[list[str], list[str], int]]:
    """The passage with all lines around it, then with ever fewer: before, after, and where it starts, from 0."""
    before, after = (text.splitlines(keepends=True) for text in (passage.before, passage.after))
    line = passage.line - 1
    yield before, after, line
    for _ in range(CONTEXT):
        if before[:1] == after[:1] and len(after) > 1:
            before, after, line = before[1:], after[1:], line + 1
        if before[-1:] == after[-1:] and len(after) > 1:
            before, after = before[:-1], after[:-1]
        yield before, after, line
