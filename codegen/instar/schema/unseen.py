"""What the newer of two versions may have although its reader did not see it: none of that counts as dropped.

What the older version left unclear in the same words is no reason for doubt. Else one base class of an unknown
library would hide every drop there ever is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from instar.schema.model import TABLE_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.schema.model import Opaque, Schema, Table


def newly_opaque(before: Iterable[Opaque], after: Iterable[Opaque]) -> tuple[Opaque, ...]:
    """What the newer version leaves unclear and the older one did not, whatever their places."""
    known = Counter((part.reason, part.field) for part in before)
    found = []
    for part in after:
        known[part.reason, part.field] -= 1
        if known[part.reason, part.field] < 0:
            found.append(part)
    return tuple(found)


def hides_table(before: Schema, after: Schema, table: Table) -> bool:
    """Whether a table that is missing from the newer version may still be there: unread, or under a name not known."""
    known = {unreadable.content for unreadable in before.unreadable} - {None}
    if any(unreadable.content not in known for unreadable in after.unreadable):
        return True
    return any(_may_be(part, table) for part in newly_opaque(before.opaque, after.opaque))


def _may_be(part: Opaque, table: Table) -> bool:
    """Whether something opaque can stand for a table: one whose fields are known has most of that table's."""
    if part.field is not None:
        return False
    if part.columns is None:
        return True
    shared = sum(field.name in part.columns for field in table.fields)
    return shared * 2 > len(table.fields)


def hides_fields(before: Table, after: Table) -> bool:
    """Whether a field that is missing from the newer version of a table may still be there."""
    return any(part.field is None for part in newly_opaque(before.opaque, after.opaque))


def hides_keys(before: Table, after: Table, fields: Iterable[str]) -> bool:
    """Whether an index or a constraint over these fields may still be there.

    The table may have arguments that were not understood, and so may each of the fields (`index=…`, `unique=…`).
    """
    names = {None, TABLE_ARGUMENTS, *fields}
    return any(part.field in names for part in newly_opaque(before.opaque, after.opaque))
