"""A query filters a large table without any index.

## What it does

Reports a query that could be read whole, filters a table listed in `[tool.instar] large-tables`, and is served by no
index at all, declared or deployed.

## Why it is bad

It reads every row of a table that you called large.

## Example

`posts` is listed as large.

```python
def published_since(session: Session, day: date) -> list[Post]:
    return list(session.scalars(select(Post).where(Post.published_at >= day)))
```

## Use instead

```python
def of_author(session: Session, author: int) -> list[Post]:
    return list(session.scalars(select(Post).where(Post.author_id == author)))
```

## Fix

None is automatic: `instar scaffold add-index`, or another query.

## When to ignore

It speaks only of tables that are listed as large. For a query that runs by hand: `# noqa: INS105 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.coverage import NOTHING, best
from instar_lint.facts import Query
from instar_lint.findings import at_fact
from instar_lint.rules.wording import asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding

OPT_IN = True

_READABLE = frozenset({"eq", "in", "range", "is_null"})


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Unserved filters of large tables."""
    for fact in facts:
        if not isinstance(fact, Query) or fact.table not in deployment.large_tables or not fact.whole:
            continue
        if not fact.filters or any(f.operator not in _READABLE for f in fact.filters):
            continue
        key = (fact.namespace, fact.table)
        table = deployment.table(deployment.declared, key)
        if table is None or table.open or any(index.predicate or not index.fields for index in table.indexes):
            continue
        deployed = (deployment.deployed_paths(environment, key) for environment in deployment.environments)
        paths = (*deployment.declared_paths(key), *(path for paths in deployed for path in paths))
        if best(fact, paths) == NOTHING:
            fields = ", ".join(f.field for f in fact.filters)
            next_step = f"instar scaffold add-index {fact.table} {fields}"
            yield at_fact(
                fact, "INS105", f"{asked(fact)} is served by no index of a large table; {next_step}"
            )
