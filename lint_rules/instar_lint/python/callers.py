"""What an unannotated parameter holds, as the calls of its function in the same module tell."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.results import argument_names
from instar_lint.python.values import UNKNOWN, Instance, Object, Value, most_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.python.frame import Frame
    from instar_lint.python.functions import AnyFunction
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.modules import ModuleNode

_MOST = 8


def called_with(frame: Frame, parameter: str) -> Value:
    """What the calls in its own module give for a parameter of the function that the frame interprets."""
    function, knowledge, module = frame.function, frame.knowledge, frame.module
    if function is None:
        return UNKNOWN
    key = ("callers", module.path, function.name, function.lineno, parameter)
    return knowledge.memory.remember(key, UNKNOWN, lambda: _ask(knowledge, module, function, parameter))


def _ask(knowledge: Knowledge, module: ModuleNode, function: AnyFunction, parameter: str) -> Value:
    if any(
        isinstance(n, ast.Name) and n.id == parameter and not isinstance(n.ctx, ast.Load)
        for n in ast.walk(function)
    ):
        return UNKNOWN  # bound anew somewhere
    found: list[Value] = []
    for owner, caller in _functions(module):
        calls = [n for n in ast.walk(caller) if isinstance(n, ast.Call) and _calls(n, function.name)]
        if calls and caller is not function and len(found) < _MOST:
            found += _given(knowledge, module, owner, caller, calls=calls, function=function, name=parameter)
    return most_of(found)


def _functions(module: ModuleNode) -> Iterator[tuple[str | None, AnyFunction]]:
    for function in module.functions.values():
        yield None, function
    for cls in module.classes.values():
        for method in cls.methods.values():
            yield cls.qualified, method


def _calls(node: ast.Call, name: str) -> bool:
    return isinstance(node.func, ast.Name | ast.Attribute) and name == (
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
    )


def _given(
    knowledge: Knowledge,
    module: ModuleNode,
    owner: str | None,
    caller: AnyFunction,
    *,
    calls: list[ast.Call],
    function: AnyFunction,
    name: str,
) -> Iterator[Value]:
    from instar_lint.python.functions import run_function  # noqa: PLC0415 - functions evaluate attributes

    mapped = owner is not None and knowledge.mapped(owner) is not None
    receiver = None if owner is None else Instance(owner) if mapped else Object(owner)
    heard: dict[ast.Call, tuple[list[Value], list[Value]]] = {call: ([], []) for call in calls}
    run_function(
        knowledge, module, caller, None, scope=caller.name, receiver=receiver, cls=owner, depth=1, heard=heard
    )
    for call, (values, keywords) in heard.items():
        named = {k.arg: value for k, value in zip(call.keywords, keywords, strict=False)}
        names = argument_names(function, bound=isinstance(call.func, ast.Attribute) and _is_method(function))
        yield named[name] if name in named else dict(zip(names, values, strict=False)).get(name, UNKNOWN)


def _is_method(function: AnyFunction) -> bool:
    first = [*function.args.posonlyargs, *function.args.args][:1]
    return any(parameter.arg in ("self", "cls") for parameter in first)
