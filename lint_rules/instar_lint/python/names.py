"""What a name of a module stands for, across imports and re-exports."""

from __future__ import annotations

import ast
import builtins
from functools import partial
from typing import TYPE_CHECKING

from instar_lint.python.frame import Frame
from instar_lint.python.values import (
    PLAIN,
    UNKNOWN,
    ClassOf,
    Entity,
    External,
    Function,
    Module,
    TableOf,
    TypeVariable,
    Value,
)

if TYPE_CHECKING:
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode

_MOST_HOPS = 12
_BUILTINS = frozenset(dir(builtins))


def name_value(frame: Frame, name: str) -> Value:
    """What a name holds where the frame stands: a variable, a name of the module, or a builtin."""
    value = frame.env.get(name)
    if value is not None:
        return value
    return module_value(frame.knowledge, frame.module, name)


def module_value(knowledge: Knowledge, module: ModuleNode, name: str, hops: int = 0) -> Value:
    """What a name at the top of a module stands for."""
    if hops > _MOST_HOPS:
        return UNKNOWN
    ask = partial(_look_up, knowledge, module, name, hops)
    return knowledge.memory.remember(("name", module.path, name), UNKNOWN, ask)


def _look_up(knowledge: Knowledge, module: ModuleNode, name: str, hops: int) -> Value:
    qualified = f"{module.name}.{name}"
    mapped = mapped_value(knowledge, qualified)
    if mapped is not None:
        return mapped
    if name in module.classes:
        return ClassOf(qualified)
    if name in module.functions:
        return Function(module.name, name)
    if name in module.imports and hops < _MOST_HOPS:
        base, member = module.imports[name]
        return Module(base) if member is None else imported_value(knowledge, base, member, hops + 1)
    if name in module.assigned:
        return _assigned_value(knowledge, module, module.assigned[name])
    for star in module.stars if hops < _MOST_HOPS else ():
        found = imported_value(knowledge, star, name, hops + 1, guess=False)
        if not isinstance(found, External) and found != UNKNOWN:
            return found
    if name in _BUILTINS:
        return External(f"builtins.{name}")
    return UNKNOWN


def mapped_value(knowledge: Knowledge, qualified: str) -> Value | None:
    """The mapped class or Core table of a qualified name, if it is one."""
    if knowledge.mapped(qualified) is not None:
        return Entity(qualified)
    table = knowledge.models.core_table(qualified)
    if table is None and knowledge.before is not None:
        table = knowledge.before.core_table(qualified)
    return TableOf(table.table, table.namespace) if table is not None else None


def imported_value(
    knowledge: Knowledge, base: str, member: str, hops: int = 0, *, guess: bool = True
) -> Value:
    """What `from base import member` brings."""
    qualified = f"{base}.{member}" if base else member
    mapped = mapped_value(knowledge, qualified)
    if mapped is not None:
        return mapped
    module = knowledge.modules.get(base) if base else None
    if module is not None:
        found = module_value(knowledge, module, member, hops)
        if found != UNKNOWN:
            return found
    if knowledge.modules.path_of(qualified) is not None:
        return Module(qualified)
    if module is not None:
        return UNKNOWN
    near = _by_tail(knowledge, base, member) if guess else None
    return near if near is not None else _of_library(knowledge, qualified)


def _of_library(knowledge: Knowledge, qualified: str) -> Value:
    if not qualified.endswith(".current_user"):
        return External(qualified)
    from instar_lint.python.context import USERS, current_user  # noqa: PLC0415 - it runs functions

    found = current_user(knowledge) if qualified in USERS else UNKNOWN
    return External(qualified) if found == UNKNOWN else found


def _by_tail(knowledge: Knowledge, base: str, member: str) -> Value | None:
    """A mapped class imported by another root than the reader's: `models.User` for `app.models.User`."""
    found = []
    for qualified in knowledge.by_short_name(member):
        home = qualified.rsplit(".", 1)[0]
        if (
            f".{home}".endswith(f".{base}")
            or f".{base}".endswith(f".{home}")
            or f"{home}.".startswith(f"{base}.")
        ):
            found.append(qualified)
    return Entity(found[0]) if len(found) == 1 else None


def _assigned_value(knowledge: Knowledge, module: ModuleNode, statement: ast.Assign | ast.AnnAssign) -> Value:
    from instar_lint.python.annotations import annotated  # noqa: PLC0415 - annotations look names up here

    frame = Frame(knowledge, module, None)
    if isinstance(statement, ast.AnnAssign):
        declared = annotated(frame, statement.annotation)
        return declared if declared not in (UNKNOWN, PLAIN) else frame.value(statement.value)
    if isinstance(statement.value, ast.Call) and _tail(statement.value.func) in ("TypeVar", "NewType"):
        target = statement.targets[0]
        return TypeVariable(target.id) if isinstance(target, ast.Name) else UNKNOWN
    return frame.value(statement.value)


def _tail(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
