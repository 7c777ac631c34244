"""What an annotation says that a value is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.names import name_value
from instar_lint.python.values import (
    NOTHING,
    PLAIN,
    UNKNOWN,
    ClassOf,
    Dictionary,
    Entity,
    External,
    Instance,
    Many,
    Module,
    Object,
    Record,
    Statement,
    TypeVariable,
    Value,
    joined,
)

if TYPE_CHECKING:
    from instar_lint.python.frame import Frame

_ITEMS = frozenset(
    [
        "list",
        "List",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "deque",
        "Deque",
        "Sequence",
        "MutableSequence",
        "Iterable",
        "Iterator",
        "Collection",
        "AbstractSet",
        "MutableSet",
        "Generator",
        "AsyncGenerator",
        "AsyncIterator",
        "AsyncIterable",
        "ScalarResult",
        "AsyncScalarResult",
        "WriteOnlyMapped",
        "DynamicMapped",
        "InstrumentedList",
        "Page",
        "Paginate",
        "Pagination",
        "KeysView",
        "ValuesView",
        "QuerySet",
    ]
)
_MAPPINGS = frozenset(
    ["dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"]
)
_TRANSPARENT = frozenset(
    [
        "Optional",
        "Annotated",
        "Mapped",
        "Final",
        "ClassVar",
        "Awaitable",
        "Coroutine",
        "Required",
        "NotRequired",
        "ReadOnly",
        "InstanceOf",
        "AsyncContextManager",
        "ContextManager",
        "AbstractContextManager",
        "AbstractAsyncContextManager",
        "SkipValidation",
    ]
)
_OPAQUE = frozenset(["Any", "object", "Callable", "TypeVar", "Self", "Protocol", "Type", "type", "Generic"])


def annotated(frame: Frame, node: ast.expr | None) -> Value:
    """The value that an annotation declares; `UNKNOWN` where it declares nothing that helps.

    Source of the forms: the typing specification, and SQLAlchemy's `Mapped`, `Query`, `ScalarResult`, `Result`.
    """
    match node:
        case ast.Constant(value=None):
            return NOTHING
        case ast.Constant(value=str(text)):
            try:
                return annotated(frame, ast.parse(text.strip(), mode="eval").body)
            except (SyntaxError, ValueError, RecursionError):
                return UNKNOWN
        case ast.BinOp(op=ast.BitOr()):
            return joined([annotated(frame, node.left), annotated(frame, node.right)])
        case ast.Name() | ast.Attribute():
            return _named(frame, node)
        case ast.Subscript():
            return _subscripted(frame, node)
        case _:
            return UNKNOWN


def class_value(frame: Frame, node: ast.expr) -> Value:
    """The class that an expression in an annotation names."""
    if isinstance(node, ast.Name):
        return name_value(frame, node.id)
    if isinstance(node, ast.Attribute):
        from instar_lint.python.attribute_values import attribute_of  # noqa: PLC0415 - attributes need annotations

        base = class_value(frame, node.value)
        return (
            attribute_of(frame, base, node.attr) if isinstance(base, Module | ClassOf | Object) else UNKNOWN
        )
    return UNKNOWN


def instance_of(value: Value) -> Value:
    """What an annotation that names this class declares."""
    match value:
        case Entity(cls=cls):
            return Instance(cls)
        case ClassOf(cls=cls, bound=bound):
            return Object(cls, bound)
        case External():
            return UNKNOWN if value.name.rsplit(".", 1)[-1] in _OPAQUE else PLAIN
        case TypeVariable():
            return value
        case Instance() | Object() | Many() | Dictionary() | Record():
            return value  # an alias of an annotation: `CurrentUser = Annotated[User, …]`
        case _:
            return UNKNOWN


def _named(frame: Frame, node: ast.Name | ast.Attribute) -> Value:
    name = node.id if isinstance(node, ast.Name) else node.attr
    if name == "Self" and frame.cls is not None:
        return self_value(frame)
    return instance_of(class_value(frame, node))


def self_value(frame: Frame) -> Value:
    """An object of the class that the frame is in."""
    if frame.cls is None:
        return UNKNOWN
    return Instance(frame.cls) if frame.knowledge.mapped(frame.cls) is not None else Object(frame.cls)


def _subscripted(frame: Frame, node: ast.Subscript) -> Value:
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    given = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in _ITEMS:
        return Many(annotated(frame, given[0]))
    if name in _MAPPINGS:
        return Dictionary(annotated(frame, given[-1]))
    if name in _TRANSPARENT:
        return annotated(frame, given[-1] if name == "Coroutine" else given[0])
    if name == "Union":
        return joined([annotated(frame, part) for part in given])
    if name in ("tuple", "Tuple"):
        return _tuple(frame, given)
    if name in ("type", "Type"):
        return class_of(annotated(frame, given[0]))
    if name in ("Query", "Select", "RowReturningQuery", "SelectOfScalar", "AppenderQuery"):
        return _query(frame, node, name, given)
    if name in ("Result", "Row", "CursorResult", "TupleResult", "ChunkedIteratorResult"):
        row = annotated(frame, given[0])
        row = Record(row.items, row.labels, row=True) if isinstance(row, Record) else row
        return row if name == "Row" else Many(row)
    return _generic(frame, node.value, given)


def _tuple(frame: Frame, given: list[ast.expr]) -> Value:
    if len(given) == 2 and isinstance(given[1], ast.Constant) and given[1].value is Ellipsis:
        return Many(annotated(frame, given[0]))
    return Record(tuple(annotated(frame, part) for part in given))


def class_of(value: Value) -> Value:
    """The class of an object: what `type[…]` declares."""
    match value:
        case Instance(cls=cls):
            return Entity(cls)
        case Object(cls=cls, bound=bound):
            return ClassOf(cls, bound)
        case TypeVariable(name=name):
            return TypeVariable(name, of_class=True)
        case _:
            return UNKNOWN


def _query(frame: Frame, node: ast.Subscript, name: str, given: list[ast.expr]) -> Value:
    item = annotated(frame, given[0])
    items = item.items if isinstance(item, Record) else (item,)
    root = Entity(items[0].cls) if items and isinstance(items[0], Instance) else None
    kind = "query" if "Query" in name else "select"
    return Statement(
        kind="query" if kind == "query" else "select",
        node=node,
        items=items,
        root=root,
        last=root,
        whole=False,
    )


def _generic(frame: Frame, base: ast.expr, given: list[ast.expr]) -> Value:
    """`Repository[User]`: a class of the project with its type variables bound; else what the name alone says."""
    value = instance_of(class_value(frame, base))
    if not isinstance(value, Object):
        return value
    from instar_lint.python.members import type_parameters  # noqa: PLC0415 - members need annotations

    names = type_parameters(frame.knowledge, value.cls)
    arguments = [annotated(frame, part) for part in given]
    return Object(value.cls, tuple(zip(names, arguments, strict=False)))
