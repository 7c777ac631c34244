"""The keys of an index and the target of a foreign key as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.ddl.names import joined, quoted, table_name

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.ddl.names import Backend
    from instar.schema.model import Constraint, IndexKey


def key_list(keys: tuple[IndexKey, ...], backend: Backend) -> str:
    """The keys in order; an expression in brackets."""
    parts = []
    for key in keys:
        text = f"({key.text})" if key.expression else quoted(key.text, backend)
        # the others have one place for NULL only
        parts.append(text + (key.order if backend == "postgresql" else " DESC" * key.descending))
    return ", ".join(parts)


def reference_clause(constraint: Constraint, backend: Backend) -> str:
    """`REFERENCES …` with what happens on delete and update."""
    target = constraint.references
    assert target is not None
    clause = (
        f"REFERENCES {table_name(target.table, target.namespace, backend)} ({joined(target.fields, backend)})"
    )
    if target.on_delete:
        clause += f" ON DELETE {target.on_delete}"
    if target.on_update:
        clause += f" ON UPDATE {target.on_update}"
    return clause
