"""The body of `upgrade` and `downgrade`: one call an act, under a comment that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.ddl.acts import (
    Act,
    Fill,
    Note,
    Nullable,
    Online,
    Rebuild,
    Refuse,
    Restore,
    Run,
    Save,
    Unnamed,
)
from instar.dialects.sqlalchemy.ddl.names import quoted
from instar.dialects.sqlalchemy.layout import call, comment
from instar.dialects.sqlalchemy.python_text import prose, string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.dialects.sqlalchemy.ddl.names import Backend

BATCH = 1_000
"""Rows that a contract revision fills in one statement: about 6 ms of waiting for a writer of one of them."""


def body(acts: Sequence[Act], backend: Backend) -> str:
    """The source of a function's body, after its docstring."""
    lines: list[str] = []
    for act in acts:
        if act.why:
            lines += comment(prose(act.why))
        lines.extend(_source(act, backend))
    return "\n".join(lines) if lines else "    # nothing in the database changes"


def _source(act: Act, backend: Backend) -> list[str]:
    match act:
        case Run(statements=statements, lock=lock):
            more = [f"lock={string(lock)}"] if lock else []
            return [call("_run", *map(string, statements), *more)]
        case Online(statement=statement, leftover=leftover):
            more = [f"leftover={string(leftover)}"] if leftover else []
            return [call("_online", string(statement), *more)]
        case Nullable(table=table, namespace=namespace, column=column, nullable=nullable):
            schema = [f"schema={string(namespace)}"] if namespace else []
            return [call("_nullable", string(table), string(column), *schema, f"nullable={nullable}")]
        case Unnamed(table=table, namespace=namespace, kind=kind, columns=columns):
            schema = [f"schema={string(namespace)}"] if namespace else []
            return [call("_drop_unnamed", string(table), string(kind), *map(string, columns), *schema)]
        case Rebuild():
            return _rebuild(act)
        case Save():
            return [_save(act)]
        case Restore(saved=saved, namespace=namespace, statements=statements):
            schema = [f"schema={string(namespace)}"] if namespace else []
            return [call("_restore", *map(string, statements), f"saved={string(saved)}", *schema)]
        case Fill():
            return [_fill(act, backend)]
        case Refuse(reason=reason):
            return [call("NotImplementedError", string(reason), before="raise ")]
        case Note():
            return []


def _rebuild(act: Rebuild) -> list[str]:
    """A copy of the table; where a newer version has a native statement, that one first."""
    depth, lines = 1, []
    if act.native:
        lines.append(f"    if _sqlite_has({act.since[0]}, {act.since[1]}):")
        lines.append(call("_run", *map(string, act.native), depth=2))
        lines.append("    else:")
        depth = 2
    more = [f"without=({', '.join(map(string, act.without))},)"] if act.without else []
    lines.append(call("_rebuilt", string(act.table), *more, depth=depth, before="with ", after=" as batch:"))
    for method in act.calls:
        name, _, rest = method.partition("(")
        lines.append(call(f"batch.{name}", rest.removesuffix(")"), depth=depth + 1))
    return lines


def _save(act: Save) -> str:
    return call(
        "_save",
        f"table={string(act.table)}",
        f"schema={string(act.namespace) if act.namespace else None}",
        f"column={string(act.column)}",
        f"into={string(act.into)}",
        f"query={string(act.query)}",
    )


def _fill(act: Fill, backend: Backend) -> str:
    """Fill by one UPDATE of the server a batch, or by rows that are read, computed and written."""
    batch = _computed(act, backend) if act.work.compute else _updated(act, backend)
    return call(
        "_fill",
        f"backfill={string(act.work.name)}",
        f"table={string(act.table)}",
        f"key={string(', '.join(act.key) or quoted(act.work.target, backend))}",
        f"empty={string(act.work.guard)}",
        f"limit={act.limit}",
        f"batch=lambda connection: {batch}",
    )


def _updated(act: Fill, backend: Backend) -> str:
    work = act.work
    value = "NULL" if work.clear or work.expression is None else work.expression
    change = f"UPDATE {act.table} SET {quoted(work.target, backend)} = {value} WHERE"  # noqa: S608 - quoted names
    if backend == "mariadb":
        statement = f"{change} {work.guard} LIMIT {BATCH}"
    elif not act.key:
        statement = f"{change} {work.guard}"
    else:
        key = ", ".join(act.key)
        some = f"SELECT {key} FROM {act.table} WHERE {work.guard} LIMIT {BATCH}"  # noqa: S608 - quoted names
        statement = f"{change} ({key}) IN ({some})"
    return f"connection.exec_driver_sql({string(statement)})"


def _computed(act: Fill, backend: Backend) -> str:
    work = act.work
    where = " AND ".join(f"{column} = :key_{n}" for n, column in enumerate(act.key))
    guard = work.guard.replace(":", "\\:")
    change = f"UPDATE {act.table} SET {quoted(work.target, backend)} = :value WHERE"  # noqa: S608 - quoted names
    rows = f"SELECT * FROM {act.table} WHERE {work.guard} LIMIT {BATCH}"  # noqa: S608 - quoted names
    plain = ", ".join(string(name) for name in act.plain_key)
    arguments = (
        "connection",
        f"function={string(work.compute or '')}",
        f"rows={string(rows)}",
        f"update={string(f'{change} {where} AND ({guard})')}",
        f"key=({plain},)",
    )
    return f"_compute({', '.join(arguments)})"
