"""A `# noqa` comment names a rule of instar and takes back nothing.

## What it does

`instar lint` reports a code of its own in a `# noqa` comment on a line where that rule says nothing.

## Why it is bad

A comment that was needed once hides the next finding on its line, which nobody has judged.

## Example

Nothing is wrong with `posts.title`.

```python
def titles(posts: list[Post]) -> list[str]:
    return [post.title for post in posts]  # noqa: INS201 - the export needs it
```

## Use instead

```python
def titles(posts: list[Post]) -> list[str]:
    return [post.title for post in posts]
```

## Fix

Take the code out of the comment.

## When to ignore

`instar lint --keep-unused-noqa` leaves such comments alone, for instance where two branches need different ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.model import Place
from instar_lint.findings import Finding

if TYPE_CHECKING:
    from instar_lint.suppressions import Unused


def finding_of(unused: Unused) -> Finding:
    """The finding for one code that took back nothing."""
    message = f"nothing is found here for {unused.code}; take it out of the noqa comment"
    return Finding(code="INS001", place=Place(unused.path, unused.line, unused.column), message=message)
