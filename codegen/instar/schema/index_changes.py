"""What differs between the indexes of one table in two versions.

An index is known by its name, and by what it covers: one of another name that covers the same is the same index
under a new name (`change_index`), unless a told rename of one of its fields explains the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from instar.schema.change import IndexChange, IndexChangeKind
from instar.schema.sql_text import canonical
from instar.schema.unseen import hides_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from instar.schema.model import Index, Table
    from instar.schema.renaming import Renames

Coverage: TypeAlias = tuple[object, ...]


def index_changes(
    old: Table, new: Table, names: Renames, unread: AbstractSet[str] = frozenset()
) -> Iterator[IndexChange]:
    """Added and changed indexes in their new order, then the dropped ones.

    Args:
        old: The table in the old version.
        new: The table in the new version.
        names: The told renames.
        unread: Files of the new version that could not be read; what they declared is not dropped.
    """
    pairs, gone = _paired([(index, names.index(old.key, index)) for index in old.indexes], new.indexes)
    for index, pair in pairs:
        if pair is None:
            yield _added(old, new, index, names)
            continue
        was, seen = pair
        told = any(names.field(old.key, key) != key for key in was.fields)
        moved = was.name != index.name and was.name is not None and index.name is not None and not told
        if moved or coverage(seen) != coverage(index):
            yield _changed(new, was, seen, index)
    for was in gone:
        if (was.place is None or was.place.path not in unread) and not hides_keys(old, new, was.fields):
            yield _change("drop_index", new, was, None)


def coverage(index: Index) -> Coverage:
    """What an index serves, without its name and its place."""
    return (
        tuple((canonical(key.text) if key.expression else key.text, key.order) for key in index.keys),
        index.unique,
        index.kind,
        canonical(index.predicate),
        index.include,
        index.staged,
        index.valid,
        index.dimensions,
    )


def _paired(
    old: Sequence[tuple[Index, Index]], new: Sequence[Index]
) -> tuple[list[tuple[Index, tuple[Index, Index] | None]], list[Index]]:
    """Each new index with the old one that it is (as it was, and under the told renames); and what is left over.

    By name and coverage, then by name, then by coverage.
    """
    left = list(old)
    found: dict[int, tuple[Index, Index]] = {}
    for by_name, by_coverage in ((True, True), (True, False), (False, True)):
        for position, index in enumerate(new):
            if position in found:
                continue
            for pair in left:
                named = index.name is not None and pair[0].name == index.name
                if (named or not by_name) and (not by_coverage or coverage(pair[1]) == coverage(index)):
                    found[position] = pair
                    left.remove(pair)
                    break
    return [(index, found.get(position)) for position, index in enumerate(new)], [was for was, _ in left]


def _added(old: Table, new: Table, index: Index, names: Renames) -> IndexChange:
    """A unique index can meet duplicates, unless one of its columns is new and empty, or they were unique before."""
    harmless = empty_field(old, new, index.fields, names) or unique_before(old, index.fields, names)
    duplicates = index.unique and not harmless
    return _change("add_index", new, None, index, "existing rows may hold duplicates" if duplicates else None)


def empty_field(old: Table, new: Table, fields: Sequence[str], names: Renames) -> bool:
    """Whether one of the fields is added as optional, without a value for existing rows."""
    known = {names.field(old.key, field.name) for field in old.fields}
    added = [field for field in new.fields if field.name in fields and field.name not in known]
    return not old.open and any(
        field.optional and field.server_default is None and field.generated is None for field in added
    )


def unique_before(old: Table, fields: Sequence[str], names: Renames) -> bool:
    """Whether the old version lets no two rows share the values of these fields, or of some of them."""
    held = [one.fields for one in old.constraints if one.kind in {"unique", "primary_key"}]
    held += [one.fields for one in old.indexes if one.unique and one.predicate is None and one.valid]
    return any(each and {names.field(old.key, name) for name in each} <= set(fields) for each in held)


def _changed(table: Table, was: Index, seen: Index, index: Index) -> IndexChange:
    """Uniqueness over the same or more columns, for the same or fewer rows, allows all that it did before."""
    looser = (
        seen.unique
        and set(seen.fields) <= set(index.fields)
        and (seen.predicate is None or canonical(seen.predicate) == canonical(index.predicate))
    )
    narrows = index.unique and not looser
    return _change(
        "change_index", table, was, index, "existing rows may hold duplicates" if narrows else None
    )


def _change(
    kind: IndexChangeKind, table: Table, before: Index | None, after: Index | None, reason: str | None = None
) -> IndexChange:
    return IndexChange(
        kind=kind,
        table=table.name,
        namespace=table.namespace,
        before=before,
        after=after,
        narrows=reason is not None,
        reason=reason,
    )
