"""An index changes its definition under its old name.

## What it does

Reports a declared index whose columns, uniqueness, kind or predicate differ from the deployed index of that name, and in
Convex each query that names it: the new one is swapped in with the code, and answers in another order.

## Why it is bad

Two indexes cannot share a name: the old one must be dropped before the new one is built, and in between no query is
served. A new index under a new name is built beside the old one, and the old one goes when no query needs it.

## Example

`ix_tickets_state` was `(state)`.

```python
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state", "owner_id"),)

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
        Index("ix_tickets_state_owner_id", "state", "owner_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
```

## Fix

None is automatic: give the new definition a new name, and drop the old one in a later deploy.

## When to ignore

Where the table is small enough to be without the index for a moment: `# noqa: INS104 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.schema.change import IndexChange
from instar_lint.facts import Query
from instar_lint.findings import at_declaration, at_fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.schema.model import Index
    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Queries that name such an index: it answers otherwise from one deploy to the next."""
    redefined = {
        (change.namespace, change.table, after.name): (before, after)
        for change, before, after in _redefined(deployment)
    }
    for fact in facts if redefined else ():
        found = (
            redefined.get((fact.namespace, fact.table, fact.named_index)) if isinstance(fact, Query) else None
        )
        if found is not None and isinstance(fact, Query):
            before, after = found
            message = (
                f"this query of {fact.table} names index {after.name}, which changes from "
                f"({', '.join(before.fields)}) to ({', '.join(after.fields)}) under its name; "
                "name the new one by a name of its own"
            )
            yield at_fact(fact, "INS104", message, index=after.name)


def check_schema(deployment: Deployment) -> Iterator[Finding]:
    """Indexes that change under their name."""
    for change, before, after in _redefined(deployment):
        if after.place is None:
            continue
        message = (
            f"index {after.name} of {change.table} changes from ({', '.join(before.fields)}) to "
            f"({', '.join(after.fields)}) under its name; "
            "give the new one a new name and drop the old one in a later deploy"
        )
        yield at_declaration(after.place, "INS104", message, change, index=after.name)


def _redefined(deployment: Deployment) -> Iterator[tuple[IndexChange, Index, Index]]:
    for change in deployment.changes:
        if not isinstance(change, IndexChange) or change.kind != "change_index":
            continue
        before, after = change.before, change.after
        if before is None or after is None or before.name != after.name:
            continue
        if msgspec.structs.replace(before, staged=after.staged, place=after.place) == after:
            continue  # staged or enabled as it is: Convex builds nothing anew
        yield change, before, after
