"""A revision rewrites a whole table in one statement, or row by row.

## What it does

Reports an UPDATE or DELETE in `upgrade()` whose condition names no rows, or only tests for emptiness, outside a loop
over batches; and a data statement inside a loop over rows. In Convex: a mutation that collects a whole table and writes
each document in one transaction. Tables that the same revision creates are left alone.

## Why it is bad

One statement over a large table holds its row locks until the end of the transaction, and everybody who writes the
same rows waits. A loop over rows does the same, slower. Neither can be resumed.

## Example

```python
def upgrade() -> None:
    op.execute("UPDATE users SET display_name = user_name")
```

## Use instead

`instar run` fills a field in batches that can be paused and resumed; a revision may do a bounded rest.

```python
def upgrade() -> None:
    op.execute("UPDATE users SET display_name = 'admin' WHERE id = 1")
```

## Fix

None is automatic: `instar plan` writes a tracked backfill.

## When to ignore

Where the table is known to be small: `# noqa: INS401 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.findings import at_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.deployment import Deployment
    from instar_lint.findings import Finding
    from instar_lint.revisions import Revision


def check_revision(revision: Revision, deployment: Deployment) -> Iterator[Finding]:
    """Rewrites without batches."""
    convex = deployment.declared.dialect == "convex"
    for statement in revision.statements:
        if statement.table in revision.created or statement.loop == "batches" or statement.limit is not None:
            continue
        table = statement.table or "a table"
        if convex:
            message = f"this {statement.kind} goes through all of {table} in one transaction, which Convex limits; page through it"
        elif statement.loop == "rows":
            message = (
                f"this loop over rows runs one {statement.kind} of {table} per row; fill it with instar run"
            )
        elif not statement.bounded:
            message = (
                f"this {statement.kind} rewrites all of {table} in one statement; fill it with instar run"
            )
        else:
            continue
        yield at_statement(statement.place, "INS401", message, table=statement.table)
