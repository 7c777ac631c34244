"""What an expression of a Convex function holds, as far as facts ask: documents, ids, queries, objects on their way in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from instar.schema.types import ArrayType, FieldType, IdType, UnionType

if TYPE_CHECKING:
    from tree_sitter import Node

Shape: TypeAlias = Literal["document", "documents", "page", "query", "id", "ids", "database", "context"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A value: a document of a table, several of them, a page of them, a query, an id, `ctx.db`, `ctx`."""

    shape: Shape
    table: str = ""

    @property
    def one(self) -> Kind | None:
        """An item of it."""
        items: dict[Shape, Shape] = {"documents": "document", "query": "document", "ids": "id"}
        shape = items.get(self.shape)
        return Kind(shape, self.table) if shape else None


@dataclass(frozen=True, slots=True, eq=False)
class ObjectLiteral:
    """An object literal: its keys with the nodes that name them; not `complete` where a spread gives more."""

    keys: dict[str, Node] = field(default_factory=dict)
    values: dict[str, Held] = field(default_factory=dict)
    complete: bool = True


Held: TypeAlias = "Kind | ObjectLiteral | None"


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
