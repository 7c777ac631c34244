"""A batch of a backfill in a revision is too large for its backend.

## What it does

Reports a literal `LIMIT` of more than 10,000 rows in a data statement of a revision.

## Why it is bad

A batch holds the locks of all its rows until it commits, and replicas and followers fall behind by as long. SQLite
and MariaDB keep every writer of these rows waiting meanwhile; Convex refuses a transaction that writes more than 16,000
documents.

## Example

```python
def upgrade() -> None:
    op.execute("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions LIMIT 500000)")
```

## Use instead

```python
def upgrade() -> None:
    op.execute("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions LIMIT 1000)")
```

## Fix

None is automatic: `instar run` finds a batch size by itself.

## When to ignore

Where nobody else uses the table: `# noqa: INS407 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.findings import at_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.deployment import Deployment
    from instar_lint.findings import Finding
    from instar_lint.revisions import Revision

LARGEST = 10_000


def check_revision(revision: Revision, deployment: Deployment) -> Iterator[Finding]:
    """Batches that hold too much."""
    del deployment
    for statement in revision.statements:
        if statement.limit is not None and statement.limit > LARGEST:
            message = (
                f"a batch of {statement.limit:,} rows holds its locks for long; take {LARGEST:,} at most"
            )
            yield at_statement(statement.place, "INS407", message, table=statement.table)
