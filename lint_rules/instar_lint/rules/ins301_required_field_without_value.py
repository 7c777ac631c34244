"""A new required field has neither a server default nor a backfill.

## What it does

Reports a field that is declared required and new, where the database has no value to give to existing rows and to
inserts of the code that is still in service.

## Why it is bad

On a table with rows the DDL fails. On an empty one it succeeds, and from then on every insert of the old code fails,
because that code does not know the field.

## Example

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
    urgency: Mapped[int]
```

## Use instead

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
    urgency: Mapped[int] = mapped_column(server_default="0")
```

## Fix

None is automatic: `instar plan` shows the deploys that it needs.

## When to ignore

Where the table is known to be empty and unused: `# noqa: INS301 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.change import FieldChange
from instar_lint.findings import at_declaration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.deployment import Deployment
    from instar_lint.findings import Finding


def check_schema(deployment: Deployment) -> Iterator[Finding]:
    """New required fields that nothing fills."""
    for change in deployment.changes:
        if not isinstance(change, FieldChange) or change.kind != "add_field" or not change.narrows:
            continue
        if change.after is None or change.after.place is None or deployment.is_filled(change):
            continue
        convex = deployment.declared.dialect == "convex"
        existing = "stored documents" if convex else "existing rows"
        default = "" if convex else "give it a server default, or "
        message = (
            f"{change.table}.{change.field} is new and required, and {existing} have none; "
            f"{default}let instar plan add it as optional, fill it and require it"
        )
        yield at_declaration(change.after.place, "INS301", message, change, field=change.field)
