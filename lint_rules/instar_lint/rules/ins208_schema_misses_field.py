"""A serializer lists the fields of a table and misses the one that replaces another.

## What it does

Reports a pydantic (`from_attributes`) or marshmallow (`Meta.fields`) schema that lists the old side of a pair in
flight and not the new one. In Convex, reports a `returns` validator of a function that returns whole documents, where it
lists the fields of their table and misses a new one.

## Why it is bad

The contract takes the old side away: the schema then fails, or its output silently loses the value. Convex refuses
a result with a field that its validator does not list: the function fails for the first document that has the new
field, and `tsc` does not see it.

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

from instar_lint.facts import FieldUse, Listing
from instar_lint.findings import Finding, at_fact
from instar_lint.rules.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact


def check(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Schemas that name the old side only."""
    yield from _listings(facts, deployment)
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


def _listings(facts: Sequence[Fact], deployment: Deployment) -> Iterator[Finding]:
    """Validators of whole documents that refuse a field which documents are about to get."""
    for fact in facts:
        if not isinstance(fact, Listing):
            continue
        missing = [
            field.name for field in deployment.new_fields((None, fact.table)) if field.name not in fact.given
        ]
        if missing:
            names = listing(missing)
            message = (
                f"this validator lists the fields of {fact.table} and misses {names}: a document that has it is refused "
                f"at run time, which tsc does not see; add {names}, v.optional(…) until every document has it"
            )
            yield Finding(
                code="INS208",
                place=fact.place,
                end_column=fact.end_column,
                message=message,
                table=fact.table,
                field=missing[0],
                scope=fact.scope,
            )
