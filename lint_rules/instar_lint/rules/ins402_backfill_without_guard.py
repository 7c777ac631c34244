"""A backfill in a revision has no guard: it is not safe to run twice.

## What it does

Reports an UPDATE that computes a column from itself without a condition that leaves out finished rows, and an
UPDATE in a loop over batches without such a condition. In Convex: a `migrateOne`, or a mutation that goes through a
whole table, that looks at no document before it writes.

## Why it is bad

A migration that stops half way is started again. Without a guard the rows that were done are done twice: a counter is
raised again, a prefix is added again, and a value that the application has written since is overwritten.

## Example

```python
def upgrade() -> None:
    op.execute("UPDATE users SET karma = karma * 10 WHERE id < 1000")
```

## Use instead

```python
def upgrade() -> None:
    op.execute("UPDATE users SET karma_v2 = karma * 10 WHERE karma_v2 IS NULL AND id < 1000")
```

## Fix

None is automatic: add a condition that is true only for rows that still need work.

## When to ignore

Where the statement gives the same result however often it runs: `# noqa: INS402 - reason`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar_lint.findings import at_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.deployment import Deployment
    from instar_lint.findings import Finding
    from instar_lint.revision_statements import Statement
    from instar_lint.revisions import Revision


def check_revision(revision: Revision, deployment: Deployment) -> Iterator[Finding]:
    """Updates that repeat what they did."""
    for statement in revision.statements:
        if statement.kind != "update" or statement.guarded or statement.table in revision.created:
            continue
        if statement.loop == "batches" or _feeds_itself(statement):
            table = statement.table or "a table"
            rows = "documents" if deployment.declared.dialect == "convex" else "rows"
            message = f"this update of {table} is not safe to run twice; add a condition that leaves out finished {rows}"
            yield at_statement(statement.place, "INS402", message, table=statement.table)


def _feeds_itself(statement: Statement) -> bool:
    """Whether a column is computed from its own old value."""
    for part in re.split(r",(?![^(]*\))", statement.values):
        column, sign, value = part.partition("=")
        bare = column.strip().strip('"`')
        if sign and re.search(rf"\b{re.escape(bare)}\b", re.sub(r"'[^']*'", "", value)):
            return True
    return False
