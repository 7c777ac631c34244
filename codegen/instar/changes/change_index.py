"""An index redefined: the new one is built beside the old one under a name of its own, queries move, the old goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.base import Planned
from instar.changes.indexes import built, columns, dropped, queried

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import IndexItem

KINDS = ("change_index",)


def rolling(item: IndexItem, context: Context) -> Planned:
    """Two deploys; an index that a column carries along is built before code filters on the new column."""
    before, after = item.before, item.after
    assert before is not None
    assert after is not None
    if not before.valid and before.name == after.name:
        return Planned(drafts=(built(item, context),))
    old, new = columns(item, before, context), columns(item, after, context)
    gone = [name for name in old if name not in new]
    if item.carried:
        come = [name for name in new if name not in old]
        build = built(item, context, before=tuple(f"{item.prefix}.{name}:queryable" for name in come))
        apart = tuple(f"{item.prefix}.{name}:gone" for name in gone)
        why = "no query filters on the column that it covers any more"
        drop = dropped(item, context, apart=apart, before=_drops(item.prefix, gone), why=why)
        return Planned(drafts=(build, drop))
    build = built(item, context)
    code = queried(item, after, f"queried instead of {before.name}", after=(build.key,))
    drop = dropped(
        item,
        context,
        apart=(code.key,),
        before=_drops(item.prefix, gone),
        why="no query in service relies on it any more",
    )
    return Planned(drafts=(build, code, drop))


def _drops(prefix: str, names: list[str]) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}:drop" for name in names)
