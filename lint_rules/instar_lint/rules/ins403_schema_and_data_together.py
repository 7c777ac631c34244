"""A revision changes the schema and rewrites data.

## What it does

Reports the first data statement of a revision whose `upgrade()` also changes an existing table.

## Why it is bad

The schema change takes a lock that keeps everybody out, and the rewrite keeps the transaction, and with it the lock,
open until the last row is done. On MariaDB there is no transaction around both: what fails half way stays half way.

## Example

```python
def upgrade() -> None:
    op.add_column("users", sa.Column("display_name", sa.String(50)))
    op.execute("UPDATE users SET display_name = user_name WHERE id = 1")
```

## Use instead

Two revisions, or the schema change alone and `instar run` for the data.

```python
def upgrade() -> None:
    op.add_column("users", sa.Column("display_name", sa.String(50)))
```

## Fix

None is automatic.

## When to ignore

Where the table is known to be small: `# noqa: INS403 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.findings import at_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.deployment import Deployment
    from instar_lint.findings import Finding
    from instar_lint.revisions import OperationCall, Revision

_LOCKING = frozenset(
    {
        "add_column", "alter_column", "drop_column", "drop_table", "rename_table", "create_index", "drop_index",
        "create_unique_constraint", "create_foreign_key", "create_check_constraint", "create_primary_key",
        "drop_constraint", "alter_table",
    }
)  # fmt: skip


def check_revision(revision: Revision, deployment: Deployment) -> Iterator[Finding]:
    """DDL and data in one transaction."""
    del deployment
    created = revision.created
    changes = [call for call in revision.upgrade if _locks(call) and call.table not in created]
    data = [
        s for s in revision.statements if not s.autocommit and (s.table is None or s.table not in created)
    ]
    if changes and data:
        first = changes[0]
        message = (
            f"this revision also runs {first.name} (line {first.place.line}), whose lock is held until the data is "
            "rewritten; make it two revisions"
        )
        yield at_statement(data[0].place, "INS403", message, table=data[0].table)


def _locks(call: OperationCall) -> bool:
    """Whether it keeps a lock until the revision's transaction ends."""
    return call.name in _LOCKING and not call.autocommit
