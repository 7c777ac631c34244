"""What statements write: values of inserts and updates, and what an upsert relies on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec.structs import replace

from instar_lint.python.strings import entries_written, keyword_use, known_keys, named_by_text
from instar_lint.python.values import Dictionary, Entity, Many, Statement, TableOf, Text, Value, item_of

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


def write_values(frame: Frame, node: ast.Call, base: Statement) -> Value:
    """`.values(…)` of an insert or update."""
    write_rows(frame, node, base)
    return base


def write_rows(frame: Frame, node: ast.Call, base: Statement) -> None:
    """`.values(name=…)`, `.values({"name": …})`, `.values([{…}])`, `query.update({User.name: …})`."""
    given: list[str] = []
    complete = True
    root = base.root
    target = root if isinstance(root, Entity | TableOf) else None
    for value in frame.values(node.args):
        mapping = item_of(value) if isinstance(value, Many) else value
        entries, known = known_keys(mapping)
        complete = complete and known
        if target is not None:
            given += entries_written(frame, target, entries, node, stored=True)
            if (
                isinstance(mapping, Dictionary)
                and not known
                and frame.report is not None
                and isinstance(target, Entity)
            ):
                frame.report.unresolved(frame, node.args[0], target.cls)
    for keyword in node.keywords:
        value = frame.value(keyword.value)
        if keyword.arg is None:
            entries, known = known_keys(value)
            complete = complete and known
            given += entries_written(frame, target, entries, node, stored=True) if target is not None else []
        elif target is not None and keyword.arg != "synchronize_session":
            given.append(keyword.arg)
            keyword_use(frame, target, keyword.arg, keyword, "write", stored=True)
    if base.kind == "insert" and isinstance(target, Entity) and frame.report is not None:
        frame.report.insert(frame, base.node, target.cls, given, complete=complete)


def write_on_conflict(frame: Frame, node: ast.Call, base: Statement) -> Value:
    """`on_conflict_do_update(index_elements=…, set_=…)`: what it relies on to be unique, and what it writes."""
    unique: list[str] = []
    target = base.root if isinstance(base.root, Entity | TableOf) else None
    for keyword in node.keywords:
        value = frame.value(keyword.value)
        if keyword.arg == "index_elements" and target is not None:
            unique = _conflict_fields(frame, target, item_of(value), keyword.value)
        elif keyword.arg == "constraint" and isinstance(value, Text):
            unique += frame.knowledge.unique_fields(target, value.options[0].text)
        elif keyword.arg in ("set_", "values") and target is not None:
            entries_written(frame, target, known_keys(value)[0], node, stored=True)
    return replace(base, unique_on=tuple(unique))


def _conflict_fields(frame: Frame, target: Entity | TableOf, value: Value, node: ast.expr) -> list[str]:
    with frame.acting("filter", "eq"):
        named_by_text(frame, target, value, node, "read")
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    fields = []
    for part in parts:
        match part:
            case ast.Constant(value=str(text)):
                fields.append(text)
            case ast.Attribute(attr=attr) if isinstance(target, Entity):
                found = frame.knowledge.columns(target.cls, attr)
                fields += [found[0].name] if found else []
            case _:
                pass
    return fields
