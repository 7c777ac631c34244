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


def hides_tables(before: Schema, after: Schema) -> bool:
    """Whether a table that is missing from the newer version may still be there."""
    unclear = newly_opaque(before.opaque, after.opaque)
    return bool(after.unreadable) or any(part.field is None for part in unclear)


def hides_fields(before: Table, after: Table) -> bool:
    """Whether a field that is missing from the newer version of a table may still be there."""
    return any(part.field is None for part in newly_opaque(before.opaque, after.opaque))


def hides_keys(before: Table, after: Table, fields: Iterable[str]) -> bool:
    """Whether an index or a constraint over these fields may still be there.

    The table may have arguments that were not understood, and so may each of the fields (`index=…`, `unique=…`).
    """
    names = {None, TABLE_ARGUMENTS, *fields}
    return any(part.field in names for part in newly_opaque(before.opaque, after.opaque))
