"""A revision builds an index, or a unique constraint, in a way that blocks writes.

## What it does

Reports `create_index` without `postgresql_concurrently=True` and `create_unique_constraint` on a table that exists
already, and a concurrent build outside `autocommit_block()`. It speaks of PostgreSQL; where the backend is not
configured the finding is only likely.

## Why it is bad

PostgreSQL lets nobody write to the table until the index is built. A concurrent build inside a transaction is an
error.

## Example

```python
def upgrade() -> None:
    op.create_index("ix_posts_status", "posts", ["status"])
```

## Use instead

```python
def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_posts_status", "posts", ["status"], postgresql_concurrently=True)
```

## Fix

None is automatic: `instar scaffold add-index` writes such a revision, and one that recovers an invalid leftover.

## When to ignore

Where the table is known to be small: `# noqa: INS404 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.findings import at_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.deployment import Deployment
    from instar_lint.findings import Finding
    from instar_lint.revisions import OperationCall, Revision


def check_revision(revision: Revision, deployment: Deployment) -> Iterator[Finding]:
    """Builds under a lock."""
    if deployment.backend not in {"postgresql", None}:
        return
    for call in revision.upgrade:
        if call.name in {"create_index", "create_unique_constraint"} and call.table not in revision.created:
            message = _reason(call)
            if message:
                sure = deployment.backend is not None or "postgresql_concurrently" in call.keywords
                yield at_statement(
                    call.place,
                    "INS404",
                    message,
                    table=call.table,
                    confidence="proven" if sure else "likely",
                )


def _reason(call: OperationCall) -> str | None:
    table = call.table or "the table"
    if call.name == "create_unique_constraint":
        return (
            f"nobody writes to {table} while this constraint builds its index; build a unique index "
            "concurrently, then ADD CONSTRAINT … USING INDEX"
        )
    if "postgresql_concurrently" not in call.keywords:
        return (
            f"nobody writes to {table} while this index is built; "
            "use postgresql_concurrently=True (CONCURRENTLY in SQL) inside autocommit_block()"
        )
    if not call.autocommit:
        return "a concurrent build cannot run inside a transaction; put it inside op.get_context().autocommit_block()"
    return None
