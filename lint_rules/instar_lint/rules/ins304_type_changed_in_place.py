"""The type of a field changes in place, and stored values do not survive it as they are.

## What it does

Reports a field whose declared type differs from the deployed one in a way that can fail on, or lose, stored values,
where no migration carries the change. A widening that every value survives is no finding.

## Why it is bad

Code in service reads and writes the old type while the new one is deployed: one of the two meets values that it does
not understand. The conversion rewrites the table under a lock on most databases.

## Example

`tickets.state` was a string.

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[int] = mapped_column(Integer)
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
```

## Use instead

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
```

## Fix

None is automatic: `instar plan` converts through a new column.

## When to ignore

Where stored values are known to fit: `# noqa: INS304 - reason`.
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
    """Narrowing changes of type that no migration carries."""
    for change in deployment.changes:
        if not isinstance(change, FieldChange) or change.kind != "change_type" or not change.narrows:
            continue
        if change.after is None or change.after.place is None:
            continue
        reason = f": {change.reason}" if change.reason else ""
        nested = f" (at {change.path})" if change.path and change.path != change.field else ""
        message = (
            f"the type of {change.table}.{change.field} changes in place{nested}{reason}; "
            "let instar plan convert it through a new field"
        )
        yield at_declaration(change.after.place, "INS304", message, change, field=change.field)
