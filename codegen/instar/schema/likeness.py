"""How alike a dropped and an added field or table are, from 0 to 1, and what they have in common."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from instar.schema.model import Field, Table

Likeness: TypeAlias = tuple[float, tuple[str, ...]]


def name_likeness(old: str, new: str) -> float:
    """How alike two names are, from 0 to 1: by letters or by words, whichever says more."""
    old_words, new_words = _words(old), _words(new)
    shared = len(old_words & new_words) / max(1, min(len(old_words), len(new_words)))
    letters = difflib.SequenceMatcher(None, old.lower(), new.lower(), autojunk=False).ratio()
    return max(letters, 0.8 * shared)


def field_likeness(before: Table, after: Table, old: Field, new: Field) -> Likeness:
    """A weighted sum; fields of different types are never alike, since a rename keeps values."""
    if old.type != new.type:
        return 0.0, ()
    places = _places(before, old), _places(after, new)
    parts = (
        (0.35, 1.0, "the same type"),
        (0.25, name_likeness(old.name, new.name), "alike names"),
        (
            0.15,
            float(_neighbours(before, old, after) & _neighbours(after, new, before) != set()),
            "the same position",
        ),
        (0.1, float(old.optional == new.optional), "the same nullability"),
        (
            0.05,
            float((old.default, old.server_default) == (new.default, new.server_default)),
            "the same defaults",
        ),
        (0.1, float(places[0] == places[1]), "the same indexes and constraints" if places[0] else ""),
    )
    score = sum(weight * value for weight, value, _ in parts)
    return round(score, 3), tuple(reason for _, value, reason in parts if value >= 0.5 and reason)


def _neighbours(table: Table, field: Field, other: Table) -> set[str]:
    """The nearest fields on either side that both versions have, and the two ends of the table."""
    names = [one.name for one in table.fields]
    position = names.index(field.name)
    stays = {one.name for one in other.fields}
    above = next((f"after {name}" for name in reversed(names[:position]) if name in stays), "first")
    below = next((f"before {name}" for name in names[position + 1 :] if name in stays), "last")
    return {above, below} - ({"first", "last"} if len(stays) > 1 else set())


def _places(table: Table, field: Field) -> frozenset[str]:
    """In what kinds of index and constraint a field takes part."""
    indexes = {f"index {index.kind} {index.unique}" for index in table.indexes if field.name in index.fields}
    constraints = {constraint.kind for constraint in table.constraints if field.name in constraint.fields}
    return frozenset(indexes | constraints)


def table_likeness(old: Table, new: Table) -> Likeness:
    """By the fields that both have, and by their names; tables of two namespaces are never alike."""
    if old.namespace != new.namespace or not (old.fields and new.fields):
        return 0.0, ()
    old_fields = {(field.name, field.type) for field in old.fields}
    new_fields = {(field.name, field.type) for field in new.fields}
    shared = 2 * len(old_fields & new_fields) / (len(old_fields) + len(new_fields))
    score = 0.75 * shared + 0.25 * name_likeness(old.name, new.name)
    return round(score, 3), (f"{len(old_fields & new_fields)} of {len(old_fields)} fields are the same",)


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+|[A-Z][a-z]*|\d+", name)) and {
        word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    }
