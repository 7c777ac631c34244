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
from instar_lint.findings import FixHint, at_fact
from instar_lint.rules.wording import instead, through_accessor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment, FieldInFlight
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Reads of fields on their way out."""
    for fact in facts:
        if not isinstance(fact, FieldUse) or fact.access != "read" or fact.via in {"implicit", "declaration"}:
            continue
        for one in deployment.fields_named(fact):
            if one.state == "leaving":
                yield _finding(fact, one)


def _finding(use: FieldUse, one: FieldInFlight) -> Finding:
    next_step = instead(one, "read")
    fix = None
    if use.via == "attribute" and use.role == "value" and one.accessor:
        next_step, fix = through_accessor(use, one.accessor)
    elif use.via == "attribute" and use.role in {"filter", "order", "group", "join"} and one.expression:
        next_step = f"use {one.expression}() [instar fix]"
        fix = FixHint(kind="filter", name=use.name, accessor=one.expression)
    message = f"{one.title} leaves {one.origin.since}; {next_step}"
    return msgspec.structs.replace(at_fact(use, "INS203", message, field=one.field.name), fix=fix)
