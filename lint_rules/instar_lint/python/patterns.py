"""What the patterns of a `match` statement bind and name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.annotations import class_value, instance_of
from instar_lint.python.attributes import read_keyword_pattern
from instar_lint.python.values import UNKNOWN, Value, item_of

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


def bind_pattern(frame: Frame, pattern: ast.pattern, subject: Value) -> None:
    """Bind what a pattern captures; a class pattern reads the attributes that it names."""
    match pattern:
        case ast.MatchAs():
            _bind_name(frame, pattern, subject)
        case ast.MatchClass():
            _bind_class(frame, pattern)
        case ast.MatchOr(patterns=patterns):
            _bind_all(frame, patterns, subject)
        case ast.MatchSequence(patterns=patterns):
            _bind_all(frame, patterns, item_of(subject))
        case ast.MatchMapping(patterns=patterns, rest=rest):
            _bind_all(frame, patterns, UNKNOWN)
            frame.env.update({rest: UNKNOWN} if rest is not None else {})
        case ast.MatchStar(name=str(name)):
            frame.env[name] = UNKNOWN
        case ast.MatchValue(value=value):
            frame.value(value)
        case _:
            pass


def _bind_all(frame: Frame, patterns: list[ast.pattern], subject: Value) -> None:
    for part in patterns:
        bind_pattern(frame, part, subject)


def _bind_name(frame: Frame, pattern: ast.MatchAs, subject: Value) -> None:
    if pattern.pattern is not None:
        bind_pattern(frame, pattern.pattern, subject)
        subject = _narrowed(frame, pattern.pattern, subject)
    if pattern.name is not None:
        frame.env[pattern.name] = subject


def _narrowed(frame: Frame, pattern: ast.pattern, subject: Value) -> Value:
    return instance_of(class_value(frame, pattern.cls)) if isinstance(pattern, ast.MatchClass) else subject


def _bind_class(frame: Frame, pattern: ast.MatchClass) -> None:
    value = instance_of(class_value(frame, pattern.cls))
    frame.value(pattern.cls)
    for part in pattern.patterns:
        bind_pattern(frame, part, UNKNOWN)
    for name, part in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
        bind_pattern(frame, part, read_keyword_pattern(frame, value, name, part))
