"""Reading and writing attributes: the most common facts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.attribute_values import attribute_of
from instar_lint.python.frame import evaluates
from instar_lint.python.guesses import guess
from instar_lint.python.named_columns import columns_of, receiver_of
from instar_lint.python.narrowing import path_of
from instar_lint.python.values import (
    Entity,
    External,
    Instance,
    TypeVariable,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame
    from instar_lint.python.report import Token


@evaluates(ast.Attribute)
def attribute_value(frame: Frame, node: ast.expr) -> Value:
    """What `base.name` holds; a mapped column on the way is a read."""
    assert isinstance(node, ast.Attribute)
    base = frame.value(node.value)
    report = frame.report
    if report is not None and report.wants(node.attr):
        read_name(frame, node, base, node.attr, report.attribute_token(node))
    path = path_of(node)
    if path is not None:
        kept = frame.env.get(path)
        if kept is not None:
            return kept
        if path in frame.knowledge.types:
            return frame.knowledge.seeded(path)
    return attribute_of(frame, base, node.attr)


def read_name(
    frame: Frame,
    node: ast.expr,
    base: Value,
    name: str,
    token: Token,
    *,
    access: str = "read",
) -> None:
    """Report that a line reads (or writes) `name` of a value."""
    report = frame.report
    if report is None:
        return
    receiver = node.value if isinstance(node, ast.Attribute) else None
    columns, stored = columns_of(frame, base, name)
    subject = _source(receiver)
    if columns:
        report.fields(
            frame,
            token,
            name,
            columns,
            access=access,
            via="attribute",
            subject=subject,
            receiver=receiver_of(base),
            stored=stored,
        )
    elif isinstance(base, Unknown | TypeVariable | External) and receiver is not None:
        for confidence, guessed in guess(frame, receiver, name):
            if isinstance(base, External) and confidence == "possible":
                continue  # an object of a library: only a name like `current_user` suggests a row
            report.fields(
                frame,
                token,
                name,
                guessed,
                access=access,
                via="attribute",
                confidence=confidence,
                subject=subject,
            )
    elif isinstance(base, Instance | Entity) and frame.knowledge.attribute(base.cls, name) is None:
        below = [
            c for sub in frame.knowledge.subclasses(base.cls) for c in frame.knowledge.columns(sub, name)
        ]
        report.fields(
            frame, token, name, below, access=access, via="attribute", confidence="likely", subject=subject
        )


def write_attribute(frame: Frame, target: ast.Attribute) -> None:
    """Report `base.name = …`."""
    base = frame.value(target.value)
    if frame.report is not None and frame.report.wants(target.attr):
        read_name(frame, target, base, target.attr, frame.report.attribute_token(target), access="write")


def read_keyword_pattern(frame: Frame, value: Value, name: str, pattern: ast.pattern) -> Value:
    """`case User(name=…)` reads the attribute; its name stands before the pattern."""
    if frame.report is not None and frame.report.wants(name):
        line = frame.report.lines[pattern.lineno - 1]
        end = frame.report.column(pattern.lineno, pattern.col_offset) - 1
        start = line.rfind(name, 0, end)
        if start >= 0:
            token = frame.report.token(pattern.lineno, start + 1, name)
            with frame.acting("value"):
                read_name(frame, ast.Name(id=name), value, name, token)
    return attribute_of(frame, value, name)


def _source(node: ast.expr | None) -> str:
    if node is None:
        return ""
    path = path_of(node)
    return path if path is not None else " ".join(ast.unparse(node).split())[:80]
