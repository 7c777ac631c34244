"""Names in strings: `getattr`, dictionary keys, `**mapping`, `order_by("name")`, Core columns by key."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.named_columns import columns_of, receiver_of
from instar_lint.python.report import Token
from instar_lint.python.values import (
    Dictionary,
    Entity,
    Entry,
    Instance,
    Record,
    Subquery,
    TableOf,
    Text,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar_lint.facts import Receiver
    from instar_lint.python.frame import Frame
    from instar_lint.python.report import Report


def taker(frame: Frame, path: str) -> Report | None:
    """Who takes what is said about a name that a file spells: its own report, also when a call passed the name on."""
    if frame.report is not None:
        return frame.report
    return frame.passed if frame.passed is not None and frame.passed.path == path else None


def token_of(
    report: Report, node: ast.expr | ast.keyword, path: str, name: str, at: ast.expr | None
) -> Token | None:
    """Where a name stands; where another file spells it, the place that uses it."""
    if path == report.path:
        return report.name_token(node, name)
    if at is None:
        return None
    return Token(at.lineno, report.column(at.lineno, at.col_offset), 0)


def named_by_text(frame: Frame, base: Value, name: Value, node: ast.expr, access: str) -> None:
    """Report the fields of `base` that a string names; a string that is not known leaves the use unresolved."""
    if isinstance(name, Text):
        for spelling in name.options:
            report = taker(frame, spelling.path)
            if report is not None and report.wants(spelling.text):
                token = token_of(report, spelling.node, spelling.path, spelling.text, node)
                _named(frame, report, base, spelling.text, token, access=access)
    elif frame.report is not None and isinstance(base, Instance | Entity):
        frame.report.unresolved(frame, node, base.cls)


def name_in_text(frame: Frame, base: Value, text: str, node: ast.Constant, access: str) -> None:
    """Report one literal of this file that names a field of a class or table by attribute or stored name."""
    report = frame.report
    if report is not None and report.wants(text):
        _named(frame, report, base, text, report.literal_token(node, text), access=access)


def _named(
    frame: Frame,
    report: Report,
    base: Value,
    text: str,
    token: Token | None,
    *,
    access: str,
    receiver: Receiver | None = None,
) -> None:
    columns, stored = columns_of(frame, base, text)
    if not columns and isinstance(base, Entity | Instance):
        table = frame.knowledge.table_of(base)
        columns = frame.knowledge.stored_column(table[1], table[0], text) if table is not None else ()
        stored = bool(columns)
    if token is not None:
        report.fields(
            frame,
            token,
            text,
            columns,
            access=access,
            via="string",
            receiver=receiver or receiver_of(base),
            stored=stored,
        )


def read_item(frame: Frame, node: ast.Subscript, base: Value, index: Value) -> None:
    """`table.c["name"]`, `row["name"]`, `row._mapping[User.name]`."""
    if (
        isinstance(base, TableOf | Record | Subquery)
        and isinstance(index, Text)
        and isinstance(node.ctx, ast.Load)
    ):
        named_by_text(frame, base, index, node, "read")


def write_item(frame: Frame, node: ast.Subscript, base: Value, index: Value) -> None:
    """`obj.__dict__["name"] = …` and assignments into a values mapping say nothing by themselves."""
    _ = (frame, node, base, index)


def entries_written(
    frame: Frame,
    base: Value,
    entries: Iterable[Entry],
    at: ast.expr,
    *,
    access: str = "write",
    stored: bool = False,
    receiver: Receiver | None = None,
) -> list[str]:
    """Report the keys of a mapping as fields of `base`, written unless said; returns the attribute names.

    Args:
        frame: Where the mapping is used.
        base: What its keys are fields of.
        entries: The keys.
        at: The expression that uses the mapping.
        access: What is done to the fields.
        stored: Whether stored names are understood too.
        receiver: What the rows are given to, where it is not `base` itself.
    """
    names = []
    for entry in entries:
        names.append(entry.key)
        report = taker(frame, entry.path)
        if report is None or not report.wants(entry.key):
            continue
        token = token_of(report, entry.node, entry.path, entry.key, at)
        if isinstance(entry.node, ast.Constant):
            _named(frame, report, base, entry.key, token, access=access, receiver=receiver)
        elif isinstance(entry.node, ast.keyword):
            _keyword(frame, report, base, entry.key, token, access=access, stored=stored, receiver=receiver)
        elif isinstance(base, Entity | Instance) and token is not None:
            columns = frame.knowledge.columns(base.cls, entry.key)
            report.fields(
                frame,
                token,
                entry.key,
                columns,
                access=access,
                via="attribute",
                receiver=receiver or receiver_of(base),
            )
    return names


def keyword_use(
    frame: Frame, base: Value, name: str, node: ast.keyword, access: str, *, stored: bool = False
) -> None:
    """Report a keyword argument of this file that names a field of a class or table."""
    report = frame.report
    if report is not None and report.wants(name):
        _keyword(frame, report, base, name, report.name_token(node, name), access=access, stored=stored)


def _keyword(
    frame: Frame,
    report: Report,
    base: Value,
    name: str,
    token: Token | None,
    *,
    access: str,
    stored: bool,
    receiver: Receiver | None = None,
) -> None:
    columns, by_stored = columns_of(frame, base, name)
    if not columns and stored:
        table = frame.knowledge.table_of(base)
        columns = frame.knowledge.stored_column(table[1], table[0], name) if table is not None else ()
        by_stored = bool(columns)
    if token is not None:
        report.fields(
            frame,
            token,
            name,
            columns,
            access=access,
            via="keyword",
            receiver=receiver or receiver_of(base),
            stored=by_stored,
        )


def known_keys(value: Value) -> tuple[tuple[Entry, ...], bool]:
    """The literal keys of a mapping, and whether those are all."""
    return (value.entries, value.complete) if isinstance(value, Dictionary) else ((), False)


def listed_names(frame: Frame, elements: list[ast.expr]) -> None:
    """A list of names that are all attributes of one class may feed `getattr`: each is a `possible` use."""
    report = frame.report
    texts = [e for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    if report is None or len(texts) < 3 or len(texts) != len(elements):
        return
    for element in texts:
        name = str(element.value)
        if not report.wants(name):
            continue
        for cls in frame.knowledge.owners(name):
            if all(frame.knowledge.attribute(cls, str(e.value)) is not None for e in texts):
                columns = frame.knowledge.columns(cls, name)
                token = report.literal_token(element, name)
                report.fields(frame, token, name, columns, access="read", via="string", confidence="possible")


def named_beside_class(frame: Frame, values: list[Value]) -> None:
    """A function that is given a class and a name of its attribute, `field_for(User, "name")`, uses it somehow."""
    report = frame.report
    if report is None or len(values) < 2 or not isinstance(values[0], Entity | Instance):
        return
    for value in values[1:]:
        for spelling in value.options if isinstance(value, Text) else ():
            if report.wants(spelling.text):
                columns = frame.knowledge.columns(values[0].cls, spelling.text)
                token = token_of(report, spelling.node, spelling.path, spelling.text, None)
                if token is not None:
                    report.fields(
                        frame, token, spelling.text, columns, access="read", via="string", confidence="likely"
                    )
