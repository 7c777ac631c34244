"""Code reads a field that is not filled yet, without a fallback.

## What it does

Reports a read of an arriving field whose backfill is not complete and verified in some environment, unless the same
line also reads the field that it replaces.

## Why it is bad

Rows that the backfill has not reached have no value yet: the line gets `None` where it expects one.

## Example

`users.display_name` is not filled yet.

```python
def label(user: User) -> str:
    return user.display_name
```

## Use instead

```python
from app.accessors import users


def label(user: User) -> str:
    return users.display_name(user)
```

## Fix

`instar fix` puts the accessor in place of the read and adds its import.

## When to ignore

Where an absent value is handled anyway: `# noqa: INS205 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar_lint.facts import FieldUse
from instar_lint.findings import at_fact
from instar_lint.rules.wording import listing, safely

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment, FieldInFlight
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Reads of values that may not be there yet."""
    reads = [fact for fact in facts if isinstance(fact, FieldUse) and fact.access == "read"]
    lines = {(fact.place.line, fact.table, fact.field or fact.name) for fact in reads}
    for fact in reads:
        if fact.role not in {"value", "select"} or fact.via in {"implicit", "declaration", "schema"}:
            continue
        for one in deployment.fields_named(fact):
            if one.state != "unfilled":
                continue
            partner = one.successor
            names = {partner.name, partner.code_name} if partner else set()
            if not any((fact.place.line, fact.table, name) in lines for name in names):
                yield _finding(fact, one)


def _finding(use: FieldUse, one: FieldInFlight) -> Finding:
    where = listing(one.environments)
    otherwise = "read it after its backfill is verified, or handle its absence"
    next_step, fix = safely(use, one) or (otherwise, None)
    message = f"{one.title} is not filled yet in {where} ({one.origin.migration}); {next_step}"
    return msgspec.structs.replace(at_fact(use, "INS205", message, field=one.field.name), fix=fix)
