"""What Convex refuses of a table's indexes; `tsc` sees none of it.

The numbers are the backend's own (`MAX_INDEXES_PER_TABLE`, `MAX_INDEX_FIELDS_SIZE`, `IndexNotUnique`); its
documentation still says 32 indexes, and deployments of that age refuse more.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from instar.schema.model import Index, Table

MOST_INDEXES = 64
DOCUMENTED_INDEXES = 32
MOST_FIELDS = 15
"""Of its own: Convex adds `_creationTime` as the sixteenth."""
MOST_FILTER_FIELDS = 16
FEWEST_DIMENSIONS, MOST_DIMENSIONS = 2, 4096


def index_reason(table: Table, index: Index) -> str | None:
    """Why a push with this index is refused, or None. Names are judged elsewhere."""
    fields = index.fields
    if not fields or not all(fields):
        return "has no fields; name at least one"
    own = next((field for field in fields if field.startswith("_")), None)
    if own is not None:
        return f"names {own}; Convex adds _creationTime to every index itself, and takes no other field of its own"
    twice = next((field for field, count in Counter(fields).items() if count > 1), None)
    if twice is not None:
        return f"names {twice} twice; name it once"
    if len(fields) > MOST_FIELDS:
        return (
            f"has {len(fields)} fields, and Convex takes {MOST_FIELDS} beside _creationTime; leave some out"
        )
    if len(index.include) > MOST_FILTER_FIELDS:
        return (
            f"has {len(index.include)} filter fields, and Convex takes {MOST_FILTER_FIELDS}; leave some out"
        )
    dimensions = index.dimensions
    if dimensions is not None and not FEWEST_DIMENSIONS <= dimensions <= MOST_DIMENSIONS:
        return f"has {dimensions} dimensions, and Convex takes {FEWEST_DIMENSIONS} to {MOST_DIMENSIONS}"
    return _clash(table, index)


def _clash(table: Table, index: Index) -> str | None:
    """Another index of the table with the same name or the same definition."""
    others = [other for other in table.indexes if other is not index and other.place != index.place]
    if any(other.name == index.name for other in others):
        return "is the name of two indexes of this table; give one of them another name"
    same = next((other for other in others if _definition(other) == _definition(index)), None)
    return f"is defined like {same.name}, and Convex refuses two of them; use that one" if same else None


def _definition(index: Index) -> tuple[Hashable, ...]:
    """What may not be there twice."""
    match index.kind:
        case "search":
            return (index.kind, index.fields, tuple(sorted(index.include)))
        case "vector":
            return (index.kind, index.fields, index.dimensions)
        case _:
            return (index.kind, index.fields)


def count_reason(table: Table) -> tuple[str, bool] | None:
    """Why a table has too many indexes, staged ones among them, and whether that is sure; or None."""
    count = len(table.indexes)
    if count > MOST_INDEXES:
        return f"has {count} indexes, and Convex takes {MOST_INDEXES} a table; drop some", True
    if count > DOCUMENTED_INDEXES:
        return (
            f"has {count} indexes; {DOCUMENTED_INDEXES} are documented, and no more than {MOST_INDEXES} taken",
            False,
        )
    return None
