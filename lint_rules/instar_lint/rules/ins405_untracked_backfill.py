"""A revision backfills in batches by hand, outside the tracked runner.

## What it does

In a project that is set up for instar, reports an UPDATE in a loop over batches in a revision that somebody wrote; in
Convex, a mutation that goes through a whole table page by page without a record of it, outside `@convex-dev/migrations`.

## Why it is bad

Nobody sees how far it is, it cannot be paused or resumed, a second start does not know of the first, and the gates
of `instar advance` cannot tell whether it is done.

## Example

```python
def upgrade() -> None:
    while True:
        done = op.get_bind().execute(
            sa.text(
                "UPDATE users SET display_name = user_name WHERE id IN "
                "(SELECT id FROM users WHERE display_name IS NULL LIMIT 1000)"
            )
        )
        if done.rowcount == 0:
            break
```

## Use instead

The revision changes the schema; `instar run` fills it.

```python
def upgrade() -> None:
    op.add_column("users", sa.Column("display_name", sa.String(50)))
```

## Fix

None is automatic: `instar plan` writes a tracked backfill.

## When to ignore

For a handful of rows left over: `# noqa: INS405 - reason`.
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
    """Batch loops; those in what instar itself writes are no statement of a revision but a guarded last sweep."""
    if not deployment.configured:
        return
    for statement in revision.statements:
        if statement.loop == "batches" and not statement.tracked and statement.table not in revision.created:
            table = statement.table or "a table"
            message = f"this loop rewrites {table} outside the tracked runner; let instar run do it"
            yield at_statement(statement.place, "INS405", message, table=statement.table)
