"""A new name or count is beyond what the database takes.

## What it does

Reports new tables, fields, indexes and constraints whose names are too long for the backend, indexes with too many
columns, and what Convex refuses: reserved names, names that do not start with a letter, indexes without a field, with
`_creationTime`, with a field twice, defined like another one of the table, with more than 15 fields, with more than 16
filter fields or with dimensions outside 2 to 4096, and more than 64 indexes of a table (from 33 on a likely finding).

## Why it is bad

PostgreSQL cuts a name after 63 bytes without an error: the next migration looks for a name that is not there.
MariaDB refuses names over 64 characters, and Convex the whole push; `tsc` sees none of what it refuses.

## Example

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_state", "state"),
        Index("ix_tickets_by_owner_and_state_and_note_for_the_report_of_open_tickets", "owner_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
```

## Use instead

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_state", "state"),
        Index("ix_tickets_owner_state", "owner_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
```

## Fix

None is automatic: choose a shorter name.

## When to ignore

Where the backend takes longer names than stock ones do: `# noqa: INS306 - reason`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from instar.schema.change import ConstraintChange, FieldChange, IndexChange, TableChange
from instar.schema.model import Constraint, Field, Index, Table
from instar_lint.convex_limits import MOST_FIELDS, count_reason, index_reason
from instar_lint.findings import at_declaration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.schema.change import Change
    from instar.schema.model import Place
    from instar_lint.deployment import Deployment
    from instar_lint.findings import Finding

LIMITS = {
    "postgresql": (63, 32),
    "mariadb": (64, 16),
    "sqlite": (1_000_000, 2000),
    "convex": (64, MOST_FIELDS),
}
RESERVED = frozenset({"by_id", "by_creation_time"})

_CONVEX_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def check_schema(deployment: Deployment) -> Iterator[Finding]:
    """Names and counts that do not fit."""
    convex = deployment.declared.dialect == "convex"
    backend = "convex" if convex else deployment.backend or "postgresql"
    for change in deployment.changes:
        for what, name, place, index in _named(change):
            reason = _reason(what, name, backend, index)
            if reason and place:
                field = change.field if isinstance(change, FieldChange) else None
                named = index.name if index else None
                message = f"{what} {name} {reason}"
                yield at_declaration(place, "INS306", message, change, field=field, index=named)
    if convex:
        yield from _convex_tables(deployment)


def _convex_tables(deployment: Deployment) -> Iterator[Finding]:
    """Tables with new indexes, each judged once."""
    for table in deployment.declared.tables:
        changes = [
            change for change in deployment.changes if change.table == table.name and _adds_index(change)
        ]
        if not changes:
            continue
        counted = count_reason(table)
        if counted is not None and table.place is not None:
            found = at_declaration(table.place, "INS306", f"table {table.name} {counted[0]}", changes[0])
            yield found if counted[1] else msgspec.structs.replace(found, confidence="likely")
        for change in changes:
            for _, name, place, index in _named(change):
                reason = index_reason(table, index) if index is not None else None
                if reason and place is not None:
                    yield at_declaration(place, "INS306", f"index {name} {reason}", change, index=name)


def _adds_index(change: Change) -> bool:
    return change.kind == "add_index" or (
        isinstance(change, TableChange)
        and change.kind == "add_table"
        and bool(change.after and change.after.indexes)
    )


def _named(change: Change) -> Iterator[tuple[str, str, Place | None, Index | None]]:
    match change:
        case TableChange(kind="add_table", after=Table() as table):
            yield "table", table.name, table.place, None
            for field in table.fields:
                yield "field", field.name, field.place, None
            for index in table.indexes:
                yield "index", index.name or "", index.place or table.place, index
        case FieldChange(kind="add_field" | "rename_field", after=Field() as field):
            yield "field", field.name, field.place, None
        case IndexChange(kind="add_index", after=Index() as index):
            yield "index", index.name or "", index.place, index
        case ConstraintChange(kind="add_constraint", after=Constraint() as constraint):
            yield "constraint", constraint.name or "", constraint.place, None
        case _:
            pass


def _reason(what: str, name: str, backend: str, index: Index | None) -> str | None:
    longest, columns = LIMITS[backend]
    length = len(name.encode()) if backend == "postgresql" else len(name)
    if length > longest:
        return f"has {length} characters, and {backend} takes {longest}; choose a shorter name"
    if index and backend != "convex" and len(index.keys) > columns:
        return f"has {len(index.keys)} columns, and {backend} takes {columns}; leave some out"
    if backend == "convex" and index and name in RESERVED:
        return "is a name that Convex keeps for itself; choose another one"
    if backend == "convex" and what in {"table", "index"} and name and not _CONVEX_NAME.fullmatch(name):
        return "must start with a letter and hold only letters, digits and underscores"
    return None
