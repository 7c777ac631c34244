"""What decorators tell about a function's parameters: ORM events, validators, view contexts, fixtures."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.values import UNKNOWN, Entity, Instance, Value

if TYPE_CHECKING:
    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.frame import Frame

_EVENTS = ("listens_for", "listen")
FIXTURES = ("fixture", "yield_fixture")
"""The decorators of pytest, by their last name, that make a fixture of a function."""


def takes_fixtures(node: AnyFunction) -> bool:
    """Whether pytest fills a function's parameters: a test, or a fixture."""
    return node.name.startswith("test") or any(_last(d) in FIXTURES for d in node.decorator_list)


def _last(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def decorated_parameters(frame: Frame, node: AnyFunction) -> dict[str, Value]:
    """The values of unannotated parameters that a decorator fixes.

    Sources: SQLAlchemy's mapper and attribute events (`before_insert(mapper, connection, target)`,
    `set(target, value, oldvalue, initiator)`), and Pyramid's `view_config(context=…)`, whose first parameter is
    that context.
    """
    found: dict[str, Value] = {}
    names = [p.arg for p in (*node.args.posonlyargs, *node.args.args)]
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        last = (
            decorator.func.attr
            if isinstance(decorator.func, ast.Attribute)
            else getattr(decorator.func, "id", "")
        )
        if last in _EVENTS and decorator.args:
            found.update(_event(frame, decorator, names))
        if last in ("view_config", "view_defaults"):
            found.update(_context(frame, decorator, names))
    return found


def _event(frame: Frame, decorator: ast.Call, names: list[str]) -> dict[str, Value]:
    report, frame.report = frame.report, None
    target = frame.value(decorator.args[0])
    frame.report = report
    kind = (
        decorator.args[1].value
        if len(decorator.args) > 1 and isinstance(decorator.args[1], ast.Constant)
        else ""
    )
    cls = getattr(target, "cls", None)
    if not isinstance(cls, str) or frame.knowledge.mapped(cls) is None or not names:
        return {}
    if not isinstance(target, Entity) or kind in ("load", "refresh", "init", "expire", "pickle", "unpickle"):
        return {names[0]: Instance(cls)}
    return {names[2]: Instance(cls)} if len(names) >= 3 else {}


def _context(frame: Frame, decorator: ast.Call, names: list[str]) -> dict[str, Value]:
    context = next((k.value for k in decorator.keywords if k.arg == "context"), None)
    report, frame.report = frame.report, None
    value = frame.value(context) if context is not None else UNKNOWN
    frame.report = report
    names = [n for n in names if n != "self"]
    if isinstance(value, Entity) and len(names) >= 2:
        return {names[0]: Instance(value.cls)}
    return {"context": Instance(value.cls)} if isinstance(value, Entity) else {}


def class_context(frame: Frame, cls: ast.ClassDef, method: AnyFunction) -> dict[str, Value]:
    """What a class decorator fixes about the parameters of `__init__` (Pyramid's `view_defaults(context=…)`)."""
    names = [p.arg for p in (*method.args.posonlyargs, *method.args.args)]
    found: dict[str, Value] = {}
    views = [d for f in cls.body if isinstance(f, ast.FunctionDef) for d in f.decorator_list]
    for decorator in (*cls.decorator_list, *views):
        if isinstance(decorator, ast.Call) and method.name == "__init__":
            last = (
                decorator.func.attr
                if isinstance(decorator.func, ast.Attribute)
                else getattr(decorator.func, "id", "")
            )
            if last in ("view_config", "view_defaults"):
                found.update(_context(frame, decorator, names))
    return found
