"""A field or table is about to be dropped and is still mapped.

## What it does

Reports, once and at the declaration, a field that the code still maps although the next thing to ship is its drop.
It also reports a revision that drops a column while the version before it, which is still in service, maps it.

## Why it is bad

A mapped column is in every SELECT of its model and in every INSERT, also where no line names it. The moment the
column goes, all of them fail. Code must stop mapping it one deploy before.

## Example

The contract of `posts.legacy_note` is the next deploy.

```python
class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    legacy_note: Mapped[str | None] = mapped_column(String(50))
```

## Use instead

```python
class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
```

## Fix

None is automatic: `instar generate` writes the code step that unmaps it.

## When to ignore

Where the application is stopped for the deploy: `# noqa: INS303 - reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.deployment import Deployment
    from instar_lint.revisions import Revision


def check_schema(deployment: Deployment) -> Iterator[Finding]:
    """Declarations that should be gone by now."""
    for one in deployment.fields:
        table = deployment.table(deployment.declared, one.key)
        field = table.field(one.field.name) if table else None
        if not one.unmap_now or field is None or field.place is None:
            continue
        message = (
            f"{one.title} is about to be dropped {one.origin.since} and still mapped here: every SELECT of "
            f"{one.table} names it; unmap it one deploy before"
        )
        yield Finding(
            code="INS303",
            place=field.place,
            message=message,
            table=one.table,
            namespace=one.namespace,
            field=field.name,
        )


def check_revision(revision: Revision, deployment: Deployment) -> Iterator[Finding]:
    """Drops of columns that the code in service still maps.

    A recorded environment says what its database has; what its code maps is what the default branch declares. The
    drops that a migration generated have a gate of their own, which knows the code in service.
    """
    if revision.identifier in deployment.generated:
        return
    for call in revision.upgrade:
        if call.name != "drop_column" or call.table is None or call.column is None:
            continue
        for environment in deployment.environments:
            mapped = deployment.base if environment.recorded else environment.schema
            table = deployment.table(mapped, (call.namespace, call.table)) if mapped is not None else None
            if table is None or table.field(call.column) is None:
                continue
            message = (
                f"{call.table}.{call.column} is dropped here, and the code at {environment.name} still maps it: "
                "every SELECT of it names the column; drop it one deploy after the code that unmaps it"
            )
            yield Finding(
                code="INS303",
                place=call.place,
                message=message,
                table=call.table,
                namespace=call.namespace,
                field=call.column,
            )
