"""What a web framework keeps beside the code: attributes of Flask's `g`, and flask-login's `current_user`."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from instar_lint.python.members import decorator_name
from instar_lint.python.results import call_result
from instar_lint.python.values import UNKNOWN, Function, Instance, Value, most_of, options_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode

GLOBALS = frozenset(["flask.g", "flask.globals.g", "quart.g", "quart.globals.g"])
USERS = frozenset(["flask_login.current_user", "flask_login.utils.current_user", "quart_auth.current_user"])
_MOST = 8
_KIND = "g"


def global_attribute(knowledge: Knowledge, name: str) -> Value:
    """What the project's functions set an attribute of `g` to: `g.user = User.query.get(…)` before each request.

    Such a function is read as if it got nothing from `g`: what sets one attribute often reads others, in circles that
    would be gone round again for each of them.
    """
    if knowledge.memory.apart == _KIND:
        return UNKNOWN
    return knowledge.memory.remember((_KIND, name), UNKNOWN, partial(_set_to, knowledge, name))


def current_user(knowledge: Knowledge) -> Value:
    """What the function gives that the project registered by `@login_manager.user_loader`."""
    return knowledge.memory.remember(("current user",), UNKNOWN, partial(_loaded, knowledge))


def _set_to(knowledge: Knowledge, name: str) -> Value:
    from instar_lint.python.functions import run_function  # noqa: PLC0415 - functions evaluate attributes

    found: list[Value] = []
    with knowledge.memory.leaving_aside(_KIND):
        for module in _mentioning(knowledge, f"g.{name}"):
            for function in _setting(module, name):
                frame = run_function(knowledge, module, function, None, scope=function.name, depth=1)
                found.append(frame.global_attributes.get(name, UNKNOWN))
    return most_of(found)


def _loaded(knowledge: Knowledge) -> Value:
    found = [
        call_result(knowledge, Function(module.name, function.name), 0)
        for module in _mentioning(knowledge, "user_loader")
        for _, function in module.holding("user_loader")
        if any(decorator_name(d) in ("user_loader", "request_loader") for d in function.decorator_list)
    ]
    return next((one for one in options_of(most_of(found)) if isinstance(one, Instance)), UNKNOWN)


def _mentioning(knowledge: Knowledge, word: str) -> Iterator[ModuleNode]:
    for path in knowledge.modules.mentioning(word)[:_MOST]:
        module = knowledge.modules.at(path)
        if module is not None:
            yield module


def _setting(module: ModuleNode, name: str) -> Iterator[AnyFunction]:
    """The functions, also inner ones, whose own statements set an attribute of `g`."""
    for node in (inner for _, outer in module.holding(f"g.{name}") for inner in ast.walk(outer)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            is_global(target) and target.attr == name for target in _targets(node)
        ):
            yield node


def _targets(function: AnyFunction) -> Iterator[ast.Attribute]:
    todo: list[ast.AST] = [*function.body]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(node))


def is_global(target: ast.Attribute) -> bool:
    """Whether a target is an attribute of something called `g`: `g.user`, `flask.g.user`."""
    base = target.value
    return base.id == "g" if isinstance(base, ast.Name) else getattr(base, "attr", "") == "g"
