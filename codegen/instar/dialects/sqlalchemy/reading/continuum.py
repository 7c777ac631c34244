"""Version tables that SQLAlchemy-Continuum makes beside the tables of classes with `__versioned__`.

Each has the columns of its table (nullable, not unique, referring to nothing) and those that place a row in a
transaction: https://sqlalchemy-continuum.readthedocs.io/en/latest/version_objects.html. The indexes that newer releases add
over several columns depend on the release, and are not listed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.library_columns import library_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft, TableDraft
    from instar.schema.model import Place

_TABLE_NAME = "%s_version"
_TRANSACTION = ("transaction_column_name", "transaction_id", "BigInteger primary_key index")
_END = ("end_transaction_column_name", "end_transaction_id", "BigInteger index")
_OPERATION = ("operation_type_column_name", "operation_type", "SmallInteger not null index")


def version_tables(drafts: Iterable[TableDraft]) -> Iterator[TableDraft]:
    """The version table of each mapped table whose class, or a base of it, sets `__versioned__` to a dict."""
    drafts = list(drafts)
    names = {draft.key for draft in drafts}
    for draft in drafts:
        options = draft.owner.get("__versioned__") if draft.owner is not None else None
        if not isinstance(options, dict):
            continue
        pattern = options.get("table_name", _TABLE_NAME)
        if not isinstance(pattern, str) or pattern.count("%s") != 1:
            continue
        excluded = options.get("exclude")
        versions = draft.beside(pattern.replace("%s", draft.name))
        for column in draft.columns.values():
            if not (isinstance(excluded, list | tuple) and column.attribute in excluded):
                versions.add(_copy(column, draft.place))
        kept = (
            (_TRANSACTION, _OPERATION)
            if options.get("strategy") == "subquery"
            else (_TRANSACTION, _END, _OPERATION)
        )
        for option, usual, notation in kept:
            versions.add(library_column(str(options.get(option, usual)), notation, draft.place))
        if versions.key not in names:
            names.add(versions.key)
            yield versions


def _copy(column: ColumnDraft, place: Place) -> ColumnDraft:
    """The column as the version table has it, placed at the class: its own line declares the one of the mapped table."""
    return replace(
        column,
        place=place,
        unique=False,
        optional=not column.primary_key,
        autoincrement=False,
        onupdate=None,
        source=None,
        foreign_keys=[replace(key, type_only=True) for key in column.foreign_keys],
    )
