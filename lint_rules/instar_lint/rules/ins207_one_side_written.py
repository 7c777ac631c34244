"""Code writes only one side of a pair of fields that nothing else keeps in step.

## What it does

While a rename or a change of type is in flight and no trigger keeps both columns in step, reports a function or
method that writes one of the two and not the other.

## Why it is bad

Whoever reads the other side gets the value from before the write: a stale read at best, and a lost write when the
backfill or the contract takes the other side for the truth.

## Example

`orders.state` is being renamed to `phase`, kept in step by the application.

```python
def close(order: Order) -> None:
    order.phase = "closed"
```

## Use instead

```python
def close(order: Order) -> None:
    order.phase = "closed"
    order.state = "closed"
```

## Fix

`instar fix` writes the other side in the same assignment.

With `--sync app` the generated listeners complete what a session flushes, and `insert` and `update` of the mapped
class, so those are not reported. They cannot see Core statements on the table, raw SQL and the session's `bulk_…`
methods, which have to write both columns.

## When to ignore

In the code that keeps the two in step itself, such as an event listener: `# noqa: INS207 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar_lint.facts import FieldUse
from instar_lint.findings import FixHint, at_fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment, FieldInFlight
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Writes of one side alone."""
    writes = [
        fact
        for fact in facts
        if isinstance(fact, FieldUse)
        and fact.access == "write"
        and fact.via in {"attribute", "keyword", "string", "sql"}
    ]
    written = {(fact.scope, fact.subject, fact.field or fact.name) for fact in writes}
    for fact in writes:
        for one in deployment.fields_named(fact):
            partner = one.successor
            if partner is None or one.synced or one.state == "removed":
                continue
            if one.kept and completed_by_listeners(fact):
                continue
            if not {(fact.scope, fact.subject, name) for name in (partner.name, partner.code_name)} & written:
                yield _finding(fact, one)


def completed_by_listeners(use: FieldUse) -> bool:
    """Whether generated listeners see a write: what a session flushes, and statements of the class."""
    return use.via != "sql" and use.receiver != "table"


def _finding(use: FieldUse, one: FieldInFlight) -> Finding:
    partner = one.successor
    assert partner is not None
    message = (
        f"{one.title} and {partner.name} must both be written while {one.origin.migration} is in flight; "
        f"write {partner.code_name} here too"
    )
    fix = None
    if one.convertible and use.via in {"attribute", "keyword"} and use.place.path.endswith(".py"):
        message += " [instar fix]"
        fix = FixHint(kind="write", name=use.name, partner=partner.code_name)
    return msgspec.structs.replace(at_fact(use, "INS207", message, field=one.field.name), fix=fix)
