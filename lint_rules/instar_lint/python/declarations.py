"""The body of a mapped class: its columns are declared, and named by indexes, constraints, options and helpers."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from instar_lint.python.sql import report_fragment
from instar_lint.python.statements import run_block
from instar_lint.python.strings import name_in_text
from instar_lint.python.values import ColumnOf, Entity, RelationOf, Value

if TYPE_CHECKING:
    from instar_lint.hotness import HotLines
    from instar_lint.python.frame import Frame

_SQL_TEXT = frozenset(["CheckConstraint", "text", "DDL"])
_PAIRS = re.compile(r"\b([A-Z]\w*)\.(?:c\.)?(\w+)")
_NAMING = frozenset(
    [
        "Index",
        "UniqueConstraint",
        "PrimaryKeyConstraint",
        "ForeignKeyConstraint",
        "ExcludeConstraint",
        "validates",
        "synonym",
        "association_proxy",
        "composite",
        "column_property",
        "load_only",
    ]
)


def run_mapped_body(frame: Frame, node: ast.ClassDef, qualified: str, hot: HotLines) -> None:
    """Report what the body of a mapped class does with its own columns."""
    _declared(frame, qualified)
    own = _own_names(frame, qualified)
    for statement in node.body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not hot.within(
            statement
        ):
            continue
        frame.env = {**own}
        with frame.acting("value"):
            run_block(frame, [statement])
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                _text(frame, qualified, statement, inner)
            elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id in own:
                _named(frame, qualified, inner)
    frame.env = {}
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and hot.within(statement):
            _decorated(frame, qualified, statement)


def _own_names(frame: Frame, qualified: str) -> dict[str, Value]:
    """Inside the body its columns are variables."""
    names: dict[str, Value] = {}
    mapped = frame.knowledge.mapped(qualified)
    for attribute in mapped.attributes if mapped is not None else ():
        if attribute.kind == "column":
            names[attribute.name] = ColumnOf(qualified, attribute.name)
        elif attribute.kind == "relationship":
            names[attribute.name] = RelationOf(qualified, attribute.name)
    return names


def _declared(frame: Frame, qualified: str) -> None:
    """Each column's own declaration."""
    mapped = frame.knowledge.mapped(qualified)
    report = frame.report
    if mapped is None or report is None:
        return
    for attribute in mapped.attributes:
        place = attribute.place
        if attribute.kind != "column" or place is None or place.path != report.path:
            continue
        if report.wants(attribute.name):
            columns = frame.knowledge.columns(qualified, attribute.name)
            token = report.token(place.line, place.column, attribute.name)
            report.fields(frame, token, attribute.name, columns, access="read", via="declaration")


def _named(frame: Frame, qualified: str, node: ast.Name) -> None:
    """Inside the body a column goes by its bare name: `relationship(foreign_keys=[author_id])`."""
    if frame.report is not None and frame.report.wants(node.id):
        columns = frame.knowledge.columns(qualified, node.id)
        token = frame.report.name_token(node, node.id)
        frame.report.fields(frame, token, node.id, columns, access="read", via="attribute")


def _text(frame: Frame, qualified: str, statement: ast.stmt, node: ast.Constant) -> None:
    text = node.value
    assert isinstance(text, str)
    for match in _PAIRS.finditer(text):
        found = frame.knowledge.by_short_name(match[1])
        if len(found) == 1 and frame.report is not None and frame.report.wants(match[2]):
            columns = frame.knowledge.columns(found[0], match[2])
            frame.report.fields(
                frame,
                frame.report.literal_token(node, match[2]),
                match[2],
                columns,
                access="read",
                via="string",
            )
    call = _call_around(statement, node)
    if call in _SQL_TEXT:
        report_fragment(frame, node, Entity(qualified))
    elif call in _NAMING or _is_helper(frame, qualified, statement):
        name_in_text(frame, Entity(qualified), text, node, "read")
    elif frame.report is not None and frame.report.wants(text):
        columns = frame.knowledge.columns(qualified, text)
        token = frame.report.literal_token(node, text)
        frame.report.fields(frame, token, text, columns, access="read", via="string", confidence="possible")


def _call_around(statement: ast.stmt, node: ast.Constant) -> str:
    """The innermost call that has the literal among its arguments."""
    name = ""
    for call in ast.walk(statement):
        if isinstance(call, ast.Call) and any(a is node for part in call.args for a in ast.walk(part)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name


def _is_helper(frame: Frame, qualified: str, statement: ast.stmt) -> bool:
    """`__repr__ = make_repr("id", "name")`: every string that it is given names an attribute of the class."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return False
    target = statement.targets[0]
    name = target.id if isinstance(target, ast.Name) else ""
    texts = [a.value for a in statement.value.args if isinstance(a, ast.Constant)]
    if not (name.startswith("__") or name.endswith("_fields")) or not texts:
        return False
    return all(isinstance(t, str) and frame.knowledge.attribute(qualified, t) is not None for t in texts)


def _decorated(frame: Frame, qualified: str, node: ast.FunctionDef) -> None:
    """`@validates("name")`."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            name = (
                decorator.func.attr
                if isinstance(decorator.func, ast.Attribute)
                else getattr(decorator.func, "id", "")
            )
            for argument in decorator.args if name in ("validates", "observes") else ():
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    name_in_text(frame, Entity(qualified), argument.value, argument, "read")
