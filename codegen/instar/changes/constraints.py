"""How a constraint is called in a plan, and what its drop has to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.covered import index_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.changes.context import Context
    from instar.changes.items import ConstraintItem, IndexItem
    from instar.schema.model import Constraint


def title(constraint: Constraint) -> str:
    """`unique (email)`, `check ck_positive`."""
    about = (
        f"({', '.join(constraint.fields)})"
        if constraint.fields
        else (constraint.name or constraint.expression or "")
    )
    return f"{constraint.kind.replace('_', ' ')} {about}"


def dropped_key(item: IndexItem | ConstraintItem, constraint: Constraint) -> str:
    """The key of the act that drops a constraint of this table."""
    return f"{item.prefix}/{title(constraint)}:dropped"


def covering_indexes(item: ConstraintItem, columns: Iterable[str], context: Context) -> tuple[str, ...]:
    """The drops of the indexes over these columns: what SQLite copies a table for is then done in one go."""
    table = context.before.table(item.table, item.namespace)
    if context.backend == "mariadb" or table is None:
        return ()
    over = set(columns)
    return tuple(
        f"{item.prefix}/{index.name}:dropped"
        for index in table.indexes
        if over & set(index_columns(index, table))
    )


def holding_keys(
    item: IndexItem | ConstraintItem, columns: Iterable[str], context: Context
) -> tuple[str, ...]:
    """The drops of the foreign keys that need an index over one of these columns, as MariaDB's do."""
    table = context.before.table(item.table, item.namespace)
    if context.backend != "mariadb" or table is None:
        return ()
    over = set(columns)
    return tuple(
        dropped_key(item, one)
        for one in table.constraints
        if one.kind == "foreign_key" and over & set(one.fields)
    )
