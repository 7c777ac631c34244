"""Test factories (factory_boy, polyfactory): classes whose calls make rows, and whose names are those of a model."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.frame import Frame
from instar_lint.python.members import external_bases, lineage
from instar_lint.python.queries import evaluate_arguments
from instar_lint.python.strings import keyword_use
from instar_lint.python.values import PLAIN, ClassOf, Entity, Instance, Many, Value

if TYPE_CHECKING:
    from instar_lint.python.definitions import ClassNode
    from instar_lint.python.knowledge import Knowledge

_ONE = frozenset(["build", "create", "create_async", "build_sync", "create_sync"])
_SEVERAL = frozenset(["build_batch", "create_batch", "batch", "create_batch_sync", "create_batch_async"])
_RELATED = frozenset(["SubFactory", "RelatedFactory", "RelatedFactoryList"])


def factory_entity(knowledge: Knowledge, qualified: str) -> Entity | None:
    """The model whose rows a factory class makes: `class Meta: model = User`, `__model__`, `Factory[User]`."""
    nothing: Entity | None = None
    return knowledge.memory.remember(("factory", qualified), nothing, lambda: _entity(knowledge, qualified))


def _entity(knowledge: Knowledge, qualified: str) -> Entity | None:
    if not any(base.split("[")[0].endswith("Factory") for base in external_bases(knowledge, qualified)):
        return None
    for node, _ in lineage(knowledge, qualified):
        frame = Frame(knowledge, node.module, None)
        for told in _told(node):
            value = frame.value(told)
            if isinstance(value, Entity):
                return value
    return None


def _told(node: ClassNode) -> list[ast.expr]:
    meta = node.module.classes.get(f"{node.name}.Meta")
    statements = [meta.assigned.get("model") if meta is not None else None, node.assigned.get("__model__")]
    found = [s.value for s in statements if s is not None and s.value is not None]
    return found + [b.slice for b in node.node.bases if isinstance(b, ast.Subscript)]


def factory_call(frame: Frame, node: ast.Call, callee: ClassOf, name: str = "create") -> Value | None:
    """What `UserFactory(name="x")` or `UserFactory.create_batch(3, name="x")` makes; None where it is no factory."""
    if name not in _ONE and name not in _SEVERAL:
        return None
    entity = factory_entity(frame.knowledge, callee.cls)
    if entity is None:
        return None
    evaluate_arguments(frame, node)
    _named(frame, node, entity)
    return Many(Instance(entity.cls)) if name in _SEVERAL else Instance(entity.cls)


def related_factory(frame: Frame, node: ast.Call) -> Value:
    """`SubFactory(UserFactory, name="x")`."""
    values = evaluate_arguments(frame, node)
    entity = (
        factory_entity(frame.knowledge, values[0].cls) if values and isinstance(values[0], ClassOf) else None
    )
    if entity is not None:
        _named(frame, node, entity)
    return PLAIN


def _named(frame: Frame, node: ast.Call, entity: Entity) -> None:
    for keyword in node.keywords:
        if keyword.arg is not None:
            keyword_use(frame, entity, keyword.arg, keyword, "write")


RELATED = dict.fromkeys(_RELATED, related_factory)
