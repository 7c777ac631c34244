"""Calls that give documents, and calls that take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from instar_lint.facts import Operator

SAME_QUERY: Final = frozenset({"withIndex", "withSearchIndex", "filter", "order", "fullTableScan"})
MANY: Final = frozenset({"collect", "take", "docs"})
ONE: Final = frozenset({"first", "unique", "firstX", "uniqueX", "get", "getX"})
KEEPS_ITEMS: Final = frozenset({"filter", "slice", "sort", "reverse", "concat", "toSorted", "toReversed"})
ITEM: Final = frozenset({"find", "at", "pop", "shift", "findLast"})
CALLBACKS: Final = frozenset(
    {
        "map",
        "filter",
        "find",
        "findLast",
        "findIndex",
        "some",
        "every",
        "forEach",
        "flatMap",
        "sort",
        "toSorted",
        "reduce",
    }
)
OPERATORS: Final[dict[str, Operator]] = {
    "eq": "eq",
    "neq": "other",
    "lt": "range",
    "lte": "range",
    "gt": "range",
    "gte": "range",
    "search": "other",
}
ONE_FROM: Final = frozenset({"getOneFrom", "getOneFromOrThrow", "getOrThrow"})
MANY_FROM: Final = frozenset({"getManyFrom"})
WRITES: Final = frozenset({"insert", "patch", "replace"})
SYSTEM_INDEXES: Final = frozenset({"by_id", "by_creation_time"})
HOOKS: Final = frozenset({"useQuery", "usePaginatedQuery", "useConvexQuery", "fetchQuery", "convexQuery"})
RUNS: Final = frozenset({"runQuery", "runMutation", "runAction"})
"""Methods of a context that call a function by its reference."""
