"""The stored names of a plan: what replaces what, and names that are still free."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from instar.schema.sql_text import renamed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from instar.schema.model import Constraint, Index


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
