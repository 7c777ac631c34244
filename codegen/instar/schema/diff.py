"""What differs between two schema versions: tables here, their parts in the modules beside.

Nothing is dropped because a reader did not see it: a table that is missing while a file could not be read, or a
part that is missing from a table that may have more than was read, is no change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.errors import InstarError
from instar.schema.change import Change, TableChange
from instar.schema.constraint_changes import constraint_changes
from instar.schema.field_changes import field_changes
from instar.schema.index_changes import index_changes
from instar.schema.narrowing import narrowing
from instar.schema.renaming import Renames, resolve
from instar.schema.unseen import hides_table, newly_opaque
from instar.schema.validators import judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.schema.model import Schema, Table
    from instar.schema.renames import Rename


def diff(before: Schema, after: Schema, renames: Sequence[Rename] = ()) -> tuple[Change, ...]:
    """The changes that lead from one version to the other, in the order of the tables and of their fields.

    Args:
        before: The old version.
        after: The new version.
        renames: What the user said is a rename; nothing else is taken for one.

    Raises:
        InstarError: A told rename does not fit the two versions, or they are of different dialects.
    """
    if before.dialect != after.dialect and before.tables and after.tables:
        raise InstarError(f"cannot compare a {before.dialect} schema with a {after.dialect} schema.")
    names = resolve(renames, before, after)
    old = {names.table(table.key): table for table in before.tables}
    new = {table.key: table for table in after.tables}
    changes: list[Change] = []
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key[0] or "", key[1])):
        changes.extend(_table_changes(old.get(key), new.get(key), names, before, after))
    if after.dialect == "convex" and before.dialect == after.dialect:
        return judge(tuple(changes), before, after)
    return tuple(changes)


def _table_changes(
    old: Table | None, new: Table | None, names: Renames, before: Schema, after: Schema
) -> Iterator[Change]:
    if old is None:
        assert new is not None
        if not _was_unseen(new, before, after):
            yield TableChange(kind="add_table", table=new.name, namespace=new.namespace, after=new)
        return
    if new is None:
        if not hides_table(before, after, old):
            yield TableChange(
                kind="drop_table",
                table=old.name,
                namespace=old.namespace,
                before=old,
                narrows=True,
                reason="its rows are lost",
            )
        return
    if old.name != new.name:
        yield TableChange(kind="rename_table", table=new.name, namespace=new.namespace, before=old, after=new)
    if old.shape != new.shape:
        yield _shape_change(old, new)
    if (old.shape is None) == (new.shape is None):
        yield from field_changes(old, new, names)
    unread = {unreadable.path for unreadable in after.unreadable}
    yield from index_changes(old, new, names, unread)
    yield from constraint_changes(old, new, names, unread)


def _was_unseen(table: Table, before: Schema, after: Schema) -> bool:
    """Whether the file that declares it was not understood in the old version, which may have had it."""
    cleared = newly_opaque(after.opaque, before.opaque)
    paths = {part.place.path for part in cleared if part.place is not None and part.field is None}
    paths |= {unreadable.path for unreadable in before.unreadable}
    return table.place is not None and table.place.path in paths


def _shape_change(old: Table, new: Table) -> TableChange:
    """Documents that are a union or anything, before or after."""
    if old.shape is not None and new.shape is not None:
        reason = narrowing(old.shape, new.shape)
    else:
        reason = "documents of another shape may be stored" if old.shape is not None else None
    return TableChange(
        kind="change_table",
        table=new.name,
        namespace=new.namespace,
        before=old,
        after=new,
        narrows=reason is not None,
        reason=reason,
    )
