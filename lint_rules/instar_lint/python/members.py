"""The members of the project's own classes: methods, annotated and assigned attributes, bases, type variables."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from instar_lint.python.annotations import annotated, class_of, class_value
from instar_lint.python.frame import Frame
from instar_lint.python.values import (
    NOTHING,
    PLAIN,
    UNKNOWN,
    ClassOf,
    Entity,
    External,
    Function,
    Instance,
    Many,
    Object,
    OneOf,
    Record,
    Super,
    TypeVariable,
    Value,
    joined,
)

if TYPE_CHECKING:
    from instar_lint.python.definitions import ClassNode
    from instar_lint.python.knowledge import Knowledge

Bound = tuple[tuple[str, Value], ...]
_DEEPEST = 8


def class_node(knowledge: Knowledge, qualified: str) -> ClassNode | None:
    """The class statement of a qualified name."""
    return knowledge.memory.remember(("class", qualified), None, lambda: _find_class(knowledge, qualified))


def _find_class(knowledge: Knowledge, qualified: str) -> ClassNode | None:
    mapped = knowledge.mapped(qualified)
    if mapped is not None:
        module = knowledge.modules.at(mapped.path)
        if module is not None:
            return module.classes.get(mapped.name) or module.classes.get(
                qualified.removeprefix(f"{mapped.module}.")
            )
    parts = qualified.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module = knowledge.modules.get(".".join(parts[:cut]))
        if module is not None:
            return module.classes.get(".".join(parts[cut:]))
    return None


def lineage(knowledge: Knowledge, qualified: str, bound: Bound = ()) -> tuple[tuple[ClassNode, Bound], ...]:
    """A class and its bases in the project, nearest first, with what each one's type variables stand for."""
    nothing: tuple[tuple[ClassNode, Bound], ...] = ()
    ask = partial(_lineage, knowledge, qualified, bound)
    return knowledge.memory.remember(("lineage", qualified, bound), nothing, ask)


def _lineage(knowledge: Knowledge, qualified: str, bound: Bound) -> tuple[tuple[ClassNode, Bound], ...]:
    found: list[tuple[ClassNode, Bound]] = []
    seen: set[str] = set()
    todo: list[tuple[str, Bound, int]] = [(qualified, bound, 0)]
    while todo:
        name, variables, depth = todo.pop(0)
        node = class_node(knowledge, name) if name not in seen and depth < _DEEPEST else None
        seen.add(name)
        if node is None:
            continue
        found.append((node, variables))
        frame = Frame(knowledge, node.module, None, depth=depth + 1)
        for base in node.node.bases:
            value = class_value(frame, base.value if isinstance(base, ast.Subscript) else base)
            if isinstance(value, ClassOf | Entity):
                given = _arguments(frame, base, variables)
                names = type_parameters(knowledge, value.cls)
                todo.append((value.cls, tuple(zip(names, given, strict=False)), depth + 1))
    return tuple(found)


def external_bases(knowledge: Knowledge, qualified: str) -> list[str]:
    """The dotted names of the library classes that a class descends from."""
    found = []
    for node, _ in lineage(knowledge, qualified):
        frame = Frame(knowledge, node.module, None)
        for base in node.node.bases:
            value = class_value(frame, base.value if isinstance(base, ast.Subscript) else base)
            found.append(value.name if isinstance(value, External) else ast.unparse(base))
    return found


def type_parameters(knowledge: Knowledge, qualified: str) -> list[str]:
    """The type variables of a generic class, in order."""
    node = class_node(knowledge, qualified)
    if node is None:
        return []
    declared = [str(p.name) for p in getattr(node.node, "type_params", [])]
    if declared:
        return declared
    frame = Frame(knowledge, node.module, None)
    names: dict[str, None] = {}
    for base in node.node.bases:
        if isinstance(base, ast.Subscript):
            parts = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
            for part in parts:
                if isinstance(part, ast.Name) and isinstance(class_value(frame, part), TypeVariable):
                    names[part.id] = None
    return list(names)


def _arguments(frame: Frame, base: ast.expr, variables: Bound) -> list[Value]:
    if not isinstance(base, ast.Subscript):
        return []
    parts = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
    return [bind(annotated(frame, part), variables) for part in parts]


