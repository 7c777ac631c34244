"""The stored names of a plan: what replaces what, and names that are still free."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from instar.schema.sql_text import renamed, words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from instar.schema.model import Constraint, Index, Table


def versioned(name: str, taken: Collection[str]) -> str:
    """The name with the first `_v2`, `_v3` … that is free."""
    base, _, number = name.rpartition("_v") if re.search(r"_v\d+$", name) else (name, "", "1")
    count = int(number) + 1
    while f"{base}_v{count}" in taken:
        count += 1
    return f"{base}_v{count}"


def index_in(index: Index, names: Mapping[str, str]) -> Index:
    """The index over columns of other names."""
    keys = tuple(
        msgspec.structs.replace(
            key, text=renamed(key.text, names) if key.expression else names.get(key.text, key.text)
        )
        for key in index.keys
    )
    return msgspec.structs.replace(
        index,
        keys=keys,
        include=tuple(names.get(name, name) for name in index.include),
        predicate=renamed(index.predicate, names),
    )


def constraint_in(constraint: Constraint, names: Mapping[str, str]) -> Constraint:
    """The constraint over columns of other names."""
    return msgspec.structs.replace(
        constraint,
        fields=tuple(names.get(name, name) for name in constraint.fields),
        expression=renamed(constraint.expression, names),
    )


def index_columns(index: Index, table: Table) -> tuple[str, ...]:
    """The stored names of every column that an index names, those in its expressions among them."""
    texts = [key.text for key in index.keys if key.expression] + [index.predicate or ""]
    plain = [key.text for key in index.keys if not key.expression]
    return tuple(dict.fromkeys((*plain, *index.include, *_named(texts, table))))


def constraint_columns(constraint: Constraint, table: Table) -> tuple[str, ...]:
    """The stored names of every column that a constraint names."""
    return tuple(dict.fromkeys((*constraint.fields, *_named([constraint.expression or ""], table))))


def _named(texts: list[str], table: Table) -> list[str]:
    said = {word.strip('"').casefold() for text in texts for word in words(text) if not word.startswith("'")}
    return [field.name for field in table.fields if field.name.casefold() in said]
