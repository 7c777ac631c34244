"""Which deploy every act belongs to: as early as its order allows, moved to the others of its kind where it can wait.

The number of deploys is the longest chain of acts that must be apart. Code and contract DDL that have time go where
such a step is needed anyway, so that no deploy is made for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar.changes.drafts import Draft
from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from instar.schema.migration import StepKind

Order: TypeAlias = Literal["before", "after"]
Edges: TypeAlias = "dict[int, dict[int, int]]"

_SLOTS: dict[Order, dict[StepKind, int]] = {
    "before": {"ddl": 0, "code": 1, "backfill": 2, "verify": 3},
    "after": {"code": 0, "ddl": 1, "backfill": 2, "verify": 3},
}


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """An act with its place.

    Attributes:
        draft: The act.
        deploy: The number of its deploy, from 1.
        waits: Whether it is what keeps its deploy apart from the one before.
    """

    draft: Draft
    deploy: int
    waits: bool


def schedule(drafts: Sequence[Draft], ddl: Order) -> tuple[Scheduled, ...]:
    """The acts in the order in which they run.

    Args:
        drafts: All acts of all changes.
        ddl: Whether a deploy runs its DDL before or after its code.

    Raises:
        InstarError: Acts wait for each other in a circle.
    """
    slots = _SLOTS[ddl]
    edges = _edges(drafts, slots)
    order = _topological(drafts, edges)
    place = _places(drafts, edges, order)
    left_out = _left_out(drafts, place)
    waits = {
        target
        for source, targets in edges.items()
        for target, gap in targets.items()
        if gap and place[target] == place[source] + 1
    }
    rank = {node: position for position, node in enumerate(order)}
    nodes = sorted(
        (node for node in order if node not in left_out),
        key=lambda node: (place[node], slots[drafts[node].kind], rank[node]),
    )
    return tuple(Scheduled(draft=drafts[n], deploy=place[n], waits=n in waits) for n in nodes)


def _edges(drafts: Sequence[Draft], slots: Mapping[StepKind, int]) -> Edges:
    """From each act to those after it, with the least number of deploys between them."""
    known = {key: n for n, draft in enumerate(drafts) for key in (draft.key, *draft.aliases)}
    edges: Edges = {n: {} for n in range(len(drafts))}

    def add(source: int | None, target: int | None, least: int) -> None:
        if source is None or target is None or source == target:
            return
        first, second = slots[drafts[source].kind], slots[drafts[target].kind]
        in_order = first < second or (first == second and drafts[source].kind != "code")
        edges[source][target] = max(edges[source].get(target, 0), least, 0 if in_order else 1)

    for n, draft in enumerate(drafts):
        for key in draft.after:
            add(known.get(key), n, 0)
        for key in draft.apart:
            add(known.get(key), n, 1)
        for key in draft.before:
            add(n, known.get(key), 0)
    return edges


def _topological(drafts: Sequence[Draft], edges: Edges) -> list[int]:
    """An order that keeps to the edges, and otherwise to the phases and to the order of the changes."""
    waiting = dict.fromkeys(edges, 0)
    for targets in edges.values():
        for target in targets:
            waiting[target] += 1
    ready = [node for node, count in waiting.items() if not count]
    order: list[int] = []
    last: tuple[object, ...] = ()
    while ready:
        node = min(
            ready,
            key=lambda n: (_group(drafts[n]) != last, drafts[n].alone, drafts[n].phase == "contract", n),
        )
        last = _group(drafts[node])
        ready.remove(node)
        order.append(node)
        for target in edges[node]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if len(order) < len(drafts):
        stuck = sorted({drafts[n].key.partition(":")[0] for n, count in waiting.items() if count})
        raise InstarError(
            f"{', '.join(stuck)} wait for each other, as fields do that swap names. "
            "Keep their columns (--keep-column), or rename one of them to a third name first."
        )
    return order


def _group(draft: Draft) -> tuple[object, ...]:
    return (draft.kind, draft.phase, draft.alone)


def _places(drafts: Sequence[Draft], edges: Edges, order: Sequence[int]) -> dict[int, int]:
    before: Edges = {n: {} for n in edges}
    for source, targets in edges.items():
        for target, gap in targets.items():
            before[target][source] = gap
    earliest: dict[int, int] = {}
    for node in order:
        earliest[node] = max((earliest[s] + gap for s, gap in before[node].items()), default=1)
    last = max(earliest.values(), default=0)
    latest: dict[int, int] = {}
    for node in reversed(order):
        latest[node] = min((latest[t] - gap for t, gap in edges[node].items()), default=last)
    taken: dict[object, set[int]] = {}
    for node in order:
        if _movable(drafts[node]) and earliest[node] == latest[node]:
            taken.setdefault(_kind(drafts[node]), set()).add(earliest[node])
    place: dict[int, int] = {}
    for node in order:
        first = max((place[s] + gap for s, gap in before[node].items()), default=1)
        place[node] = first
        if _movable(drafts[node]):
            mine = taken.setdefault(_kind(drafts[node]), set())
            place[node] = min((d for d in mine if first <= d <= latest[node]), default=first)
            mine.add(place[node])
    return place


def _movable(draft: Draft) -> bool:
    return draft.kind == "code" or (draft.kind == "ddl" and draft.phase == "contract")


def _kind(draft: Draft) -> object:
    return draft.kind


def _left_out(drafts: Sequence[Draft], place: Mapping[int, int]) -> set[int]:
    known = {key: n for n, draft in enumerate(drafts) for key in (draft.key, *draft.aliases)}
    return {
        n
        for n, draft in enumerate(drafts)
        if draft.unless_with in known and place[known[draft.unless_with]] == place[n]
    }


def keys_of(scheduled: Iterable[Scheduled]) -> set[str]:
    """The keys of the acts that are in the plan."""
    return {each.draft.key for each in scheduled}
