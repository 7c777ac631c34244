"""An index that goes: first no query relies on it, then it is dropped without blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.base import Planned
from instar.changes.indexes import columns, dropped, queried

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import IndexItem

KINDS = ("drop_index",)


def rolling(item: IndexItem, context: Context) -> Planned:
    """Two deploys; with a column of its own that goes, the index goes right before it."""
    index, target = item.before, context.target.table(item.table, item.namespace)
    assert index is not None
    kept = {field.name for field in target.fields} if target else set()
    gone = [name for name in columns(item, index, context) if name not in kept]
    if gone:
        drop = dropped(
            item,
            context,
            apart=tuple(f"{item.prefix}.{name}:gone" for name in gone),
            before=tuple(f"{item.prefix}.{name}:drop" for name in gone),
            why="a column is not dropped while an index covers it",
        )
        return Planned(drafts=(drop,))
    code = queried(item, index, "no longer relied on by any query")
    drop = dropped(item, context, apart=(code.key,), why="no query in service relies on it any more")
    return Planned(drafts=(code, drop))
