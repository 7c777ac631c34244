"""A serializer lists the fields of a table and misses the one that replaces another.

## What it does

Reports a pydantic (`from_attributes`) or marshmallow (`Meta.fields`) schema that lists the old side of a pair in
flight and not the new one.

## Why it is bad

The contract takes the old side away: the schema then fails, or its output silently loses the value.

## Example

`users.user_name` leaves for `display_name`.

```python
class UserSchema(SQLAlchemySchema):
    class Meta:
        model = User
        fields = ("id", "user_name")
```

## Use instead

```python
class UserSchema(SQLAlchemySchema):
    class Meta:
        model = User
        fields = ("id", "user_name", "display_name")
```

## Fix

None is automatic: the name is part of an interface that others read.

## When to ignore

Where the output name must stay and another source feeds it: `# noqa: INS208 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.facts import FieldUse
from instar_lint.findings import at_fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Schemas that name the old side only."""
    listed = [fact for fact in facts if isinstance(fact, FieldUse) and fact.via == "schema"]
    named = {(fact.scope, name) for fact in listed for name in (fact.name, fact.field)}
    for fact in listed:
        for one in deployment.fields_named(fact):
            new = one.successor
            if one.state != "leaving" or new is None:
                continue
            if (fact.scope, new.code_name) not in named and (fact.scope, new.name) not in named:
                message = f"this schema lists {one.title}, which leaves {one.origin.since}; list {new.code_name} too"
                yield at_fact(fact, "INS208", message, field=one.field.name)
