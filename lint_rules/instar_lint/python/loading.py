"""Loader options: which attributes a query loads, and which it leaves out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from instar_lint.python.strings import named_by_text
from instar_lint.python.values import ColumnOf, Entity, Statement, Text

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame


def apply_options(frame: Frame, node: ast.Call, statement: Statement) -> Statement:
    """`.options(load_only(User.name), defer("bio"), selectinload(User.posts))`.

    Source: SQLAlchemy's column loading options; only those at the root of the statement change what it leaves out.
    """
    without = list(statement.without)
    for option in node.args:
        with frame.acting("select"):
            frame.value(option)
        if not isinstance(option, ast.Call):
            continue
        name = option.func.attr if isinstance(option.func, ast.Attribute) else getattr(option.func, "id", "")
        if name not in ("load_only", "defer", "undefer", "joinedload", "selectinload", "subqueryload"):
            continue
        named = _named(frame, option, statement, name)
        rooted = not isinstance(option.func, ast.Attribute) or not isinstance(option.func.value, ast.Call)
        if rooted and name == "defer":
            without += named
        elif rooted and name == "load_only" and isinstance(statement.root, Entity):
            without += _all_but(frame, statement.root.cls, named)
    return msgspec.structs.replace(statement, without=tuple(dict.fromkeys(without)))


def _named(frame: Frame, option: ast.Call, statement: Statement, name: str) -> list[str]:
    from instar_lint.python.conditions import quiet  # noqa: PLC0415 - conditions are read beside options

    found = []
    for argument in option.args:
        match quiet(frame, argument):
            case Text() as text if isinstance(statement.root, Entity):
                if name in ("load_only", "defer", "undefer"):
                    with frame.acting("select"):
                        named_by_text(frame, statement.root, text, argument, "read")
                found += [spelling.text for spelling in text.options]
            case ColumnOf(name=attribute):
                found.append(attribute)
            case _:
                pass
    return found


def _all_but(frame: Frame, cls: str, named: list[str]) -> list[str]:
    mapped = frame.knowledge.mapped(cls)
    table = frame.knowledge.table_of(Entity(cls))
    keys = frame.knowledge.primary_key(table) if table is not None else ()
    if mapped is None:
        return []
    return [
        a.name
        for a in mapped.attributes
        if a.kind == "column" and a.name not in named and a.column not in keys
    ]
