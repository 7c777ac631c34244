"""What differs between the constraints of one table in two versions.

A constraint is known by what it demands. Its name alone is no difference: nothing in an application's code and
no row depends on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from instar.schema.change import ConstraintChange, ConstraintChangeKind
from instar.schema.index_changes import empty_field, unique_before
from instar.schema.sql_text import canonical
from instar.schema.unseen import hides_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from instar.schema.model import Constraint, Table
    from instar.schema.renaming import Renames

Demand: TypeAlias = tuple[object, ...]

REASONS = {
    "primary_key": "existing rows may hold duplicates or no value",
    "unique": "existing rows may hold duplicates",
    "foreign_key": "existing rows may point at nothing",
    "check": "existing rows may not satisfy it",
}


def constraint_changes(
    old: Table, new: Table, names: Renames, unread: AbstractSet[str] = frozenset()
) -> Iterator[ConstraintChange]:
    """Added constraints in their new order, then the dropped ones.

    Args:
        old: The table in the old version.
        new: The table in the new version.
        names: The told renames.
        unread: Files of the new version that could not be read; what they declared is not dropped.
    """
    left = [(one, demand(names.constraint(old.key, one))) for one in old.constraints]
    for constraint in new.constraints:
        wanted = demand(constraint)
        match = next((pair for pair in left if pair[1] == wanted), None)
        if match is not None:
            left.remove(match)
            continue
        harmless = constraint.kind in {"unique", "foreign_key"} and empty_field(
            old, new, constraint.fields, names
        )
        harmless = harmless or (constraint.kind == "unique" and unique_before(old, constraint.fields, names))
        reason = None if harmless else REASONS[constraint.kind]
        yield _change("add_constraint", new, None, constraint, reason)
    for gone, _ in left:
        if (gone.place is None or gone.place.path not in unread) and not hides_keys(old, new, gone.fields):
            yield _change("drop_constraint", new, gone, None)


def demand(constraint: Constraint) -> Demand:
    """What a constraint demands, without its name and its place. The order of a unique's fields says nothing."""
    to = constraint.references
    target = (
        None
        if to is None
        else (to.namespace, to.table, to.fields, _action(to.on_delete), _action(to.on_update))
    )
    fields = tuple(sorted(constraint.fields)) if constraint.kind == "unique" else constraint.fields
    return (constraint.kind, fields, canonical(constraint.expression), target)


def _action(text: str | None) -> str | None:
    """`NO ACTION` is what no action means."""
    return None if text is None or text.upper() == "NO ACTION" else text.upper()


def _change(
    kind: ConstraintChangeKind,
    table: Table,
    before: Constraint | None,
    after: Constraint | None,
    reason: str | None = None,
) -> ConstraintChange:
    return ConstraintChange(
        kind=kind,
        table=table.name,
        namespace=table.namespace,
        before=before,
        after=after,
        narrows=reason is not None,
        reason=reason,
    )
