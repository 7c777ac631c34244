"""Which columns an index or a constraint is about, those in its SQL among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.sql_text import names_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.schema.model import Constraint, Index, Table


def index_columns(index: Index, table: Table) -> tuple[str, ...]:
    """The stored names of every column that an index names, those in its expressions among them."""
    texts = [key.text for key in index.keys if key.expression] + [index.predicate or ""]
    plain = [key.text for key in index.keys if not key.expression]
    return tuple(dict.fromkeys((*plain, *index.include, *_named(texts, table))))


def constraint_columns(constraint: Constraint, table: Table) -> tuple[str, ...]:
    """The stored names of every column that a constraint names, a check's in the order of the table."""
    return tuple(dict.fromkeys((*constraint.fields, *_named([constraint.expression or ""], table))))


def _named(texts: Iterable[str], table: Table) -> list[str]:
    said = frozenset().union(*map(names_in, texts))
    return [field.name for field in table.fields if field.name.casefold() in said]
