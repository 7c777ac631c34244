"""Statements that are built step by step: what each method of a select, query, insert, update or delete does."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import msgspec

from instar_lint.facts import Filter
from instar_lint.python.conditions import add_conditions, add_order
from instar_lint.python.loading import apply_options
from instar_lint.python.selecting import selected, with_items
from instar_lint.python.strings import entries_written, keyword_use, known_keys, named_by_text
from instar_lint.python.values import (
    PLAIN,
    UNKNOWN,
    Entity,
    Instance,
    Many,
    Nothing,
    Record,
    RelationOf,
    Statement,
    Subquery,
    TableOf,
    Text,
    Value,
    row_of,
)
from instar_lint.python.writes import write_on_conflict, write_rows, write_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar_lint.facts import Operator
    from instar_lint.python.frame import Frame

replace = msgspec.structs.replace

_ALL = frozenset(
    ["all", "fetchall", "fetchmany", "partitions", "yield_per_all", "paginate", "tuples", "stream"]
)
_ONE = frozenset(
    [
        "first",
        "one",
        "one_or_none",
        "fetchone",
        "get",
        "scalar_one",
        "first_or_404",
        "one_or_404",
        "one_or_none_or_404",
        "get_or_404",
        "get_or_none",
        "first_or_none",
    ]
)
_SCALAR = frozenset(["scalar", "scalar_one", "scalar_one_or_none", "scalar_subquery", "as_scalar"])
_COUNTS = frozenset(["count", "exists", "delete", "update"])


def entity_query(entity: Entity, node: ast.expr | None = None) -> Statement:
    """`User.query`."""
    where = node if node is not None else ast.Name(id="query", ctx=ast.Load(), lineno=1, col_offset=0)
    return Statement(
        kind="query",
        node=where,
        items=(Instance(entity.cls),),
        labels=("",),
        root=entity,
        last=entity,
        loads=True,
    )


def method(frame: Frame, node: ast.Call, base: Statement, name: str) -> Value:
    """What a method of a statement gives: another statement, rows, or nothing of interest."""
    step = _STEPS.get(name)
    if step is not None and not (base.kind == "query" and name in ("update", "delete", "values")):
        return step(frame, node, base)
    if name == "update" and base.kind == "query":
        write_rows(frame, node, base)
        frame.done(base)
        return PLAIN
    if name in _ALL | _ONE | _SCALAR | _COUNTS or name in ("scalars", "mappings", "unique"):
        return _finished(frame, node, base, name)
    evaluate_arguments(frame, node)
    return base


def _finished(frame: Frame, node: ast.Call, base: Statement, name: str) -> Value:
    evaluate_arguments(frame, node)
    frame.done(replace(base, limited=True) if name in _ONE else base)
    if name in _COUNTS:
        return PLAIN
    return result_method(Many(row_of(base)), name, base)


def result_method(result: Many, name: str, statement: Statement | None = None) -> Value:
    """What a method of a result gives: `scalars()`, `first()`, `all()`."""
    item = result.item
    first = item.items[0] if isinstance(item, Record) and item.row and item.items else item
    if name in _SCALAR:
        return first
    if name in _ONE:
        return item
    if name in ("scalars", "columns"):
        return Many(first)
    if name == "mappings" and statement is None:
        return result
    return result if statement is None else Many(row_of(statement))


def evaluate_arguments(frame: Frame, node: ast.Call) -> list[Value]:
    """The values of a call's positional arguments; keyword arguments are evaluated too."""
    return evaluate_call(frame, node)[0]


def evaluate_call(frame: Frame, node: ast.Call) -> tuple[list[Value], list[Value]]:
    """The values of a call's positional and of its keyword arguments, each evaluated once."""
    values = frame.values(node.args)
    keywords = [frame.value(keyword.value) for keyword in node.keywords]
    for value in (*values, *keywords):
        frame.done(value)
    if frame.heard is not None:
        frame.heard.arguments[node] = (values, keywords)
    return values, keywords


