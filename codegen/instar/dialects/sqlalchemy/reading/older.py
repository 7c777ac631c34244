"""Newer syntax made digestible by text alone, lines kept: quick, and enough for nearly every file."""

from __future__ import annotations

import re

_PARAMETERS = rb"\[(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*\]"
_HEAD = re.compile(rb"^([ \t]*(?:async\s+def|def|class)\s+\w+)(" + _PARAMETERS + rb")\s*([(:])", re.MULTILINE)
_ALIAS = re.compile(rb"^(\s*)type\s+(\w+)(?:\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\])?(\s*=)", re.MULTILINE)
_EXCEPT = re.compile(rb"^(\s*except\s+)([\w.]+(?:\s*,\s*[\w.]+)+)(\s*:)", re.MULTILINE)
_FUNCTION = re.compile(rb"([ \t]*)(?:async\s+)?def\s+(\w+)")
_MATTERS = (b"declared_attr", b"classmethod", b"staticmethod")
_BRACKET = re.compile(rb"[\[({\])}\n]")
_DEEPEST = 60
_LONGEST = 8_000


def too_deep(data: bytes) -> bool:
    """Whether text is nested, or one statement chained, so that a recursive parser in native code may overflow.

    Brackets in strings count too: rather too often than not.
    """
    depth = start = 0
    for match in _BRACKET.finditer(data):
        sign = match[0]
        if sign == b"\n":
            if depth == 0 and data[match.start() - 1 : match.start()] != b"\\":
                start = match.end()
        elif sign in b"[({":
            depth += 1
        else:
            depth = max(0, depth - 1)
        if depth > _DEEPEST or match.start() - start > _LONGEST:
            return True
    return len(data) - start > _LONGEST


def without_type_parameters(data: bytes) -> bytes:
    """Type parameters, `type` statements and bare lists of exceptions, written in the older way; lines are kept."""
    return _EXCEPT.sub(rb"\1(\2)\3", _ALIAS.sub(rb"\1\2\3", _HEAD.sub(_without_parameters, data)))


def _without_parameters(match: re.Match[bytes]) -> bytes:
    """The head of a class or function; the line breaks of its type parameters go into its own brackets."""
    name, parameters, sign = match.groups()
    if b"\n" not in parameters:
        return bytes(name + sign)
    lines = b"\n" * parameters.count(b"\n")
    return bytes(name + b"(" + lines + (b"" if sign == b"(" else b"):"))


def without_function(data: bytes, line: int) -> bytes | None:
    """The text with the body taken out of the function around a line; None where it may be part of a model.

    Args:
        data: The text.
        line: A line that does not parse, 1-based.
    """
    lines = data.split(b"\n")
    if not 1 <= line <= len(lines):
        return None
    start = next((n for n in range(line - 2, -1, -1) if _encloses(lines, n, line - 1)), None)
    if start is None:
        return None
    match = _FUNCTION.match(lines[start])
    assert match is not None
    decorators = b"\n".join(lines[max(0, start - 4) : start])
    if match[2].startswith(b"__") or any(word in decorators for word in _MATTERS):
        return None
    end = start + 1
    while end < len(lines) and not _ends(lines[end], len(match[1])):
        end += 1
    kept = [match[1] + b"def " + match[2] + b"(*arguments, **options): pass"]
    return b"\n".join([*lines[:start], *kept, *[b""] * (end - start - 1), *lines[end:]])


def _encloses(lines: list[bytes], start: int, inside: int) -> bool:
    match = _FUNCTION.match(lines[start])
    return match is not None and not any(_ends(text, len(match[1])) for text in lines[start + 1 : inside + 1])


def _ends(text: bytes, indent: int) -> bool:
    """Whether a line begins something that is no longer the function; a closing bracket belongs to its head."""
    bare = text.lstrip(b" \t")
    return bool(bare.strip()) and len(text) - len(bare) <= indent and not bare.startswith((b")", b"]", b"#"))
