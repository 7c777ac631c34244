"""Changes that an Alembic revision of the user's own carries already."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar.schema.change import FieldChange, IndexChange, TableChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.cli.project import Project
    from instar.ledger import Ledger
    from instar.schema.change import Change


def not_carried(project: Project, base: str, changes: Sequence[Change], ledger: Ledger) -> tuple[Change, ...]:
    """The changes that no revision which is new since `base` names.

    A revision carries a change when the table and the field, index or constraint stand in it as text. Revisions
    that instar generated do not count: what they carry is in the ledger.
    """
    if not changes or project.repository is None or base.endswith(".json") or base.startswith("db:"):
        return tuple(changes)
    own = {revision for migration in ledger.migrations for revision in migration.revisions.values()}
    new = [path for path in project.repository.changed_paths(base, "WORKTREE") if path.endswith(".py")]
    files = project.source().read_many(new)
    texts = [_words(data) for data in files.values() if b"down_revision" in data]
    theirs = [words for words in texts if not words & own]
    return tuple(change for change in changes if not any(names_of(change) <= words for words in theirs))


def names_of(change: Change) -> set[str]:
    """The table of a change and the names in it that it is about."""
    match change:
        case FieldChange():
            return {change.table, change.field}
        case IndexChange():
            index = change.after or change.before
            return {change.table, (index.name if index else None) or ""}
        case TableChange():
            return {change.table}
        case _:
            one = change.after or change.before
            return {change.table, *(one.fields if one else ())}


def _words(data: bytes) -> set[str]:
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return set()
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
