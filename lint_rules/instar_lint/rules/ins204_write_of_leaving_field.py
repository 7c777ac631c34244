"""Code writes a field that a pending migration takes away.

## What it does

Reports a write of a field that is still mapped and that a migration in flight removes, renames or converts, unless
the same function writes its successor too.

## Why it is bad

The line fails with the contract, and what it wrote goes with the field. While the database keeps both sides in step
nothing is lost yet, but the migration cannot go on while the line stands.

## Example

`posts.legacy_note` leaves.

```python
def annotate(post: Post) -> None:
    post.legacy_note = "checked"
```

## Use instead

```python
def annotate(post: Post) -> None:
    post.title = "checked"
```

## Fix

`instar fix` writes the other side of a rename; what is removed for good has to be taken out by hand.

## When to ignore

In code that goes together with the field: `# noqa: INS204 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.facts import FieldUse
from instar_lint.findings import at_fact
from instar_lint.rules.ins207_one_side_written import completed_by_listeners
from instar_lint.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Writes of fields on their way out."""
    writes = [
        fact
        for fact in facts
        if isinstance(fact, FieldUse)
        and fact.access == "write"
        and fact.via not in {"implicit", "declaration"}
    ]
    written = {(fact.scope, fact.subject, fact.name) for fact in writes}
    for fact in writes:
        for one in deployment.fields_named(fact):
            if one.state != "leaving":
                continue
            partner = one.successor
            if partner and (fact.scope, fact.subject, partner.code_name) in written:
                continue
            both = deployment.declared.dialect == "convex" or (one.kept and not completed_by_listeners(fact))
            if both and partner and deployment.is_unfilled(one, partner):
                continue  # both are written until the new one is filled, which INS207 sees to
            message = f"{one.title} leaves {one.origin.since}; {instead(one, 'write')}"
            yield at_fact(fact, "INS204", message, field=one.field.name)
