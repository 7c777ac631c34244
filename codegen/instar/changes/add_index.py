"""A new index: built without blocking writers; queries of the same deploy's code may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.base import Planned
from instar.changes.indexes import built, queried

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import IndexItem

KINDS = ("add_index",)


def rolling(item: IndexItem, context: Context) -> Planned:
    """One deploy: the index, then the code that queries by it."""
    assert item.after is not None
    build = built(item, context)
    return Planned(drafts=(build, queried(item, item.after, "may be queried", after=(build.key,))))
