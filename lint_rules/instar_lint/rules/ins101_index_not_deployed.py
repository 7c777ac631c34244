"""A query relies on, or names, an index that is not deployed in an environment.

## What it does

Compares every query with the indexes of its table: those that the code declares, and those that each environment
really has. It reports a query that a declared index serves better (equality on its leading columns, then one range,
then the order) than any index that is deployed there, primary keys and unique constraints included. It also reports
a query that names such an index in a hint, and an `ON CONFLICT` that relies on a unique index that is not there.

## Why it is bad

Until the index exists, the query reads the whole table, in production and under load. An `ON CONFLICT` without
its unique index is an error at once. An index and the query that needs it must not ship in one deploy: the index is
built while the code is already running.

## Example

`by_status_and_published (status, published_at)` is declared and not deployed.

```python
def recent(session: Session) -> list[Post]:
    query = select(Post).where(Post.status == "published").order_by(Post.published_at)
    return list(session.scalars(query))
```

## Use instead

A query that a deployed index serves, until the deploy that builds the new one has run everywhere.

```python
def recent(session: Session, author: int) -> list[Post]:
    query = select(Post).where(Post.author_id == author).order_by(Post.id)
    return list(session.scalars(query))
```

## Fix

None is automatic: ship the index first (`instar generate`, then `instar advance` once it is valid everywhere).

## When to ignore

Where the table is known to be small, or where the query runs by hand: `# noqa: INS101 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.coverage import better_by, missing_unique
from instar_lint.facts import Query
from instar_lint.findings import at_fact
from instar_lint.rules.wording import also_compiler, asked, conflict, listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment, Environment, TableKey
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding

CODE = "INS101"


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Queries that need what some environment does not have."""
    for fact in facts:
        if isinstance(fact, Query):
            yield from _check_query(fact, deployment)


def _check_query(query: Query, deployment: Deployment) -> Iterator[Finding]:
    lacking: dict[tuple[str, str], list[Environment]] = {}
    for environment in deployment.environments:
        for need, name in _needs(query, environment, deployment):
            lacking.setdefault((need, name), []).append(environment)
    key = (query.namespace, query.table)
    for (need, name), environments in lacking.items():
        origin = deployment.index_origin(key, name)
        where = listing([environment.dated for environment in environments])
        at = "in" if environments[0].recorded else "at"
        declared = deployment.table(deployment.declared, key)
        staged = declared is not None and any(i.name == name and i.staged for i in declared.indexes)
        also = also_compiler(query) if staged else ""
        message = f"{need} {name}, not deployed {at} {where}; {origin.next_step}{also}"
        yield at_fact(query, CODE, message, index=name)


def _needs(query: Query, environment: Environment, deployment: Deployment) -> Iterator[tuple[str, str]]:
    """What the query needs and an environment lacks: the start of the sentence, and the index."""
    key: TableKey = (query.namespace, query.table)
    if deployment.declared.dialect == "convex" and deployment.table(environment.schema, key) is None:
        return  # table, index and code arrive in one push, and an empty table's index is built at once
    if query.named_index and deployment.lacks_index(environment, key, query.named_index):
        yield f"this query of {query.table} names index", query.named_index
        return
    missing = deployment.undeployed_paths(environment, key)
    if not missing:
        return
    deployed = deployment.deployed_paths(environment, key)
    if unique := missing_unique(query, missing, deployed):
        yield f"{conflict(query)} relies for correctness on unique index", unique.title
    elif path := better_by(query, missing, deployed):
        yield f"{asked(query)} relies on index", path.title
