"""Code reads a field that a pending migration takes away.

## What it does

Reports a read of a field that is still mapped and that a migration in flight removes, renames or converts.

## Why it is bad

The line works today and fails with the contract: the migration cannot go on while it stands. Reading through the
generated accessor works before, during and after.

## Example

`users.user_name` leaves for `display_name`.

```python
def greeting(user: User) -> str:
    return "Hello " + user.user_name
```

## Use instead

```python
from app.accessors import users


def greeting(user: User) -> str:
    return "Hello " + users.display_name(user)
```

## Fix

`instar fix` puts the accessor in place of the read and adds its import.

## When to ignore

In code that goes together with the field, such as the export that saves it: `# noqa: INS203 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar_lint.facts import FieldUse
from instar_lint.findings import at_fact
from instar_lint.rules.wording import instead, safely

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment, FieldInFlight
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Reads of fields on their way out; one that a line also writes is said as the write that it is."""
    uses = [fact for fact in facts if isinstance(fact, FieldUse)]
    written = {(use.place, use.name) for use in uses if use.access == "write"}
    for use in uses:
        if use.access != "read" or use.via in {"implicit", "declaration"} or (use.place, use.name) in written:
            continue
        for one in deployment.fields_named(use):
            if one.state == "leaving":
                yield _finding(use, one, deployment)


def _finding(use: FieldUse, one: FieldInFlight, deployment: Deployment) -> Finding:
    next_step, fix = safely(use, one) or (_by_hand(one, deployment), None)
    message = f"{one.title} leaves {one.origin.since}; {next_step}"
    return msgspec.structs.replace(at_fact(use, "INS203", message, field=one.field.name), fix=fix)


def _by_hand(one: FieldInFlight, deployment: Deployment) -> str:
    if one.successor and deployment.is_unfilled(one, one.successor):
        return f"read {one.successor.code_name} too, and it alone after its backfill is verified"
    return instead(one, "read")
