"""A batch of a backfill in a revision is too large for its backend.

## What it does

Reports a literal `LIMIT` of more than 10,000 rows in a data statement of a revision; in Convex, a literal `batchSize`,
`numItems` or `take(…)` of a function that rewrites a table, where so many documents may not fit one transaction.

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

from instar.dialects.convex.document_size import (
    TRANSACTION_BYTES,
    TRANSACTION_WRITES,
    USUAL_BATCH,
    batch_size,
    document_size,
)
from instar_lint.findings import at_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.deployment import Deployment
    from instar_lint.findings import Finding
    from instar_lint.revisions import Revision

LARGEST = 10_000


def check_revision(revision: Revision, deployment: Deployment) -> Iterator[Finding]:
    """Batches that hold too much."""
    convex = deployment.declared.dialect == "convex"
    for statement in revision.statements:
        if statement.limit is None:
            continue
        message = (
            _of_convex(statement.limit, statement.table, deployment) if convex else _of_sql(statement.limit)
        )
        if message:
            yield at_statement(statement.place, "INS407", message, table=statement.table)


def _of_sql(limit: int) -> str:
    if limit <= LARGEST:
        return ""
    return f"a batch of {limit:,} rows holds its locks for long; take {LARGEST:,} at most"


def _of_convex(limit: int, name: str | None, deployment: Deployment) -> str:
    table = deployment.declared.table(name) if name is not None else None
    fits = TRANSACTION_BYTES // document_size(table) if table is not None else TRANSACTION_WRITES
    if limit <= max(USUAL_BATCH, min(TRANSACTION_WRITES, fits)):
        return ""
    return (
        f"a batch of {limit:,} documents of {name or 'a table'} may not fit a transaction of Convex "
        f"({TRANSACTION_WRITES:,} documents written, 16 MiB read); take "
        f"{batch_size(table) if table is not None else USUAL_BATCH}"
    )
