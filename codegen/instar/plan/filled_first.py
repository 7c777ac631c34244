"""Rules that an empty row may break: the columns that they name are filled right before such a rule is built.

Where a plan runs deploy by deploy, the backfill has filled them long before; where `alembic upgrade head` runs all
revisions in a row, nothing else would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.schema.operations import AddConstraint, CheckFilled, CreateIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.changes.drafts import Draft
    from instar.schema.operations import Operation


def filled_first(drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """The acts, with a look at the data before every index and constraint that a row not filled yet may break."""
    works = {draft.key: draft.work for draft in drafts if draft.kind == "verify"}

    def looked_at(draft: Draft) -> Draft:
        if not any(map(_empty_may_break, draft.operations)):
            return draft
        checks = tuple(
            CheckFilled(table=work.table, namespace=work.namespace, work=work)
            for key in draft.after
            if (work := works.get(key)) is not None
        )
        return msgspec.structs.replace(draft, operations=(*checks, *draft.operations))

    return tuple(map(looked_at, drafts))


def _empty_may_break(operation: Operation) -> bool:
    """Whether rows with NULL in its columns may break it: those that are unique by a plain key never do."""
    match operation:
        case CreateIndex(index=index):
            return index.unique and bool(index.predicate or any(key.expression for key in index.keys))
        case AddConstraint(constraint=constraint):
            return constraint.kind == "check"
    return False
