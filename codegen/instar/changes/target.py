"""From the differences to what is planned: which changes are one thing, and the schema that the plan ends with.

The end is what the user wants under the plan's own stored names: a retyped field is stored in a column beside the
old one, an index over it gets a name beside the old one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.base import Item
from instar.changes.context import Context
from instar.changes.field_items import FieldItems, field_items
from instar.changes.rule_items import constraint_items, index_items
from instar.changes.unplanned import title_of
from instar.schema.migration import Unplanned
from instar.schema.model import Schema, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.changes.items import ConstraintItem, IndexItem
    from instar.changes.options import PlanOptions
    from instar.schema.change import Change


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is going to be planned.

    Attributes:
        target: The schema at the end.
        items: What is planned, in the order of the changes.
        unplanned: What is recognised and left out.
    """

    target: Schema
    items: tuple[Item, ...]
    unplanned: tuple[Unplanned, ...]


def wanted(
    before: Schema, after: Schema, changes: Sequence[Change], options: PlanOptions, backend: str
) -> Wanted:
    """Put the changes together table by table.

    Args:
        before: The schema as it is.
        after: The schema as the user wrote it.
        changes: What differs between the two.
        options: What the user said.
        backend: The database.
    """
    context = Context(id="", backend=backend, before=before, target=before, options=options)
    items: list[Item] = []
    unplanned: list[Unplanned] = []
    tables = {table.key: table for table in before.tables}
    for key in dict.fromkeys((change.namespace, change.table) for change in changes):
        mine = [(i, c) for i, c in enumerate(changes) if (c.namespace, c.table) == key]
        old, new = tables.get(key), after.table(key[1], key[0])
        if old is None or new is None or any(change.kind.endswith("_table") for _, change in mine):
            reason = "changes of whole tables are not planned yet: plan the other changes with --only, and write this one as a revision of your own"
            unplanned += [Unplanned(change=i, title=title_of(c), reason=reason) for i, c in mine]
            continue
        fields = field_items(old, new, mine, context)
        indexes, no_indexes = index_items(old, new, mine, fields)
        constraints, no_constraints = constraint_items(old, new, mine, fields)
        items += [*fields.items, *indexes, *constraints]
        unplanned += [*fields.unplanned, *no_indexes, *no_constraints]
        tables[key] = _target(old, fields, indexes, constraints)
    target = msgspec.structs.replace(before, tables=tuple(tables.values()))
    items.sort(key=lambda item: item.changes[:1] or (len(changes),))
    return Wanted(
        target=target, items=tuple(items), unplanned=tuple(sorted(unplanned, key=lambda u: u.change))
    )


def _target(
    old: Table, fields: FieldItems, indexes: Sequence[IndexItem], constraints: Sequence[ConstraintItem]
) -> Table:
    by_old = {item.before.name: item for item in fields.items if item.before}
    added = [item.new for item in fields.items if item.before is None]
    kept = [by_old[field.name].after if field.name in by_old else field for field in old.fields]
    gone_indexes = [item.before for item in indexes if item.before]
    gone_constraints = [item.before for item in constraints if item.before]
    return msgspec.structs.replace(
        old,
        fields=(*(field for field in kept if field), *added),
        indexes=(
            *(index for index in old.indexes if index not in gone_indexes),
            *(item.after for item in indexes if item.after),
        ),
        constraints=(
            *(one for one in old.constraints if one not in gone_constraints),
            *(item.after for item in constraints if item.after),
        ),
    )
