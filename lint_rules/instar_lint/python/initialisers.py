"""What the attributes of `self` hold: set by the initialisers of a class and its bases, or in another method."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from instar_lint.python.decorators import class_context
from instar_lint.python.frame import Frame, Heard
from instar_lint.python.members import class_node
from instar_lint.python.results import TELLING, argument_names, bound_by_first, find_function
from instar_lint.python.values import NOTHING, PLAIN, UNKNOWN, Function, Object, Value, join, most_of

if TYPE_CHECKING:
    from instar_lint.python.definitions import AnyFunction, ClassNode
    from instar_lint.python.knowledge import Knowledge

_STARTS = ("__init__", "__post_init__", "setUp", "setup_method", "asyncSetUp", "setUpClass", "initialize")
_DEEPEST = 3
_MOST = 4


def self_attribute(
    knowledge: Knowledge, node: ClassNode, owner: Value, name: str, depth: int
) -> Value | None:
    """What a class sets an attribute of `self` to; None where no method of its own says anything."""
    started = self_attributes(knowledge, node, owner, depth).get(name)
    if started not in (None, NOTHING, PLAIN):
        return started
    later = _set_later(knowledge, node, owner, name, depth)
    return started if later == UNKNOWN else later


def self_attributes(knowledge: Knowledge, node: ClassNode, owner: Value, depth: int) -> dict[str, Value]:
    """The attributes that a class's initialisers set on `self`, with what they hold."""
    if depth > _DEEPEST:
        return {}
    key = ("self", depth, node.module.path, node.name, owner)
    return knowledge.memory.remember(key, {}, partial(_set_attributes, knowledge, node, owner, depth))


def _set_attributes(knowledge: Knowledge, node: ClassNode, owner: Value, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name in _STARTS:
        method = node.methods.get(name)
        if method is None:
            continue
        heard = Heard()
        for attribute, value in _run(
            knowledge, node, method, owner, depth, heard=heard
        ).self_attributes.items():
            found[attribute] = join(found[attribute], value) if attribute in found else value
        for attribute, value in _of_bases(knowledge, node, owner, depth, heard).items():
            found.setdefault(attribute, value)
    return {name: value for name, value in found.items() if value != UNKNOWN}


def _of_bases(
    knowledge: Knowledge, node: ClassNode, owner: Value, depth: int, heard: Heard
) -> dict[str, Value]:
    """What the initialisers of base classes set, called with arguments that say more than the object itself."""
    found: dict[str, Value] = {}
    for call, callee in heard.callees.items():
        if not isinstance(callee, Function) or not isinstance(owner, Object) or call not in heard.arguments:
            continue
        above, _, name = callee.name.rpartition(".")
        base = class_node(knowledge, f"{callee.module}.{above}") if name == "__init__" else None
        if base is None or base is node:
            continue
        bound, values = bound_by_first(knowledge, callee, heard.arguments[call][0])
        function = find_function(knowledge, callee)
        if function is None or not isinstance(bound, Function):
            continue
        given = dict(zip(argument_names(function[1], bound=True), values, strict=False))
        given |= {
            k.arg: v
            for k, v in zip(call.keywords, heard.arguments[call][1], strict=True)
            if k.arg is not None
        }
        telling = tuple(sorted((n, v) for n, v in given.items() if isinstance(v, TELLING)))
        if telling:
            found = self_attributes(knowledge, base, replace(owner, given=telling), depth + 1) | found
    return found


def _set_later(knowledge: Knowledge, node: ClassNode, owner: Value, name: str, depth: int) -> Value:
    """What the other methods of a class set an attribute to: `_process_args(self): self.event = Event.get(…)`."""
    setting = [method for method in _setters(knowledge, node).get(name, ()) if method not in _STARTS]
    if depth > _DEEPEST or not setting:
        return UNKNOWN
    key = ("self later", depth, node.module.path, node.name, owner, name)

    def ask() -> Value:
        frames = [_run(knowledge, node, node.methods[method], owner, depth) for method in setting[:_MOST]]
        return most_of([frame.self_attributes.get(name, UNKNOWN) for frame in frames])

    return knowledge.memory.remember(key, UNKNOWN, ask)


def _setters(knowledge: Knowledge, node: ClassNode) -> dict[str, tuple[str, ...]]:
    """The methods of a class that set attributes of `self`, by attribute."""
    nothing: dict[str, tuple[str, ...]] = {}
    return knowledge.memory.remember(
        ("setters", node.module.path, node.name), nothing, partial(_find_setters, node)
    )


def _find_setters(node: ClassNode) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name, method in node.methods.items():
        for inner in ast.walk(method):
            match inner:
                case ast.Attribute(value=ast.Name(id="self"), attr=attribute, ctx=ast.Store()):
                    found.setdefault(attribute, {})[name] = None
                case _:
                    pass
    return {attribute: tuple(methods) for attribute, methods in found.items()}


def _run(
    knowledge: Knowledge,
    node: ClassNode,
    method: AnyFunction,
    owner: Value,
    depth: int,
    *,
    heard: Heard | None = None,
) -> Frame:
    from instar_lint.python.functions import run_function  # noqa: PLC0415 - functions evaluate attributes

    given = class_context(Frame(knowledge, node.module, None), node.node, method)
    if isinstance(owner, Object) and method.name == "__init__":
        given.update(owner.given)
    return run_function(
        knowledge,
        node.module,
        method,
        None,
        scope=f"{node.name}.{method.name}",
        receiver=owner,
        cls=node.qualified,
        given=given,
        depth=depth + 1,
        heard=heard,
    )
