"""A query relies on, or names, an index that a pending change drops.

## What it does

Reports a query that a deployed index serves better than any index that remains once the pending change is through,
a query that names such an index in a hint, and an `ON CONFLICT` that relies on a unique index that goes. On Convex it is
the index that `withIndex`, `withSearchIndex` or `vectorSearch` names: one that goes, gets another name or becomes staged.

## Why it is bad

The contract drops the index while this query still runs: it then reads the whole table. A hint that names an index
which is gone is an error on some databases and silently ignored on others. An `ON CONFLICT` without its unique index is an
error at once.

## Example

`by_title (title)` is dropped.

```python
def titled(session: Session, title: str) -> list[Post]:
    return list(session.scalars(select(Post).where(Post.title == title)))
```

## Use instead

Ask for what a remaining index serves, or keep the index until nothing needs it.

```python
def of_author(session: Session, author: int) -> list[Post]:
    return list(session.scalars(select(Post).where(Post.author_id == author)))
```

## Fix

None is automatic.

## When to ignore

Where the query goes with the index in the same contract: `# noqa: INS102 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.coverage import better_by, missing_unique
from instar_lint.facts import Query
from instar_lint.findings import at_fact
from instar_lint.rules.wording import also_compiler, asked, conflict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment, Environment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Queries that need what a pending change takes away."""
    for fact in facts:
        if not isinstance(fact, Query):
            continue
        needs = (need for e in deployment.environments if (need := _need(fact, e, deployment)))
        if need := next(needs, None):
            said, name = need
            declared = deployment.table(deployment.declared, (fact.namespace, fact.table))
            found = [i for i in declared.indexes if i.name == name] if declared is not None else []
            staged = any(index.staged for index in found)
            gone = declared is not None and not found
            also = also_compiler(fact) if (gone or staged) and fact.named_index == name else ""
            since = deployment.origin.since
            what = (
                f"is staged {since} and so serves none; keep it enabled"
                if staged
                else f"goes {since}; keep it"
            )
            message = f"{said} index {name}, which {what} until no query needs it{also}"
            yield at_fact(fact, "INS102", message, index=name)


def _need(query: Query, environment: Environment, deployment: Deployment) -> tuple[str, str] | None:
    """What the query needs and will lose: the start of the sentence, and the index."""
    key = (query.namespace, query.table)
    name = query.named_index
    if name and deployment.loses_index(environment, key, name):
        return f"this query of {query.table} names", name
    leaving = deployment.leaving_paths(environment, key)
    if not leaving or name in {path.name for path in leaving}:
        return None  # redefined under its name, which INS104 speaks of
    remaining = deployment.target_paths(key)
    if unique := missing_unique(query, leaving, remaining):
        return f"{conflict(query)} relies for correctness on unique", unique.title
    path = better_by(query, leaving, remaining)
    return (f"{asked(query)} relies on", path.title) if path else None
