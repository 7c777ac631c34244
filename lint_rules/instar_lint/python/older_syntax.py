"""Type parameters and `type` statements, for a running Python that does not know them: every column stays in place."""

from __future__ import annotations

import re

_PARAMETERS = r"\[(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*\]"
_HEAD = re.compile(rf"^([ \t]*(?:async\s+def|def|class)\s+\w+)({_PARAMETERS})(\s*)([(:])", re.MULTILINE)
_ALIAS = re.compile(rf"^([ \t]*)type(\s+)(\w+)((?:{_PARAMETERS})?\s*)(?==)", re.MULTILINE)


def without_type_parameters(text: str) -> str:
    """The same program as Python 3.11 reads it: what is taken out is blank, so that the rest stands where it stood."""
    return _ALIAS.sub(_alias, _HEAD.sub(_head, text))


def _head(match: re.Match[str]) -> str:
    """`def f[T](x)` becomes `def f(   x)`, `class C[T]:` becomes `class C( ):`."""
    name, parameters, space, sign = match.groups()
    if sign == "(":
        return f"{name}({_blank(parameters[1:])}{space} "
    return f"{name}({_blank(parameters[1:-1])}){space}{sign}"


def _alias(match: re.Match[str]) -> str:
    """`type Name[T] = x` becomes `Name         = x`."""
    margin, space, name, rest = match.groups()
    return f"{margin}{name}{_blank('type' + space + rest)}"


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
