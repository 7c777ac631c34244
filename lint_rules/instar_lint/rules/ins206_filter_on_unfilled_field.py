"""A query filters or orders by a field that is not filled yet: it loses rows without a word.

## What it does

Reports an equality or range filter, a join or an order on an arriving field whose backfill is not complete and
verified in some environment.

## Why it is bad

`NULL` equals nothing: rows that the backfill has not reached are missing from the result, and sort to one end of it.
Nothing fails, so nobody notices.

## Example

`users.display_name` is not filled yet.

```python
def named(session: Session, name: str) -> list[User]:
    return list(session.scalars(select(User).where(User.display_name == name)))
```

## Use instead

```python
from app.accessors import users


def named(session: Session, name: str) -> list[User]:
    return list(session.scalars(select(User).where(users.display_name_expression() == name)))
```

## Fix

`instar fix` puts the accessor's SQL expression in place of the column where there is one.

## When to ignore

Where rows without a value are not wanted: `# noqa: INS206 - reason`. A test for NULL is no finding.
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
    """Filters, joins and orders that empty values fall out of."""
    reads = [fact for fact in facts if isinstance(fact, FieldUse) and fact.access == "read"]
    lines = {(fact.place.line, fact.table, fact.field or fact.name) for fact in reads}
    for fact in reads:
        if (
            fact.role not in {"filter", "order", "join", "group"}
            or fact.operator == "is_null"
            or not fact.constant
        ):
            continue
        for one in deployment.fields_named(fact):
            if one.state != "unfilled":
                continue
            partner = one.successor
            if partner is None or (fact.place.line, fact.table, partner.name) not in lines:
                yield _finding(fact, one)


def _finding(use: FieldUse, one: FieldInFlight) -> Finding:
    verb = {"filter": "filtering", "order": "ordering", "join": "joining", "group": "grouping"}[use.role]
    where = listing(one.environments)
    next_step, fix = safely(use, one) or ("ship this query after its backfill is verified", None)
    message = f"{one.title} is not filled yet in {where} ({one.origin.migration}): {verb} by it loses rows; {next_step}"
    return msgspec.structs.replace(at_fact(use, "INS206", message, field=one.field.name), fix=fix)
