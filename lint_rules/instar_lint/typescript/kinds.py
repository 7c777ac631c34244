"""What an expression of a Convex function holds, as far as facts ask: documents, ids, queries, objects on their way in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from instar.schema.types import ArrayType, FieldType, IdType, UnionType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

Shape: TypeAlias = Literal[
    "document", "documents", "page", "lookup", "query", "id", "ids", "database", "context", "any"
]


@dataclass(frozen=True, slots=True)
class Kind:
    """A value: a document of a table, several of them, a page or a map of them, a query, an id, `ctx.db`, `ctx`.

    Attributes:
        shape: What it is; `any` where the code says so, and nothing else is known.
        table: The table.
        loose: Whether the compiler does not know as much: something on the way to it is `any`.
    """

    shape: Shape
    table: str = ""
    loose: bool = False

    @property
    def one(self) -> Kind | None:
        """An item of it."""
        items: dict[Shape, Shape] = {"documents": "document", "query": "document", "ids": "id"}
        shape = items.get(self.shape)
        return self.to(shape) if shape else None

    def to(self, shape: Shape, table: str | None = None) -> Kind:
        """Something else, as well known as this."""
        return Kind(shape, self.table if table is None else table, self.loose)


ANY: Final = Kind("any", loose=True)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectLiteral:
    """An object literal, or an object of a known type.

    Attributes:
        keys: The nodes that name its keys.
        values: What some of them hold.
        complete: Whether it has no other keys.
        base: The document that is spread into it, or that it is by its type.
    """

    keys: dict[str, Node] = field(default_factory=dict)
    values: dict[str, Held] = field(default_factory=dict)
    complete: bool = True
    base: Kind | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Several:
    """An array of something that is no plain document: of objects that hold documents."""

    item: Held


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """An array literal: what stands at each position."""

    items: tuple[Held, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function that stands in a variable: what it gives back."""

    returned: Held


Held: TypeAlias = "Kind | ObjectLiteral | Several | Listed | Closure | None"


def item_of(held: Held) -> Held:
    """An item of an array."""
    if isinstance(held, Kind):
        return held.one
    if isinstance(held, Several):
        return held.item
    return joined(held.items) if isinstance(held, Listed) else None


def many(item: Held) -> Held:
    """An array of such items."""
    if isinstance(item, Kind):
        if item.shape == "document":
            return item.to("documents")
        return item.to("ids") if item.shape == "id" else None
    return Several(item) if item is not None else None


def loosened(held: Held) -> Held:
    """The same where the compiler knows nothing of it."""
    return replace(held, loose=True) if isinstance(held, Kind) else held


def joined(several: Iterable[Held]) -> Held:
    """What holds one of several, where those that are known agree; objects are put together."""
    known = [held for held in several if held not in {None, ANY} and not _is_empty(held)]
    if not known:
        return None
    if all(isinstance(one, ObjectLiteral) for one in known):
        return _merged([one for one in known if isinstance(one, ObjectLiteral)])
    first = known[0]
    if all(isinstance(one, Kind) for one in known):
        same = {(one.shape, one.table) for one in known if isinstance(one, Kind)}
        return first if len(same) == 1 else None
    return first if len(known) == 1 else None


def for_reading(held: Held) -> Held:
    """The same without its keys: they are written in another module, where nothing is on its way in from here."""
    if isinstance(held, ObjectLiteral):
        values = {name: for_reading(value) for name, value in held.values.items()}
        return ObjectLiteral(values=values, complete=False, base=held.base)
    if isinstance(held, Several):
        return Several(for_reading(held.item))
    if isinstance(held, Closure):
        return Closure(for_reading(held.returned))
    return Listed(tuple(map(for_reading, held.items))) if isinstance(held, Listed) else held


def _is_empty(held: Held) -> bool:
    return isinstance(held, Listed) and all(one is None for one in held.items)


def _merged(objects: list[ObjectLiteral]) -> ObjectLiteral:
    if len(objects) == 1:
        return objects[0]
    names = {name for one in objects for name in one.values}
    return ObjectLiteral(
        keys={name: key for one in objects for name, key in one.keys.items()},
        values={name: joined(one.values.get(name) for one in objects) for name in names},
        complete=False,
        base=next((one.base for one in objects if one.base is not None), None),
    )


def of_type(type_: FieldType) -> Kind | None:
    """What a stored value of a field is, where it is an id or a list of ids."""
    match type_:
        case IdType(table=table):
            return Kind("id", table)
        case ArrayType(element=IdType(table=table)):
            return Kind("ids", table)
        case UnionType(members=members):
            found = {kind for one in members if (kind := of_type(one)) is not None}
            return found.pop() if len(found) == 1 else None
        case _:
            return None
