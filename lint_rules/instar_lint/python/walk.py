"""One file: its module level, every class body, every function that mentions something in flight."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from instar_lint.python import calls, expressions  # noqa: F401 - they register the evaluators
from instar_lint.python.callers import made_with, parameters_of
from instar_lint.python.decorators import class_context, takes_fixtures
from instar_lint.python.factories import factory_entity
from instar_lint.python.frame import Frame
from instar_lint.python.functions import finish, run_function
from instar_lint.python.members import decorator_name
from instar_lint.python.schemas import run_schema
from instar_lint.python.statements import run_block
from instar_lint.python.values import ClassOf, Entity, Function, Instance, Object, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar_lint.hotness import HotLines
    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode
    from instar_lint.python.report import Report


def run_module(
    knowledge: Knowledge, module: ModuleNode, body: list[ast.stmt], report: Report, hot: HotLines
) -> None:
    """Interpret a module: statements at its top, class bodies, and hot functions."""
    frame = Frame(knowledge, module, report)
    _run_body(frame, body, hot)


def _run_body(frame: Frame, body: list[ast.stmt], hot: HotLines) -> None:
    """Module-level statements: cold ones are evaluated when a name of theirs is asked for."""
    for statement in body:
        if not hot.within(statement) and not _binds_anew(frame, statement):
            continue
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for decorator in statement.decorator_list:
                    frame.value(decorator)
                _run_hot(frame, statement, statement.name)
            case ast.ClassDef():
                run_class(frame, statement, "", hot)
            case ast.If() | ast.Try() | ast.With():
                _run_nested(frame, statement, hot)
            case ast.Import() | ast.ImportFrom():
                pass
            case _:
                run_block(frame, [statement])
                _publish(frame)
    finish(frame)


def _binds_anew(frame: Frame, statement: ast.stmt) -> bool:
    """Whether a name means something else from here on: what it means depends on where it is read."""
    names = frame.module.reassigned
    return isinstance(statement, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id in names for target in statement.targets
    )


def _publish(frame: Frame) -> None:
    """Names that the module level binds are looked up as the module's, where every assignment is seen."""
    for name in list(frame.env):
        if name in frame.module.assigned and name not in frame.module.reassigned:
            del frame.env[name]


def _run_nested(frame: Frame, statement: ast.If | ast.Try | ast.With, hot: HotLines) -> None:
    if isinstance(statement, ast.If):
        frame.value(statement.test)
    parts = [statement.body, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])]
    parts += [handler.body for handler in getattr(statement, "handlers", [])]
    for part in parts:
        _run_body(frame, part, hot)


def run_class(outer: Frame, node: ast.ClassDef, prefix: str, hot: HotLines) -> None:
    """Interpret a class: its body with its own names, then its methods with `self` bound."""
    name = f"{prefix}{node.name}"
    qualified = f"{outer.module.name}.{name}"
    mapped = outer.knowledge.mapped(qualified)
    frame = Frame(outer.knowledge, outer.module, outer.report, scope=name, cls=qualified)
    for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
        frame.value(part)
    if mapped is not None:
        from instar_lint.python.declarations import run_mapped_body  # noqa: PLC0415 - only model files need it

        run_mapped_body(frame, node, qualified, hot)
    elif hot.within(node):
        run_schema(frame, node)
    for statement in node.body:
        if not hot.within(statement):
            continue
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                _run_method(frame, node, statement, name, is_mapped=mapped is not None)
            case ast.ClassDef():
                run_class(frame, statement, f"{name}.", hot)
            case _ if mapped is None:
                run_block(frame, [statement])
            case _:
                pass
    finish(frame)


def _run_method(frame: Frame, cls: ast.ClassDef, node: AnyFunction, scope: str, *, is_mapped: bool) -> None:
    for decorator in node.decorator_list:
        frame.value(decorator)
    names = {decorator_name(d) for d in node.decorator_list}
    qualified = frame.cls or ""
    given: dict[str, Value] = class_context(frame, cls, node)
    receiver: Value | None
    if "staticmethod" in names:
        receiver = None
    elif (
        names & {"classmethod", "expression", "declared_attr", "update_expression", "comparator", "inplace"}
        or node.name == "__init_subclass__"
    ):
        receiver = Entity(qualified) if is_mapped else ClassOf(qualified)
    else:
        receiver = Instance(qualified) if is_mapped else Object(qualified)
        if "post_generation" in names:
            made = factory_entity(frame.knowledge, qualified)
            receiver = Instance(made.cls) if made is not None else receiver
    _run_hot(frame, node, f"{scope}.{node.name}", receiver, given)


def _run_hot(
    frame: Frame,
    node: AnyFunction,
    scope: str,
    receiver: Value | None = None,
    given: Mapping[str, Value] | None = None,
) -> None:
    """Interpret a function; once more with what its callers tell where something in it could only be guessed."""
    report, knowledge = frame.report, frame.knowledge
    guessed = report.guessed if report is not None else 0
    run = partial(run_function, knowledge, frame.module, node, report, scope=scope, cls=frame.cls)
    run(receiver=receiver, given=given)
    if report is None or report.guessed == guessed or takes_fixtures(node):
        return
    told = parameters_of(knowledge, Function(frame.module.name, scope))
    made = made_with(knowledge, receiver) if isinstance(receiver, Object) else receiver
    if told or made != receiver:
        run(receiver=made, given=told | dict(given or {}))
