"""The acts that every change of an index is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.constraints import holding_keys
from instar.changes.drafts import Draft
from instar.schema.covered import index_columns
from instar.schema.migration import SourceEdit
from instar.schema.operations import CreateIndex, DropIndex

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import IndexItem
    from instar.schema.model import Index


def built(item: IndexItem, context: Context, *, before: tuple[str, ...] = ()) -> Draft:
    """The build, after the backfill of every column that it covers."""
    index = item.after
    assert index is not None
    how = "built concurrently" if context.backend == "postgresql" else "built"
    return Draft(
        key=key(item, index, "built"),
        kind="ddl",
        phase="expand",
        lines=((f"index {title(item, index)}", how),),
        why="an index that is there during a backfill makes it slower by half, so it is built afterwards; "
        "no query may need it before",
        apart_why=f"the columns of {title(item, index)} are filled first",
        changes=item.changes,
        operations=(CreateIndex(table=item.table, namespace=item.namespace, index=index),),
        edits=(SourceEdit(table=item.table, namespace=item.namespace, after_index=index),),
        after=tuple(
            f"{item.prefix}.{name}:{act}"
            for name in columns(item, index, context)
            for act in ("add", "verified")
        ),
        before=before,
        alone=True,
    )


def dropped(
    item: IndexItem, context: Context, *, apart: tuple[str, ...], before: tuple[str, ...] = (), why: str
) -> Draft:
    """The drop, when no query relies on it any more."""
    index = item.before
    assert index is not None
    return Draft(
        key=key(item, index, "dropped"),
        kind="ddl",
        phase="contract",
        lines=((f"index {title(item, index)}", "dropped"),),
        why=why,
        apart_why=f"queries of code in service may rely on {title(item, index)} until {{previous}} is everywhere",
        changes=item.changes,
        operations=(DropIndex(table=item.table, namespace=item.namespace, index=index),),
        edits=(SourceEdit(table=item.table, namespace=item.namespace, before_index=index),),
        after=holding_keys(item, index.fields, context),
        apart=apart,
        before=before,
        alone=True,
    )


def queried(item: IndexItem, index: Index, says: str, *, after: tuple[str, ...] = ()) -> Draft:
    """The code whose queries rely on it from now on, or no longer do."""
    return Draft(
        key=key(item, index, "queried"),
        kind="code",
        phase="expand",
        lines=((title(item, index), says),),
        why="a query that relies on an index which is not there reads the whole table",
        changes=item.changes,
        after=after,
    )


def key(item: IndexItem, index: Index, act: str) -> str:
    """The key of an act on an index."""
    return f"{item.prefix}/{index.name}:{act}"


def title(item: IndexItem, index: Index) -> str:
    """`posts.by_status`."""
    return f"{item.prefix}.{index.name}"


def columns(item: IndexItem, index: Index, context: Context) -> tuple[str, ...]:
    """The stored names of the columns that it names, as the table has them before or after the migration."""
    versions = (schema.table(item.table, item.namespace) for schema in (context.before, context.target))
    return tuple(dict.fromkeys(name for table in versions if table for name in index_columns(index, table)))
