"""A query names an index that no version of its table has.

## What it does

Reports an index name in a hint that neither the declared schema, nor any environment, nor a pending migration has,
for tables whose indexes are in flight.

## Why it is bad

A hint with a wrong name fails when the query runs, or is silently ignored and the query reads the whole table.

## Example

`posts` has no index `by_nothing`.

```python
def recent(session: Session) -> list[Post]:
    return list(session.scalars(select(Post).with_hint(Post, "USE INDEX (by_nothing)")))
```

## Use instead

```python
def recent(session: Session) -> list[Post]:
    return list(session.scalars(select(Post).with_hint(Post, "USE INDEX (by_author)")))
```

## Fix

None is automatic: correct the name, or declare the index.

## When to ignore

Where the index is kept outside the models, by a database administrator: `# noqa: INS103 - reason`.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from instar_lint.facts import Query
from instar_lint.findings import at_fact
from instar_lint.rules.wording import also_compiler

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Hints with a name that nothing has."""
    for fact in facts:
        if not isinstance(fact, Query) or not fact.named_index:
            continue
        table = deployment.table(deployment.declared, (fact.namespace, fact.table))
        if table is None or table.open or deployment.knows_index(table.key, fact.named_index):
            continue
        unique = [one.name for one in table.constraints if one.kind == "unique"]
        known = sorted(name for name in (*(index.name for index in table.indexes), *unique) if name)
        near = difflib.get_close_matches(fact.named_index, known, n=1)
        hint = (
            f"did you mean {near[0]}?" if near else f"{table.name} has {', '.join(known) or 'no named index'}"
        )
        message = f"no version of {table.name} has an index {fact.named_index}; {hint}{also_compiler(fact)}"
        yield at_fact(fact, "INS103", message, index=fact.named_index)
