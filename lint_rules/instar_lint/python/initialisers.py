"""What the attributes of `self` hold: set in `__init__`, or once in another method."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from instar_lint.python.decorators import class_context
from instar_lint.python.frame import Frame
from instar_lint.python.values import UNKNOWN, Object, Value, join

if TYPE_CHECKING:
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ClassNode

_STARTS = ("__init__", "__post_init__", "setUp", "setup_method", "asyncSetUp", "setUpClass", "initialize")
_DEEPEST = 3


def self_attributes(knowledge: Knowledge, node: ClassNode, owner: Value, depth: int) -> dict[str, Value]:
    """The attributes that a class's initialisers set on `self`, with what they hold."""
    if depth > _DEEPEST:
        return {}
    key = ("self", depth, node.module.path, node.name, owner)
    return knowledge.memory.remember(key, {}, partial(_set_attributes, knowledge, node, owner, depth))


def _set_attributes(knowledge: Knowledge, node: ClassNode, owner: Value, depth: int) -> dict[str, Value]:
    from instar_lint.python.functions import run_function  # noqa: PLC0415 - functions evaluate attributes

    found: dict[str, Value] = {}
    for name in _STARTS:
        method = node.methods.get(name)
        if method is None:
            continue
        given = class_context(Frame(knowledge, node.module, None), node.node, method)
        if isinstance(owner, Object) and name == "__init__":
            given.update(owner.given)
        frame = run_function(
            knowledge,
            node.module,
            method,
            None,
            scope=f"{node.name}.{name}",
            receiver=owner,
            cls=node.qualified,
            given=given,
            depth=depth + 1,
        )
        for attribute, value in frame.self_attributes.items():
            found[attribute] = join(found[attribute], value) if attribute in found else value
    return {name: value for name, value in found.items() if value != UNKNOWN}
