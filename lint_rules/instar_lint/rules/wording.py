"""The phrases that messages of several rules share: what a query asks, what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.findings import FixHint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar_lint.deployment import FieldInFlight
    from instar_lint.facts import FieldUse, Query


def listing(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def asked(query: Query) -> str:
    """`posts filtered by status and ordered by published_at`."""
    parts = []
    if query.filters:
        parts.append(f"filtered by {listing(tuple(dict.fromkeys(f.field for f in query.filters)))}")
    if query.order:
        parts.append(f"ordered by {listing([key.field for key in query.order])}")
    table = ".".join(part for part in (query.namespace, query.table) if part)
    return " ".join((table, " and ".join(parts))).strip()


def conflict(query: Query) -> str:
    """`ON CONFLICT (slug) of posts`."""
    return f"ON CONFLICT ({', '.join(query.unique_on)}) of {query.table}"


def also_compiler(fact: FieldUse | Query) -> str:
    """The end of a message about what the code's own compiler refuses too."""
    return "; tsc finds it too" if fact.compiler else ""


def instead(one: FieldInFlight, verb: str) -> str:
    """What to do in place of a read or a write of a field that goes: `read display_name instead`."""
    if one.successor:
        return f"{verb} {one.successor.code_name} instead"
    return f"take this {verb} out, or keep the field until no code needs it"


def safely(use: FieldUse, one: FieldInFlight) -> tuple[str, FixHint | None] | None:
    """How to read a field through its accessor, and the fix where it is one name for another; None without one."""
    in_query = use.role in {"filter", "order", "group", "join"}
    if in_query and (use.receiver != "row" or use.via != "attribute"):
        return _in_query(use, one)
    if use.via != "attribute" or not (in_query or use.role == "value"):
        return None
    if use.receiver != "row":
        expression = one.expression if use.receiver != "alias" else ""
        return (f"use {expression}()", None) if expression else None
    if not one.accessor or not use.subject:
        return None
    if not use.place.path.endswith(".py"):
        module, _, function = one.accessor.rpartition(".")
        return f"read {function}({use.subject}) of {module}", None
    fix = FixHint(kind="read", name=use.name, accessor=one.accessor)
    return f"read {one.accessor}({use.subject}) [instar fix]", fix


def _in_query(use: FieldUse, one: FieldInFlight) -> tuple[str, FixHint | None] | None:
    """The accessor's expression, which is about the class itself: an alias of it is other rows."""
    if not one.expression or use.receiver == "alias":
        return None
    if use.via == "attribute":
        fix = FixHint(kind="filter", name=use.name, accessor=one.expression)
        return f"use {one.expression}() [instar fix]", fix
    return (f"use filter({one.expression}() == …)", None) if use.via == "keyword" else None


def new_name(use: FieldUse, one: FieldInFlight) -> FixHint | None:
    """The fix of a use of a renamed field, where its new name can simply stand in its place."""
    if one.successor is None or not one.convertible or use.via not in {"attribute", "keyword"}:
        return None
    if not use.place.path.endswith(".py"):
        return None
    return FixHint(kind="rename", name=use.name, partner=one.successor.code_name)
