"""What an unannotated parameter holds, as the calls of its function in the same module tell."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from instar_lint.python.results import argument_names
from instar_lint.python.values import UNKNOWN, Instance, Object, Value, most_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar_lint.python.frame import Frame
    from instar_lint.python.functions import AnyFunction
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode

    Caller = tuple[str | None, AnyFunction, tuple[ast.Call, ...]]
    Heard = dict[ast.Call, tuple[list[Value], list[Value]]]

_MOST = 8


def called_with(frame: Frame, parameter: str) -> Value:
    """What the calls in its own module give for a parameter of the function that the frame interprets."""
    function, knowledge, module = frame.function, frame.knowledge, frame.module
    if function is None:
        return UNKNOWN
    key = ("callers", module.path, function.name, function.lineno, parameter)
    return knowledge.memory.remember(key, UNKNOWN, partial(_ask, knowledge, module, function, parameter))


def _ask(knowledge: Knowledge, module: ModuleNode, function: AnyFunction, parameter: str) -> Value:
    nothing: tuple[Caller, ...] = ()
    key = ("calls", module.path, function.name)
    calling = knowledge.memory.remember(key, nothing, partial(_calling, module, function.name))
    callers = [caller for caller in calling if caller[1] is not function]
    if not callers or _binds(function, parameter):
        return UNKNOWN
    found: list[Value] = []
    for owner, caller, calls in callers[:_MOST]:
        heard = _heard(knowledge, module, owner, caller)
        found += [_argument(call, heard[call], function, parameter) for call in calls if call in heard]
    return most_of(found)


def _calling(module: ModuleNode, name: str) -> tuple[Caller, ...]:
    """The functions and methods of a module with their calls of something of that name."""
    found: list[Caller] = []
    for owner, caller in module.holding(name):
        calls = [node for node in ast.walk(caller) if isinstance(node, ast.Call) and _called(node) == name]
        if calls:
            found.append((owner, caller, tuple(calls)))
    return tuple(found)


def _called(node: ast.Call) -> str:
    return str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))


def _binds(function: AnyFunction, name: str) -> bool:
    """Whether a function binds a parameter anew."""
    names = (n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name)
    return any(not isinstance(n.ctx, ast.Load) for n in names)


def _heard(knowledge: Knowledge, module: ModuleNode, owner: str | None, caller: AnyFunction) -> Heard:
    """The arguments of every call in a function."""
    nothing: Heard = {}
    key = ("heard", module.path, caller.lineno)
    return knowledge.memory.remember(key, nothing, partial(_listen, knowledge, module, owner, caller))


def _listen(knowledge: Knowledge, module: ModuleNode, owner: str | None, caller: AnyFunction) -> Heard:
    from instar_lint.python.functions import run_function  # noqa: PLC0415 - functions evaluate attributes

    mapped = owner is not None and knowledge.mapped(owner) is not None
    receiver = None if owner is None else Instance(owner) if mapped else Object(owner)
    heard: Heard = {}
    run_function(
        knowledge, module, caller, None, scope=caller.name, receiver=receiver, cls=owner, depth=1, heard=heard
    )
    return heard


def _argument(
    call: ast.Call, given: tuple[Sequence[Value], Sequence[Value]], function: AnyFunction, name: str
) -> Value:
    values, keywords = given
    for keyword, value in zip(call.keywords, keywords, strict=False):
        if keyword.arg == name:
            return value
    names = argument_names(function, bound=isinstance(call.func, ast.Attribute) and _is_method(function))
    return dict(zip(names, values, strict=False)).get(name, UNKNOWN)


def _is_method(function: AnyFunction) -> bool:
    first = [*function.args.posonlyargs, *function.args.args][:1]
    return any(parameter.arg in ("self", "cls") for parameter in first)
