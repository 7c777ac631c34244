"""One function under interpretation: its parameters, its body, the functions that it defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.python.annotations import annotated
from instar_lint.python.decorators import decorated_parameters, takes_fixtures
from instar_lint.python.frame import Frame
from instar_lint.python.statements import run_block
from instar_lint.python.values import (
    UNKNOWN,
    Dictionary,
    Entity,
    Instance,
    Many,
    Object,
    Plain,
    Value,
    item_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.frame import Heard
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode
    from instar_lint.python.report import Report


def run_function(
    knowledge: Knowledge,
    module: ModuleNode,
    node: AnyFunction,
    report: Report | None,
    *,
    scope: str,
    receiver: Value | None = None,
    cls: str | None = None,
    closure: Mapping[str, Value] | None = None,
    given: Mapping[str, Value] | None = None,
    depth: int = 0,
    passed: Report | None = None,
    heard: Heard | None = None,
) -> Frame:
    """Interpret a function's body; the frame afterwards holds its returns, yields and attributes of `self`."""
    frame = Frame(knowledge, module, report, env=dict(closure or {}), scope=scope, cls=cls, depth=depth)
    frame.passed = passed
    frame.function = node
    frame.heard = heard
    _bind_parameters(frame, node, receiver, given or {})
    run_block(frame, node.body)
    finish(frame)
    return frame


def finish(frame: Frame) -> None:
    """Interpret the functions that were defined inside, with the variables as they are at the end."""
    later, frame.later = frame.later, []
    for inner, _ in later:
        if frame.report is not None:
            run_function(
                frame.knowledge,
                frame.module,
                inner,
                frame.report,
                scope=f"{frame.scope}.{inner.name}" if frame.scope else inner.name,
                cls=frame.cls,
                closure=frame.env,
                depth=frame.depth,
            )


def _bind_parameters(
    frame: Frame, node: AnyFunction, receiver: Value | None, given: Mapping[str, Value]
) -> None:
    arguments = node.args
    ordered = [*arguments.posonlyargs, *arguments.args]
    declared = decorated_parameters(frame, node)
    for index, parameter in enumerate((*ordered, *arguments.kwonlyargs)):
        value = annotated(frame, parameter.annotation) if parameter.annotation else UNKNOWN
        if index == 0 and receiver is not None and ordered:
            value = receiver
            frame.receiver = receiver
            frame.self_name = parameter.arg if isinstance(receiver, Instance | Object) else None
        if parameter.arg in given and _tells_more(given[parameter.arg], value):
            value = given[parameter.arg]
        if value == UNKNOWN:
            value = declared.get(parameter.arg, UNKNOWN)
        if value == UNKNOWN and takes_fixtures(node):
            value = _fixture(frame, parameter.arg)
        frame.env[parameter.arg] = value
    if arguments.vararg:
        frame.env[arguments.vararg.arg] = Many(
            annotated(frame, arguments.vararg.annotation) if arguments.vararg.annotation else UNKNOWN
        )
    if arguments.kwarg:
        frame.env[arguments.kwarg.arg] = given.get(arguments.kwarg.arg, Dictionary(UNKNOWN))
    _bind_defaults(frame, node)


def _fixture(frame: Frame, name: str) -> Value:
    from instar_lint.python.fixtures import fixture_value  # noqa: PLC0415 - only tests need it

    return fixture_value(frame, name)


def _tells_more(given: Value, declared: Value) -> bool:
    """Whether an argument says more than the annotation of its parameter."""
    keyed = isinstance(given, Dictionary) and isinstance(declared, Dictionary | Plain)
    return declared == UNKNOWN or keyed


def _bind_defaults(frame: Frame, node: AnyFunction) -> None:
    arguments = node.args
    ordered = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(ordered[len(ordered) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    pairs += [
        (p, d) for p, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None
    ]
    for parameter, default in pairs:
        value = frame.value(default)
        if frame.env[parameter.arg] == UNKNOWN and isinstance(value, Entity):
            frame.env[parameter.arg] = value


def yielded_item(frame: Frame) -> Value:
    """What a context manager written as a generator gives to `with`."""
    return frame.yielded if frame.yielded is not None else item_of(frame.returned or UNKNOWN)
