"""Code writes a field that its schema no longer has.

## What it does

Reports an assignment, a constructor keyword, a `.values()` key or raw SQL that writes a field which the deployed
version still has and the version of this code does not.

## Why it is bad

A constructor keyword raises `TypeError`, an UPDATE names an unknown column, and a plain assignment sets an attribute
that is never stored: the value is lost without a word.

## Example

`posts.legacy_field` was removed.

```python
def mark(post: Post) -> None:
    post.legacy_field = "seen"
```

## Use instead

```python
def mark(post: Post) -> None:
    post.title = "seen"
```

## Fix

Where the field was renamed, `instar fix` writes its new name. Where it is gone for good nothing is automatic.

## When to ignore

Where the object is another one that happens to look like the model: `# noqa: INS202 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar_lint.facts import FieldUse
from instar_lint.findings import at_fact
from instar_lint.rules.wording import also_compiler, instead, new_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Writes of fields that code no longer maps."""
    for fact in facts:
        if (
            not isinstance(fact, FieldUse)
            or fact.access != "write"
            or fact.via in {"implicit", "declaration"}
        ):
            continue
        for one in deployment.fields_named(fact):
            if one.state == "removed":
                fix = new_name(fact, one)
                mark = " [instar fix]" if fix else ""
                message = f"{one.title} was removed {one.origin.since}; {instead(one, 'write')}{mark}{also_compiler(fact)}"
                finding = at_fact(fact, "INS202", message, field=one.field.name)
                yield msgspec.structs.replace(finding, fix=fix)