def bind(value: Value, variables: Bound) -> Value:
    """A value with type variables replaced by what they stand for."""
    if not variables:
        return value
    match value:
        case TypeVariable(name=name, of_class=of_class):
            found = next((found for variable, found in variables if variable == name), value)
            return class_of(found) if of_class else found
        case Many(item=item):
            return Many(bind(item, variables))
        case Record():
            return Record(tuple(bind(item, variables) for item in value.items), value.labels, value.row)
        case Object(bound=bound):
            return replace(value, bound=tuple((name, bind(inner, variables)) for name, inner in bound))
        case OneOf(options=options):
            return joined([bind(option, variables) for option in options])
        case _:
            return value


def member(knowledge: Knowledge, owner: Object | ClassOf | Instance | Entity, name: str, depth: int) -> Value:
    """What an attribute of an object or class of the project holds."""
    ask = partial(_member, knowledge, owner, name, depth)
    return knowledge.memory.remember(("member", depth, owner, name), UNKNOWN, ask)


def _member(
    knowledge: Knowledge, owner: Object | ClassOf | Instance | Entity, name: str, depth: int
) -> Value:
    bound = owner.bound if isinstance(owner, Object | ClassOf) else ()
    return _first_member(knowledge, lineage(knowledge, owner.cls, bound), owner, name, depth)


def _first_member(
    knowledge: Knowledge, classes: tuple[tuple[ClassNode, Bound], ...], owner: Value, name: str, depth: int
) -> Value:
    for node, variables in classes:
        found = _own_member(knowledge, node, owner, name, depth)
        if found is not None and found != UNKNOWN:
            return bind(found, variables)
        if found is not None:
            break
    return dict(owner.given).get(name, UNKNOWN) if isinstance(owner, Object) else UNKNOWN


def member_behind(knowledge: Knowledge, value: Super, name: str, depth: int) -> Value:
    """What `super().name` holds: the member of a class behind the one that asks, bound to the same owner."""
    owner = value.owner
    bound = owner.bound if isinstance(owner, Object | ClassOf) else ()
    classes = lineage(knowledge, owner.cls, bound)
    after = class_node(knowledge, value.after)
    at = next((n for n, (node, _) in enumerate(classes) if node is after), len(classes))
    ask = partial(_first_member, knowledge, classes[at + 1 :], owner, name, depth)
    return knowledge.memory.remember(("behind", depth, value, name), UNKNOWN, ask)


def _own_member(knowledge: Knowledge, node: ClassNode, owner: Value, name: str, depth: int) -> Value | None:
    frame = Frame(knowledge, node.module, None, cls=node.qualified, depth=depth + 1)
    frame.env.update(_parameters_in_scope(node))
    if name in node.methods:
        return _method(frame, node, owner, name, depth)
    assigned = _assigned(frame, node, name) if name in node.assigned else None
    if assigned not in (None, NOTHING, PLAIN, UNKNOWN):
        return assigned
    inner = f"{node.qualified}.{name}"
    if f"{node.name}.{name}" in node.module.classes:
        return ClassOf(inner)
    if isinstance(owner, Object | Instance):
        from instar_lint.python.initialisers import self_attribute  # noqa: PLC0415 - runs the flow analysis

        given = self_attribute(knowledge, node, owner, name, depth)
        return assigned if given is None else given
    return assigned


def _assigned(frame: Frame, node: ClassNode, name: str) -> Value:
    statement = node.assigned[name]
    if isinstance(statement, ast.AnnAssign):
        declared = annotated(frame, statement.annotation)
        if declared not in (UNKNOWN, PLAIN) or statement.value is None:
            return declared
    return frame.value(statement.value)


def _parameters_in_scope(node: ClassNode) -> dict[str, Value]:
    return {str(p.name): TypeVariable(str(p.name)) for p in getattr(node.node, "type_params", [])}


def _method(frame: Frame, node: ClassNode, owner: Value, name: str, depth: int) -> Value:
    from instar_lint.python.results import call_result  # noqa: PLC0415 - runs the flow analysis

    function = Function(node.module.name, f"{node.name}.{name}", receiver=owner)
    if is_property(node.methods[name]):
        return (
            call_result(frame.knowledge, function, depth + 1)
            if isinstance(owner, Object | Instance)
            else UNKNOWN
        )
    return function


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method is read as an attribute."""
    names = (
        "property",
        "cached_property",
        "hybrid_property",
        "reify",
        "declared_attr",
        "locked_cached_property",
    )
    return any(decorator_name(d) in names for d in function.decorator_list)


def decorator_name(node: ast.expr) -> str:
    """The last part of a decorator's name."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
