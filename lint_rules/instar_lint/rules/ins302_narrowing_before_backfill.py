"""A field is made required while rows without a value may still be there.

## What it does

Reports a field that the deployed version allows to be absent and the code declares required, where no backfill of it
is complete and verified in every environment.

## Why it is bad

The DDL fails on the first row without a value, or, where it does not, code meets `None` in a field that its types
call required.

## Example

`tickets.note` is optional and not filled.

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    note: Mapped[str] = mapped_column(String(200))
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
```

## Fix

None is automatic: `instar plan` writes the backfill that comes first.

## When to ignore

Where every row is known to have a value: `# noqa: INS302 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.change import FieldChange
from instar.schema.model import Place
from instar.schema.validators import is_subset
from instar_lint.findings import Finding, at_declaration
from instar_lint.rules.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.schema.model import Field
    from instar_lint.deployment import Deployment, FieldInFlight


def check_schema(deployment: Deployment) -> Iterator[Finding]:
    """Fields that are required too early."""
    for change in deployment.changes:
        if not isinstance(change, FieldChange) or change.kind != "require_field" or change.after is None:
            continue
        if change.after.place is not None and not deployment.is_filled(change):
            message = (
                f"{change.table}.{change.field} becomes required {deployment.origin.since}, and existing rows may "
                "have none; let instar plan fill it first"
            )
            yield at_declaration(change.after.place, "INS302", message, change, field=change.field)
    if deployment.declared.dialect == "convex":
        yield from _narrowed_documents(deployment)
    for one in deployment.fields:
        if one.state != "unfilled":
            continue
        table = deployment.table(deployment.declared, one.key)
        field = table.field(one.field.name) if table else None
        if field is not None and _takes_both_forms(one, field):
            continue
        if field is not None and not field.optional and isinstance(field.place, Place):
            message = (
                f"{one.title} is declared required, and its backfill is not complete in "
                f"{listing(one.environments)} ({one.origin.migration}); keep it optional until it is verified"
            )
            yield Finding(
                code="INS302",
                place=field.place,
                message=message,
                table=one.table,
                namespace=one.namespace,
                field=field.name,
            )


def _takes_both_forms(one: FieldInFlight, field: Field) -> bool:
    """Whether a field that is converted in place still accepts its old values."""
    old = one.successor
    return old is not None and old.name == field.name and is_subset(old.type, field.type)


def _narrowed_documents(deployment: Deployment) -> Iterator[Finding]:
    """Convex refuses a whole push when one stored document does not fit the new validator."""
    for change in deployment.changes:
        if not change.narrows or change.kind not in {"drop_field", "change_type", "change_table"}:
            continue
        table = deployment.declared.table(change.table)
        place = change.after.place if change.after is not None else None
        place = place or (table.place if table is not None else None)
        if isinstance(place, Place):
            field = change.field if isinstance(change, FieldChange) else None
            title = f"{change.table}.{field}" if field else change.table
            message = (
                f"{title} narrows {deployment.origin.since}: {change.reason}; "
                "let instar plan migrate the documents in a deploy before"
            )
            yield at_declaration(place, "INS302", message, change, field=field)
