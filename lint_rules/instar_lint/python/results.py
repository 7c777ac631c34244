"""What a call of one of the project's functions gives: its annotation, else what its body returns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec.structs import replace

from instar_lint.python.annotations import annotated
from instar_lint.python.frame import Frame
from instar_lint.python.members import bind, class_node, decorator_name, lineage
from instar_lint.python.values import (
    NOTHING,
    UNKNOWN,
    ClassOf,
    Closure,
    Entity,
    Function,
    Instance,
    Many,
    Object,
    OneOf,
    Statement,
    TypeVariable,
    Value,
    item_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode

_DEEPEST = 5
_CONTEXT_MANAGERS = ("contextmanager", "asynccontextmanager", "fixture", "yield_fixture")
TELLING = (Entity, Instance, Many, Statement, Object, ClassOf, OneOf)
"""The kinds of arguments that say something about what a call gives."""


def call_result(
    knowledge: Knowledge,
    function: Function,
    depth: int,
    given: Mapping[str, Value] | None = None,
) -> Value:
    """What calling a function gives.

    Args:
        knowledge: The project.
        function: Which function, and what it is bound to.
        depth: How many calls deep the question is asked; beyond a few the answer is `UNKNOWN`.
        given: Argument values by parameter name: they bind type variables and unannotated parameters.
    """
    if depth > _DEEPEST:
        return UNKNOWN
    telling = {name: value for name, value in (given or {}).items() if isinstance(value, TELLING)}
    key = ("call", depth, function, tuple(sorted(telling.items(), key=lambda pair: pair[0])))

    def ask() -> Value:
        found = find_function(knowledge, function)
        return UNKNOWN if found is None else _result(knowledge, *found, function, given=telling, depth=depth)

    return knowledge.memory.remember(key, UNKNOWN, ask)


def closure_result(
    knowledge: Knowledge, closure: Closure, depth: int, given: Mapping[str, Value] | None = None
) -> Value:
    """What calling a function that was defined inside another one gives."""
    module = knowledge.modules.get(closure.module) if depth <= _DEEPEST else None
    if module is None:
        return UNKNOWN
    telling = {name: value for name, value in (given or {}).items() if isinstance(value, TELLING)}
    key = ("closure", depth, closure, tuple(sorted(telling.items(), key=lambda pair: pair[0])))
    function = Function(closure.module, closure.node.name)

    def ask() -> Value:
        return _result(knowledge, module, closure.node, function, given=telling, depth=depth, closure=closure)

    return knowledge.memory.remember(key, UNKNOWN, ask)


def called_function(
    knowledge: Knowledge, callee: Function | Closure
) -> tuple[ModuleNode, AnyFunction] | None:
    """The statement that defines a function, and its module."""
    if isinstance(callee, Function):
        return find_function(knowledge, callee)
    module = knowledge.modules.get(callee.module)
    return (module, callee.node) if module is not None else None


def find_function(knowledge: Knowledge, function: Function) -> tuple[ModuleNode, AnyFunction] | None:
    """The statement that defines a function, and its module."""
    module = knowledge.modules.get(function.module)
    if module is None:
        return None
    owner, _, name = function.name.rpartition(".")
    node = module.classes[owner].methods.get(name) if owner in module.classes else module.functions.get(name)
    return (module, node) if node is not None else None


def _result(
    knowledge: Knowledge,
    module: ModuleNode,
    node: AnyFunction,
    function: Function,
    *,
    given: Mapping[str, Value],
    depth: int,
    closure: Closure | None = None,
) -> Value:
    owner = function.name.rpartition(".")[0]
    cls = closure.cls if closure is not None else f"{module.name}.{owner}" if owner else None
    receiver = function.receiver
    frame = Frame(knowledge, module, None, cls=_class_name(receiver) or cls, depth=depth)
    frame.env.update({str(p.name): TypeVariable(str(p.name)) for p in getattr(node, "type_params", [])})
    declared = annotated(frame, node.returns) if node.returns is not None else UNKNOWN
    declared = bind(declared, _bound(knowledge, receiver, cls))
    declared = bind(declared, _bound_by_arguments(frame, node, given))
    manager = any(decorator_name(d) in _CONTEXT_MANAGERS for d in node.decorator_list)
    if declared != UNKNOWN and not isinstance(declared, TypeVariable):
        return item_of(declared) if manager else declared
    names = dict(closure.names or ()) if closure is not None else {}
    frame = _run(knowledge, module, node, function, given=given, depth=depth, cls=cls, names=names)
    if frame.yielded is not None:
        return frame.yielded if manager else Many(frame.yielded)
    return frame.returned if frame.returned is not None else NOTHING


def _run(
    knowledge: Knowledge,
    module: ModuleNode,
    node: AnyFunction,
    function: Function,
    *,
    given: Mapping[str, Value],
    depth: int,
    cls: str | None,
    names: Mapping[str, Value],
) -> Frame:
    from instar_lint.python.functions import run_function  # noqa: PLC0415 - functions evaluate calls

    return run_function(
        knowledge,
        module,
        node,
        None,
        scope=function.name,
        receiver=bound_receiver(node, function.receiver),
        cls=cls,
        closure=names,
        given=given,
        depth=depth + 1,
    )


def bound_receiver(node: AnyFunction, receiver: Value | None) -> Value | None:
    """What the first parameter of a method stands for, seen from the value that it is called on."""
    if any(decorator_name(d) == "classmethod" for d in node.decorator_list):
        return _as_class(receiver)
    if any(decorator_name(d) == "staticmethod" for d in node.decorator_list):
        return None
    return receiver


def bound_by_first(
    knowledge: Knowledge, callee: Function | Closure, values: list[Value]
) -> tuple[Function | Closure, list[Value]]:
    """`Base.method(self, x)`: the first argument is what the method is bound to, and the others are its arguments."""
    if not isinstance(callee, Function) or not isinstance(callee.receiver, ClassOf | Entity) or not values:
        return callee, values
    found = find_function(knowledge, callee)
    if found is None or [p.arg for p in (*found[1].args.posonlyargs, *found[1].args.args)][:1] != ["self"]:
        return callee, values
    first, *rest = values
    if not isinstance(first, Instance | Object):
        first = (
            Instance(callee.receiver.cls)
            if isinstance(callee.receiver, Entity)
            else Object(callee.receiver.cls)
        )
    return replace(callee, receiver=first), rest


def _as_class(receiver: Value | None) -> Value | None:
    match receiver:
        case Instance(cls=cls):
            return Entity(cls)
        case Object(cls=cls, bound=bound):
            return ClassOf(cls, bound)
        case _:
            return receiver


def _class_name(receiver: Value | None) -> str | None:
    return receiver.cls if isinstance(receiver, Instance | Object | Entity | ClassOf) else None


def _bound(knowledge: Knowledge, receiver: Value | None, cls: str | None) -> tuple[tuple[str, Value], ...]:
    """What the type variables of the class that defines the method stand for, seen from the receiver."""
    if cls is None or not isinstance(receiver, Object | ClassOf | Instance | Entity):
        return ()
    own = receiver.bound if isinstance(receiver, Object | ClassOf) else ()
    if receiver.cls == cls:
        return own
    defining = class_node(knowledge, cls)
    for node, variables in lineage(knowledge, receiver.cls, own):
        if node is defining:
            return variables
    return ()


def _bound_by_arguments(
    frame: Frame, node: AnyFunction, given: Mapping[str, Value]
) -> tuple[tuple[str, Value], ...]:
    bound: list[tuple[str, Value]] = []
    for parameter in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        if parameter.annotation is None or parameter.arg not in given:
            continue
        declared = annotated(frame, parameter.annotation)
        value = given[parameter.arg]
        match declared, value:
            case TypeVariable(of_class=True), Entity(cls=cls):
                bound.append((declared.name, Instance(cls)))
            case TypeVariable(of_class=True), ClassOf(cls=cls):
                bound.append((declared.name, Object(cls)))
            case TypeVariable(of_class=False), Instance() | Object() | Many():
                bound.append((declared.name, value))
            case Many(item=TypeVariable(name=name)), Many(item=item):
                bound.append((name, item))
            case Statement(items=(TypeVariable(name=name), *_)), Statement(items=(item, *_)):
                bound.append((name, item))
            case _:
                pass
    return tuple(bound)


def argument_names(node: AnyFunction, *, bound: bool) -> list[str]:
    """The parameters that positional arguments fill, without the receiver of a method."""
    names = [p.arg for p in (*node.args.posonlyargs, *node.args.args)]
    static = any(decorator_name(d) == "staticmethod" for d in node.decorator_list)
    return names[1:] if bound and not static else names


def given_arguments(
    frame: Frame, function: Function | Closure, call: ast.Call, values: list[Value]
) -> dict[str, Value]:
    """The values of a call's arguments by parameter name, as far as they can be told apart."""
    found = called_function(frame.knowledge, function)
    if found is None:
        return {}
    given: dict[str, Value] = {}
    if not any(isinstance(a, ast.Starred) for a in call.args):
        bound = isinstance(function, Function) and function.receiver is not None
        given.update(zip(argument_names(found[1], bound=bound), values, strict=False))
    return given
