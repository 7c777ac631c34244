"""A field is dropped and a look-alike is added: it may be a rename.

## What it does

Reports a new field that has the type of a dropped one of the same table and a near name, where nobody has said that
it is a rename.

## Why it is bad

A drop and an add lose the stored values; a rename keeps them. Only the author knows which it is.

## Example

`tickets.note` was `String(200)`.

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    notes: Mapped[str | None] = mapped_column(String(200))
```

## Use instead

`instar scaffold rename tickets.note notes`, which maps both until the values are copied, or a plain addition:

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
    notes: Mapped[str | None] = mapped_column(String(200))
```

## Fix

None is automatic: say `--rename tickets.note=notes` to `instar plan` where it is one.

## When to ignore

Where the old values are not wanted: `# noqa: INS305 - reason`.
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
    """Pairs that may be renames."""
    kinds = {change.kind for change in deployment.changes if isinstance(change, FieldChange)}
    if deployment.base is None or not kinds >= {"add_field", "drop_field"}:
        return
    from instar.schema.renames import candidates  # noqa: PLC0415 - costly, and seldom needed in an editor

    pairs = {
        (pair.rename.namespace, pair.rename.table, pair.rename.new): pair.rename
        for pair in candidates(deployment.base, deployment.declared)
    }
    for change in deployment.changes:
        if not isinstance(change, FieldChange) or change.kind != "add_field" or change.after is None:
            continue
        rename = pairs.get((change.namespace, change.table, change.field))
        if rename is None or change.after.place is None:
            continue
        message = (
            f"{change.table}.{rename.old} is dropped and {rename.new} added: drop and add, or a rename? "
            f"For a rename: instar plan --rename {rename}"
        )
        yield at_declaration(change.after.place, "INS305", message, change, field=change.field)
