"""Two heads to one: migrations that nothing has applied are put after those that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.errors import InstarError
from instar.schema.migration import Migration
from instar.schema.virtual import edited

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from instar.ledger import Ledger
    from instar.schema.change import Change
    from instar.schema.model import Schema


def rebased(ledger: Ledger, fixed: Collection[str]) -> tuple[Migration, ...]:
    """The migrations that get another parent, each with the schema that it then starts from.

    Args:
        ledger: The versions, with several heads.
        fixed: The ids of versions that stay: those on the default branch or applied in a recorded environment.

    Returns:
        The changed migrations, oldest first; empty where there is one head.

    Raises:
        InstarError: Both sides are fixed, or a migration changes what the other side has changed.
    """
    heads = ledger.heads()
    if len(heads) < 2:
        return ()
    staying = [head for head in heads if head.id in fixed]
    if len(staying) > 1:
        names = " and ".join(head.name for head in staying)
        raise InstarError(
            f"{names} are both on the default branch or applied somewhere, so neither can be moved."
        )
    base = staying[0] if staying else heads[0]
    moved: list[Migration] = []
    for head in heads:
        if head.id == base.id:
            continue
        ahead = [*_branch(ledger, base.id, head.id), *moved]
        for migration in _branch(ledger, head.id, base.id):
            if migration.id in fixed:
                raise InstarError(
                    f"{migration.name} is on the default branch or applied somewhere and cannot be moved. "
                    "Merge the default branch into this one first."
                )
            moved.append(_onto(migration, moved[-1].id if moved else base.id, ahead))
    return tuple(moved)


def _branch(ledger: Ledger, head: str, base: str) -> tuple[Migration, ...]:
    """The migrations from the fork to a head, oldest first."""
    onto = ledger.version(base)
    assert onto is not None
    found: list[Migration] = []
    version = ledger.version(head)
    while version is not None and version.id != base and not ledger.descends(onto, version.id):
        if not isinstance(version, Migration):
            raise InstarError(
                f"{version.name} is a snapshot, which cannot be put after another version; delete it."
            )
        found.insert(0, version)
        version = ledger.version(version.parent) if version.parent else None
    return tuple(found)


def _onto(migration: Migration, parent: str, ahead: Sequence[Migration]) -> Migration:
    """The migration after others: it starts where they end. Its steps stay what they are.

    Raises:
        InstarError: What it changes is not as it was planned for.
    """
    before = _edited_by(migration.before, ahead)
    for change in migration.changes:
        _refuse_conflict(migration, change, before)
    target = _edited_by(before, [migration])
    return msgspec.structs.replace(migration, parent=parent, before=before, target=target)


def _edited_by(schema: Schema, migrations: Iterable[Migration]) -> Schema:
    for migration in migrations:
        for step in migration.steps:
            schema = edited(schema, step.edits)
    return schema


def _refuse_conflict(migration: Migration, change: Change, before: Schema) -> None:
    table = before.table(change.table, change.namespace)
    old, new = getattr(change, "before", None), getattr(change, "after", None)
    if table is None or not hasattr(old or new, "optional"):
        return
    found = table.field(old.name) if old is not None else None
    if old is not None and (found is None or _plain(found) != _plain(old)):
        raise InstarError(
            f"{migration.name} changes {change.table}.{old.name}, which the other side has changed too. "
            "Delete its file and plan it again: instar plan"
        )
    if new is not None and (old is None or new.name != old.name) and table.field(new.name) is not None:
        raise InstarError(
            f"{migration.name} adds {change.table}.{new.name}, which the other side has added too. "
            "Delete its file and plan it again: instar plan"
        )


def _plain(field: object) -> object:
    """A field without what does not matter to a database."""
    return tuple(getattr(field, name) for name in ("type", "optional", "server_default"))