def _where(frame: Frame, node: ast.Call, base: Statement) -> Value:
    with frame.acting("filter", "eq"):
        values = frame.values(node.args)
    for part, value in zip(node.args, values, strict=True):
        if isinstance(value, Text):
            from instar_lint.python.sql import fragment  # noqa: PLC0415 - rare

            fragment(frame, part, base)
    return add_conditions(frame, base, node.args)


def _filter_by(frame: Frame, node: ast.Call, base: Statement) -> Value:
    filters = list(base.filters)
    whole = base.whole
    for keyword in node.keywords:
        value = frame.value(keyword.value)
        if keyword.arg is None:
            whole = False
            _expanded(frame, base.last, value, keyword.value)
            continue
        operator: Operator = "is_null" if isinstance(value, Nothing) else "eq"
        with frame.acting("filter", operator, constant=operator == "eq"):
            if isinstance(base.last, Entity | TableOf):
                keyword_use(frame, base.last, keyword.arg, keyword, "read")
        fields = _filtered_fields(frame, base, keyword.arg)
        whole = whole and fields is not None
        filters += [Filter(f, operator) for f in fields or ()]
    return replace(base, filters=tuple(dict.fromkeys(filters)), whole=whole)


def _filtered_fields(frame: Frame, base: Statement, name: str) -> list[str] | None:
    if base.last != base.root:
        return []
    if not isinstance(base.last, Entity):
        return None
    columns = frame.knowledge.columns(base.last.cls, name)
    if columns:
        return [columns[0].name]
    return list(frame.knowledge.relation_fields(base.last.cls, name)) or None


def _expanded(frame: Frame, target: Value | None, value: Value, node: ast.expr) -> None:
    """`filter_by(**criteria)`: its literal keys, or nothing that can be resolved."""
    entries, complete = known_keys(value)
    if isinstance(target, Entity | Instance):
        with frame.acting("filter", "eq"):
            entries_written(frame, target, entries, node, access="read")
        if not complete and frame.report is not None:
            frame.report.unresolved(frame, node, target.cls)


def _order_by(frame: Frame, node: ast.Call, base: Statement) -> Value:
    nodes = [n.elts if isinstance(n, ast.List | ast.Tuple) else [n] for n in node.args]
    flat = [part for group in nodes for part in group]
    with frame.acting("order"):
        _names_or_values(frame, flat, base)
    return add_order(frame, base, flat)


def _group_by(frame: Frame, node: ast.Call, base: Statement) -> Value:
    with frame.acting("group"):
        _names_or_values(frame, node.args, base)
    return replace(base, whole=False)


def _distinct(frame: Frame, node: ast.Call, base: Statement) -> Value:
    with frame.acting("group"):
        _names_or_values(frame, node.args, base)
    return base


def _having(frame: Frame, node: ast.Call, base: Statement) -> Value:
    with frame.acting("filter", "other"):
        frame.values(node.args)
    return base


def _names_or_values(frame: Frame, nodes: list[ast.expr], base: Statement) -> None:
    for part in nodes:
        value = frame.value(part)
        if isinstance(value, Text) and isinstance(base.last, Entity | TableOf):
            first = Text(tuple(msgspec.structs.replace(s, text=s.text.split(" ")[0]) for s in value.options))
            named_by_text(frame, base.last, first, part, "read")


def _join(frame: Frame, node: ast.Call, base: Statement) -> Value:
    last = base.last
    with frame.acting("join"):
        values = frame.values(node.args)
        for keyword in node.keywords:
            frame.value(keyword.value)
    for value in values[:2]:
        match value:
            case Entity() | TableOf() if value != base.last or value != base.root:
                last = value
                if len(values) == 1 or value is values[-1]:
                    break
            case RelationOf(cls=cls, name=name):
                attribute = frame.knowledge.attribute(cls, name)
                last = Entity(attribute.target) if attribute is not None and attribute.target else UNKNOWN
            case Subquery():
                last = value
            case Text(options=(one,)) if isinstance(base.last, Entity):
                attribute = frame.knowledge.attribute(base.last.cls, one.text)
                last = Entity(attribute.target) if attribute is not None and attribute.target else UNKNOWN
            case _ if value is values[0]:
                last = UNKNOWN
            case _:
                pass
    return replace(base, last=last, joined=True)


