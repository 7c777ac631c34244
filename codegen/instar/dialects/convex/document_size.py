"""How large documents may be, and so how many of them one transaction takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from instar.schema.types import (
    AnyType,
    ArrayType,
    BytesType,
    FieldType,
    ObjectType,
    RecordType,
    StringType,
    UnionType,
)

if TYPE_CHECKING:
    from instar.schema.model import Table

TRANSACTION_BYTES: Final = 16 * 1024 * 1024
"""What one transaction of Convex may read, and what it may write."""
TRANSACTION_WRITES: Final = 16_000
"""The documents that one transaction of Convex may write."""
USUAL_BATCH: Final = 100
_USUAL_PAGE = 1000


def batch_size(table: Table) -> int:
    """How many documents a backfill rewrites in one transaction: a quarter of what fits, since sizes are estimated."""
    return max(1, min(USUAL_BATCH, TRANSACTION_BYTES // 4 // document_size(table)))


def page_size(table: Table) -> int:
    """How many documents a query reads in one transaction."""
    return max(1, min(_USUAL_PAGE, TRANSACTION_BYTES // 2 // document_size(table)))


def document_size(table: Table) -> int:
    """A guess at the bytes of a document, rather too high."""
    size = sum(_size(field.type) for field in table.fields) + (_size(table.shape) if table.shape else 0)
    size += sum(8 * (index.dimensions or 0) for index in table.indexes)
    return max(size, 1)


def _size(type_: FieldType) -> int:
    match type_:
        case StringType():
            return 500
        case ArrayType(element=element):
            return 20 * _size(element)
        case RecordType(value=value):
            return 20 * _size(value)
        case ObjectType(members=members):
            return sum(_size(one.type) for one in members)
        case UnionType(members=union):
            return max((_size(one) for one in union), default=0)
        case AnyType():
            return 4_000
        case BytesType():
            return 40_000
        case _:
            return 10
