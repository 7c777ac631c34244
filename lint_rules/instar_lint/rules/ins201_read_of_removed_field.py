"""Code reads a field that its schema no longer has.

## What it does

Reports a read of a field that the deployed version still has and the version of this code does not: an attribute, a
keyword, a name in a string, raw SQL, a template, a serializer. A name that survives as a hybrid, a property, a
relationship or another column is no finding.

## Why it is bad

It fails when the line runs, which may be long after the deploy: an `AttributeError`, an unknown column, or a template
that silently shows nothing.

## Example

`posts.legacy_field` was removed.

```python
def export(post: Post) -> dict[str, str]:
    return {"legacy": post.legacy_field}
```

## Use instead

```python
def export(post: Post) -> dict[str, str]:
    return {"title": post.title}
```

## Fix

Where the field was renamed, `instar fix` writes its new name. Where it is gone for good nothing is automatic.

## When to ignore

Where the object is another one that happens to look like the model: `# noqa: INS201 - reason`.
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
    """Reads of fields that code no longer maps."""
    for fact in facts:
        if not isinstance(fact, FieldUse) or fact.access != "read" or fact.via in {"implicit", "declaration"}:
            continue
        for one in deployment.fields_named(fact):
            if one.state == "removed":
                fix = new_name(fact, one)
                mark = " [instar fix]" if fix else ""
                message = f"{one.title} was removed {one.origin.since}; {instead(one, 'read')}{mark}{also_compiler(fact)}"
                finding = at_fact(fact, "INS201", message, field=one.field.name)
                yield msgspec.structs.replace(finding, fix=fix)
