"""The acts that several kinds of change share: what happens to one column at the end and at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.drafts import Draft
from instar.schema.migration import FieldAccess, SourceEdit
from instar.schema.operations import ChangeServerDefault, CheckFilled, RequireField

if TYPE_CHECKING:
    from instar.changes.items import FieldItem
    from instar.schema.migration import AccessMode
    from instar.schema.model import Field
    from instar.schema.operations import BackfillWork, Operation


def still_mapped(item: FieldItem) -> str:
    """Why a column cannot be dropped in the deploy of the code that no longer maps it."""
    return f"code in service still selects {item.title(item.old)} until {{previous}} is everywhere"


def edit(item: FieldItem, before: Field | None, after: Field | None) -> SourceEdit:
    """An edit of the declaration of this field."""
    return SourceEdit(table=item.table, namespace=item.namespace, before=before, after=after)


def access(item: FieldItem, mode: AccessMode, **more: object) -> FieldAccess:
    """How code gets at this field."""
    base = FieldAccess(table=item.table, namespace=item.namespace, field=item.new, mode=mode)
    return msgspec.structs.replace(base, **more)


def checked_not_null(item: FieldItem, check: BackfillWork | None) -> tuple[Operation, ...]:
    """The data is looked at, then the column is made NOT NULL where the target says so."""
    acts: list[Operation] = []
    if check is not None:
        acts.append(CheckFilled(table=item.table, namespace=item.namespace, work=check))
    if not item.new.optional:
        acts.append(RequireField(table=item.table, namespace=item.namespace, field=item.new))
    return tuple(acts)


def default_at_last(item: FieldItem) -> tuple[Operation, ...]:
    """The server default of a column that had none while something else filled it."""
    if item.new.server_default is None:
        return ()
    return (
        ChangeServerDefault(
            table=item.table, namespace=item.namespace, field=item.new, after=item.new.server_default
        ),
    )


def verification(item: FieldItem, work: BackfillWork, *after: str, key: str = "verified") -> Draft:
    """The verification of a backfill."""
    return Draft(
        key=item.key(key),
        kind="verify",
        phase="backfill",
        lines=(
            (
                item.title(item.new),
                "filled in every row, values agree" if work.agrees else "filled in every row",
            ),
        ),
        why=f"code may rely on {item.title(item.new)} only when no row is left",
        changes=item.changes,
        work=work,
        after=after,
    )
