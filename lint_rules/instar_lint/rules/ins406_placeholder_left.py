"""A revision or a compute function still holds a placeholder that somebody must fill in.

## What it does

Reports `raise NotImplementedError` in `upgrade()`, in the functions that it calls, and in the functions that the
backfills of an unfinished migration compute values with.

## Why it is bad

The revision or the backfill fails when it runs, in the middle of a deploy.

## Example

```python
def upgrade() -> None:
    raise NotImplementedError("say what the avatar of an existing user is")
```

## Use instead

```python
def upgrade() -> None:
    op.add_column("users", sa.Column("avatar_url", sa.String(200)))
```

## Fix

None is automatic: only you know the value.

## When to ignore

Never on a branch that ships.
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
    """Placeholders in what runs on upgrade."""
    del deployment
    for place in revision.placeholders:
        what = (
            "the revision fails when it is applied"
            if revision.identifier
            else "the backfill fails when it runs"
        )
        message = f"this placeholder is still to be filled in; {what}"
        yield at_statement(place, "INS406", message)
