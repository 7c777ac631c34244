"""The indexes and constraints of one table that change with it, or move along with its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.items import ConstraintItem, IndexItem
from instar.changes.names import constraint_in, index_in, versioned
from instar.changes.unplanned import title_of
from instar.schema.change import ConstraintChange, IndexChange
from instar.schema.constraint_changes import demand
from instar.schema.covered import constraint_columns, index_columns
from instar.schema.index_changes import coverage
from instar.schema.migration import Unplanned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.changes.field_items import FieldItems, Numbered
    from instar.schema.model import Constraint, Index, Table


def index_items(
    old: Table, new: Table, changes: Sequence[Numbered], fields: FieldItems
) -> tuple[tuple[IndexItem, ...], tuple[Unplanned, ...]]:
    """The changed indexes, and those that a replaced column carries along, each under a name that is free."""
    mine = [(number, change) for number, change in changes if isinstance(change, IndexChange)]
    taken = {index.name for index in old.indexes if index.name} | {
        one.name for one in old.constraints if one.name
    }
    items: list[IndexItem] = []
    unplanned: list[Unplanned] = []
    for number, change in mine:
        before, after = change.before, change.after
        reason = _index_refusal(change)
        if reason:
            unplanned.append(Unplanned(change=number, title=title_of(change), reason=reason))
            continue
        if after is not None:
            repair = before is not None and not before.valid and before.name == after.name
            after = _free(index_in(after, fields.stored), set() if repair else taken)
        items.append(
            IndexItem(
                table=old.name,
                namespace=old.namespace,
                changes=(number,),
                kind=change.kind,
                before=before,
                after=after,
            )
        )
    changed = [change.before for _, change in mine if change.before]
    wished = [index_in(index, fields.stored) for index in new.indexes]
    items.extend(
        _carried(old, index, wished, fields, taken)
        for index in old.indexes
        if index not in changed and fields.replaced.keys() & set(index_columns(index, old))
    )
    return tuple(items), tuple(unplanned)


def _carried(
    old: Table, index: Index, wished: Sequence[Index], fields: FieldItems, taken: set[str]
) -> IndexItem:
    moved = index_in(index, fields.replaced)
    same = next((one for one in wished if coverage(one) == coverage(moved)), moved)
    return IndexItem(
        table=old.name,
        namespace=old.namespace,
        changes=_changes_of(fields, index_columns(index, old)),
        kind="change_index",
        before=index,
        after=_free(same, taken),
        carried=True,
    )


def _free(index: Index, taken: set[str]) -> Index:
    """The index under its own name, or under the next one that is free."""
    name = index.name
    if name in taken:
        assert name is not None
        index = msgspec.structs.replace(index, name=versioned(name, taken))
    if index.name:
        taken.add(index.name)
    return index


def _index_refusal(change: IndexChange) -> str | None:
    if change.after is not None and change.after.name is None:
        return "its name could not be read: give it a literal one"
    if change.after is not None and change.after.unique and change.narrows:
        return "rows may hold duplicates, and unique indexes over existing values are not planned yet: remove the duplicates and write a revision of your own"
    return None


def constraint_items(
    old: Table, new: Table, changes: Sequence[Numbered], fields: FieldItems
) -> tuple[tuple[ConstraintItem, ...], tuple[Unplanned, ...]]:
    """Constraints that go with their columns, come with new ones, or are carried along; others are left out."""
    items: list[ConstraintItem] = []
    unplanned: list[Unplanned] = []
    seen: list[Constraint] = []
    added = msgspec.structs.replace(
        old, fields=tuple(item.new for item in fields.items if item.before is None)
    )
    for number, change in changes:
        if not isinstance(change, ConstraintChange):
            continue
        item = None
        if change.before is not None and set(constraint_columns(change.before, old)) & fields.gone:
            seen.append(change.before)
            item = _item(old, "drop_constraint", number, before=change.before)
        elif change.after is not None and _comes_along(change.after, old, added, fields):
            item = _item(
                old,
                "add_constraint",
                number,
                after=change.after,
                columns=constraint_columns(change.after, added),
            )
        if item is None:
            reason = "constraints over existing values are not planned yet: write a revision of your own"
            unplanned.append(Unplanned(change=number, title=title_of(change), reason=reason))
        else:
            items.append(item)
    wished = [constraint_in(one, fields.stored) for one in new.constraints]
    for constraint in old.constraints:
        touched = set(constraint_columns(constraint, old)) & fields.replaced.keys()
        if touched and constraint not in seen:
            items.append(_carried_constraint(old, constraint, wished, fields))
    return tuple(items), tuple(unplanned)


def _comes_along(constraint: Constraint, old: Table, added: Table, fields: FieldItems) -> bool:
    """Whether it is about new columns alone, in which no row can break it."""
    if constraint.kind == "primary_key" or not (set(constraint_columns(constraint, added)) & fields.added):
        return False
    if set(constraint.fields) - fields.added or set(constraint_columns(constraint, old)) - fields.added:
        return False
    filled = {item.new.name for item in fields.items if item.before is None and not item.new.optional}
    return constraint.kind == "foreign_key" or not filled & set(constraint_columns(constraint, added))


def _item(
    old: Table,
    kind: str,
    number: int,
    *,
    before: Constraint | None = None,
    after: Constraint | None = None,
    columns: tuple[str, ...] = (),
) -> ConstraintItem:
    return ConstraintItem(
        table=old.name,
        namespace=old.namespace,
        changes=(number,),
        kind="add_constraint" if kind == "add_constraint" else "drop_constraint",
        before=before,
        after=after,
        before_columns=constraint_columns(before, old) if before else (),
        after_columns=columns,
    )


def _carried_constraint(
    old: Table, constraint: Constraint, wished: Sequence[Constraint], fields: FieldItems
) -> ConstraintItem:
    moved = constraint_in(constraint, fields.replaced)
    moved = next((one for one in wished if demand(one) == demand(moved)), moved)
    taken = {one.name for one in old.constraints if one.name} | {one.name for one in old.indexes if one.name}
    if moved.name in taken:
        assert moved.name is not None
        moved = msgspec.structs.replace(moved, name=versioned(moved.name, taken))
    columns = constraint_columns(constraint, old)
    return ConstraintItem(
        table=old.name,
        namespace=old.namespace,
        changes=_changes_of(fields, columns),
        kind="add_constraint",
        before=constraint,
        after=moved,
        before_columns=columns,
        after_columns=tuple(fields.replaced.get(name, name) for name in columns),
    )


def _changes_of(fields: FieldItems, columns: tuple[str, ...]) -> tuple[int, ...]:
    found = [
        number
        for item in fields.items
        if item.before and item.before.name in columns
        for number in item.changes
    ]
    return tuple(sorted(found))
