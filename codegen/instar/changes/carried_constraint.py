"""Constraints that come and go with their columns, or are carried over to the column that replaces theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.changes.base import Planned
from instar.changes.constraints import covering_indexes, dropped_key, holding_keys, title
from instar.changes.drafts import Draft
from instar.schema.migration import SourceEdit
from instar.schema.operations import AddConstraint, DropConstraint

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import ConstraintItem
    from instar.schema.model import Constraint

KINDS = ("add_constraint", "drop_constraint")


def rolling(item: ConstraintItem, context: Context) -> Planned:
    """The new one after its columns are filled and before code relies on it; the old one right before its column."""
    drafts = []
    if item.after is not None:
        drafts.append(_added(item, item.after))
    if item.before is not None:
        drafts.append(_dropped(item, item.before, context))
    return Planned(drafts=tuple(drafts))


def _added(item: ConstraintItem, constraint: Constraint) -> Draft:
    names = item.after_columns
    return Draft(
        key=f"{item.prefix}/{title(constraint)}:added",
        kind="ddl",
        phase="expand",
        lines=((f"{title(constraint)} on {item.prefix}", "added"),),
        why="a new column has its rules before any code relies on them",
        apart_why=f"the columns of {title(constraint)} are filled first",
        changes=item.changes,
        operations=(AddConstraint(table=item.table, namespace=item.namespace, constraint=constraint),),
        edits=(SourceEdit(table=item.table, namespace=item.namespace, after_constraint=constraint),),
        after=tuple(f"{item.prefix}.{name}:{act}" for name in names for act in ("add", "verified")),
        before=tuple(f"{item.prefix}.{name}:queryable" for name in names),
        alone=True,
    )


def _dropped(item: ConstraintItem, constraint: Constraint, context: Context) -> Draft:
    target = context.target.table(item.table, item.namespace)
    kept = {field.name for field in target.fields} if target else set()
    gone = [name for name in item.before_columns if name not in kept]
    first = holding_keys(item, constraint.fields, context)
    return Draft(
        key=dropped_key(item, constraint),
        kind="ddl",
        phase="contract",
        lines=((f"{title(constraint)} on {item.prefix}", "dropped"),),
        why="a column is not dropped while a constraint names it",
        apart_why="code in service relies on the constraint until {previous} is everywhere",
        changes=item.changes,
        operations=(DropConstraint(table=item.table, namespace=item.namespace, constraint=constraint),),
        edits=(SourceEdit(table=item.table, namespace=item.namespace, before_constraint=constraint),),
        after=(*(first if constraint.kind == "unique" else ()), *covering_indexes(item, gone, context)),
        before=tuple(f"{item.prefix}.{name}:drop" for name in gone),
        apart=tuple(f"{item.prefix}.{name}:gone" for name in gone),
    )
