"""What is asked of a session, a connection or a table: recognised by the method and by what it is given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.queries import evaluate_arguments
from instar_lint.python.selecting import build
from instar_lint.python.strings import entries_written, known_keys
from instar_lint.python.values import (
    PLAIN,
    UNKNOWN,
    Entity,
    Instance,
    Many,
    Record,
    Statement,
    TableOf,
    Text,
    Value,
    item_of,
    most_of,
    options_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar_lint.python.frame import Frame

_GETS = frozenset(["get", "get_one", "get_or_404", "get_one_or_404"])
_EXECUTES = frozenset(
    [
        "execute",
        "scalars",
        "scalar",
        "exec",
        "stream",
        "stream_scalars",
        "fetch_all",
        "fetch_one",
        "fetch_val",
        "fetchall",
        "fetchone",
        "fetchrow",
        "fetch",
        "iterate",
        "first_or_404",
        "one_or_404",
        "paginate",
        "executemany",
        "scalar_one",
        "scalar_one_or_none",
    ]
)
_BULK = frozenset(["bulk_insert_mappings", "bulk_update_mappings"])


def session_call(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    """What `base.name(…)` gives if it is a session's method; None where it is not.

    The receiver does not matter: `request.db.query(User)` is a query whatever `request` is.
    """
    handler = _METHODS.get(name)
    if handler is None or (not node.args and not isinstance(base, TableOf)):
        return None
    return handler(frame, node, base, name)


def _query(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    _ = base
    if isinstance(base, TableOf):
        return Statement(
            kind="select", node=node, items=(base,), labels=("",), root=base, last=base, loads=True
        )
    return build(frame, node, "query" if name == "query" else "select")


def _get(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    _ = (base, name)
    first = frame.value(node.args[0])
    if not isinstance(first, Entity):
        return None
    for argument in node.args[1:]:
        frame.value(argument)
    for keyword in node.keywords:
        frame.value(keyword.value)
    if frame.report is not None:
        frame.report.entity(frame, node, first.cls)
    return Instance(first.cls)


def _execute(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    _ = base
    values = evaluate_arguments(frame, node)
    first = values[0]
    statements = [option for option in options_of(first) if isinstance(option, Statement)]
    if statements:
        return most_of([_executed(frame, node, statement, values, name) for statement in statements])
    if isinstance(first, Entity | TableOf):
        return None
    if isinstance(first, Text):
        from instar_lint.python.sql import executed  # noqa: PLC0415 - only raw SQL needs it

        executed(frame, first)
        return UNKNOWN
    return UNKNOWN if name in ("execute", "executemany") else None


def _executed(frame: Frame, node: ast.Call, statement: Statement, values: list[Value], name: str) -> Value:
    _parameters(frame, node, statement, values)
    return _results(statement, Record(statement.items, statement.labels, row=True), name)


def _results(statement: Statement, rows: Record, name: str) -> Value:
    first = statement.items[0] if statement.items else UNKNOWN
    single = len(statement.items) == 1
    match name:
        case "scalars" | "stream_scalars":
            return Many(first)
        case "scalar" | "scalar_one" | "scalar_one_or_none":
            return first
        case "exec":
            return Many(first if single else rows)
        case "fetch_all" | "fetchall" | "iterate" | "fetch":
            return Many(rows)
        case "fetch_one" | "fetchone" | "fetchrow":
            return rows
        case "fetch_val":
            return PLAIN
        case "first_or_404" | "one_or_404":
            return first if single else rows
        case "paginate":
            return Many(first)
        case _:
            return Many(rows)


def _parameters(frame: Frame, node: ast.Call, statement: Statement, values: list[Value]) -> None:
    """`session.execute(insert(User), [{"name": …}])`."""
    target = statement.root
    if (
        statement.kind not in ("insert", "update")
        or len(values) < 2
        or not isinstance(target, Entity | TableOf)
    ):
        return
    mapping = item_of(values[1]) if isinstance(values[1], Many) else values[1]
    entries, complete = known_keys(mapping)
    given = entries_written(frame, target, entries, node, stored=True)
    if statement.kind == "insert" and isinstance(target, Entity) and frame.report is not None:
        frame.report.insert(frame, node, target.cls, given, complete=complete)


def _bulk(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    _ = base
    values = evaluate_arguments(frame, node)
    if not isinstance(values[0], Entity) or len(values) < 2:
        return None
    mapping = item_of(values[1])
    entries, complete = known_keys(mapping)
    given = entries_written(frame, values[0], entries, node, receiver="table")
    if name == "bulk_insert_mappings" and frame.report is not None:
        frame.report.insert(frame, node, values[0].cls, given, complete=complete)
    return PLAIN


def _merge(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    _ = (base, name)
    values = evaluate_arguments(frame, node)
    return values[0] if isinstance(values[0], Instance) else None


def _change(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    """`table.insert()`, `table.update()`, `table.delete()`, `sa.insert(User)`."""
    target = base if isinstance(base, TableOf) else frame.value(node.args[0])
    if not isinstance(target, Entity | TableOf):
        return None
    kind = "insert" if name == "insert" else "update" if name == "update" else "delete"
    statement = Statement(
        kind="insert" if kind == "insert" else "update" if kind == "update" else "delete",
        node=node,
        root=target,
        last=target,
    )
    if isinstance(base, TableOf) and (node.args or node.keywords):
        from instar_lint.python.writes import write_rows  # noqa: PLC0415 - the same keys as `.values()`

        write_rows(frame, node, statement)
    return statement


def _exists(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    _ = (base, name)
    if len(node.args) == 1 and isinstance(node.args[0], ast.Call):
        asked = frame.value(node.args[0])
        frame.done(asked)
        return asked if isinstance(asked, Statement) else None
    return build(frame, node, "select")


def _raw(frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    _ = (base, name)
    values = evaluate_arguments(frame, node)
    if isinstance(values[0], Text):
        from instar_lint.python.sql import executed  # noqa: PLC0415 - only raw SQL needs it

        executed(frame, values[0])
        return PLAIN
    return None


_METHODS: dict[str, Callable[[Frame, ast.Call, Value, str], Value | None]] = {
    **dict.fromkeys(("query", "select"), _query),
    **dict.fromkeys(_GETS, _get),
    **dict.fromkeys(_EXECUTES, _execute),
    **dict.fromkeys(_BULK, _bulk),
    "merge": _merge,
    **dict.fromkeys(("insert", "update", "delete"), _change),
    "exists": _exists,
    **dict.fromkeys(("text", "read_sql", "read_sql_query", "executescript", "exec_driver_sql"), _raw),
}