def _select_from(frame: Frame, node: ast.Call, base: Statement) -> Value:
    values = frame.values(node.args)
    root = next((v for v in values if isinstance(v, Entity | TableOf)), None)
    another = base.root is not None and root != base.root
    return replace(base, root=base.root or root, last=root or base.last, joined=base.joined or another)


def _columns(frame: Frame, node: ast.Call, base: Statement) -> Value:
    items, labels, known = selected(frame, node.args)
    return with_items(replace(base, labels=labels), items, known)


def _add_columns(frame: Frame, node: ast.Call, base: Statement) -> Value:
    items, labels, known = selected(frame, node.args)
    return with_items(replace(base, labels=(*base.labels, *labels)), (*base.items, *items), known)


def _options(frame: Frame, node: ast.Call, base: Statement) -> Value:
    return apply_options(frame, node, base)


def _limit(frame: Frame, node: ast.Call, base: Statement) -> Value:
    evaluate_arguments(frame, node)
    return replace(base, limited=True)


def _returning(frame: Frame, node: ast.Call, base: Statement) -> Value:
    items, labels, _ = selected(frame, node.args)
    return replace(base, items=items, labels=labels)


_USE_INDEX = re.compile(r"(?i)\b(?:use|force)\s+(?:index|key)\s*(?:for\s+[\w ]+)?\(\s*[`\"]?(\w+)[`\"]?\s*\)")
"""MySQL's and MariaDB's index hint for one index; `IGNORE INDEX` relies on none."""


def _hint(frame: Frame, node: ast.Call, base: Statement) -> Value:
    values = evaluate_arguments(frame, node)
    texts = [v.options[0].text for v in values if isinstance(v, Text) and len(v.options) == 1]
    names = frame.knowledge.index_names(base.root)
    known = (name for text in texts for name in names if re.search(rf"\b{re.escape(name)}\b", text))
    spelled = (match[1] for text in texts if (match := _USE_INDEX.search(text)))
    return replace(base, hint=next(spelled, None) or next(known, None) or base.hint)


def _subquery(frame: Frame, node: ast.Call, base: Statement) -> Value:
    evaluate_arguments(frame, node)
    frame.done(base)
    return Subquery(base)


def _compound(frame: Frame, node: ast.Call, base: Statement) -> Value:
    evaluate_arguments(frame, node)
    frame.done(base)
    return replace(base, whole=False)


_STEPS: dict[str, Callable[[Frame, ast.Call, Statement], Value]] = {
    **dict.fromkeys(("where", "filter"), _where),
    "filter_by": _filter_by,
    "order_by": _order_by,
    "group_by": _group_by,
    "distinct": _distinct,
    "having": _having,
    **dict.fromkeys(("join", "outerjoin", "join_from", "outerjoin_from"), _join),
    "select_from": _select_from,
    **dict.fromkeys(("with_entities", "with_only_columns"), _columns),
    **dict.fromkeys(("add_columns", "add_column", "add_entity"), _add_columns),
    "options": _options,
    **dict.fromkeys(("limit", "offset", "slice", "fetch"), _limit),
    "values": write_values,
    "returning": _returning,
    **dict.fromkeys(
        ("on_conflict_do_update", "on_conflict_do_nothing", "on_duplicate_key_update"), write_on_conflict
    ),
    **dict.fromkeys(("with_hint", "with_statement_hint"), _hint),
    **dict.fromkeys(("subquery", "cte", "alias", "lateral"), _subquery),
    **dict.fromkeys(("union", "union_all", "except_", "intersect", "except_all"), _compound),
}
