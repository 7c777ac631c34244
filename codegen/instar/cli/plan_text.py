"""A plan as people read it: what is true, why, what they have to decide, what to type next."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from instar.cli.output import counted, heading, notable, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.schema.migration import Deploy, Migration, Step

BACKEND_NAMES = {"postgresql": "PostgreSQL", "mariadb": "MariaDB", "sqlite": "SQLite", "": "Convex"}
_NUMBERS = ("no deploy", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WIDTH = 100


def render(migration: Migration, *, explain: bool = False, other: Migration | None = None) -> Iterator[str]:
    """The lines of `instar plan`, without the source edit and the line that says what comes next.

    Args:
        migration: The plan.
        explain: Say of every step why it is there.
        other: The plan with the other way of keeping columns in step, to compare prices.
    """
    backend = BACKEND_NAMES.get(migration.backend, migration.backend)
    deploys = counted(len(migration.deploys), "deploy")
    yield f"{heading(migration.name)} · {backend} · {migration.deploy_model} · {deploys}"
    for deploy in migration.deploys:
        yield ""
        if explain and deploy.why:
            yield from _wrapped("why not earlier: ", deploy.why, indent=11)
        yield from _deploy(deploy, explain=explain)
    if migration.deploys:
        yield ""
    yield from _why(migration)
    yield from _prices(migration, other)
    for note in migration.notes:
        yield from _wrapped("Note: ", note)
    yield from decisions(migration)


def decisions(migration: Migration) -> Iterator[str]:
    """What only the user knows, how to say it, and what is left out."""
    for decision in migration.decisions:
        yield f"{notable('You decide:')} {decision.sentence} Give it with"
        yield from (f"  {answer}" for answer in decision.answers)
    for one in migration.unplanned:
        yield from _wrapped(f"{notable('Not planned:')} ", f"{one.title}: {one.reason}.")


def _deploy(deploy: Deploy, *, explain: bool) -> Iterator[str]:
    label = f"deploy {deploy.number}"
    for kind, lines, whys in _blocks(deploy.steps):
        for position, line in enumerate(lines):
            first = f"{label:<10} {kind:<9}" if position == 0 else " " * 20
            yield from _hanging(first, line)
            if position == 0:
                label = ""
        if explain:
            for why in whys:
                yield from (quiet(part) for part in _wrapped(" " * 22, why, indent=22))


def _blocks(steps: Sequence[Step]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Neighbouring steps of one kind are said together."""
    blocks: list[tuple[str, list[Step]]] = []
    for step in steps:
        if blocks and blocks[-1][0] == step.kind:
            blocks[-1][1].append(step)
        else:
            blocks.append((step.kind, [step]))
    for kind, members in blocks:
        whys = list(dict.fromkeys(why for step in members for why in step.why.splitlines()))
        yield kind, _lines(kind, members), whys


def _lines(kind: str, steps: Sequence[Step]) -> list[str]:
    if kind == "backfill":
        return [", ".join(step.title for step in steps)]
    if kind == "verify":
        agree = any(step.work and step.work.agrees for step in steps)
        return ["0 rows unfilled, values agree" if agree else "0 rows unfilled"]
    return [line for step in steps for line in step.title.splitlines()]


def _why(migration: Migration) -> Iterator[str]:
    reason = next((deploy.why for deploy in reversed(migration.deploys) if deploy.why), "")
    if reason:
        count = len(migration.deploys)
        number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
        yield from _wrapped(f"Why {number}: ", f"{reason} (instar plan --explain).")


def _prices(migration: Migration, other: Migration | None) -> Iterator[str]:
    """Deploys against the cost of a trigger on every write."""
    if other is None or len(other.deploys) == len(migration.deploys):
        return
    tables = sorted(
        {
            act.table
            for plan in (migration, other)
            for step in plan.steps
            for act in step.operations
            if _syncs(act)
        }
    )
    if migration.sync == "trigger":
        yield from _wrapped(
            "The price: ",
            f"a trigger on every write of {', '.join(tables)} until the last deploy; "
            f"without triggers it takes {counted(len(other.deploys), 'deploy')} (--sync app).",
        )
    else:
        yield from _wrapped(
            "The price: ",
            f"code that writes both columns; with a trigger on every write of {', '.join(tables)} "
            f"it takes {counted(len(other.deploys), 'deploy')} (--sync trigger).",
        )


def _syncs(act: object) -> bool:
    return type(act).__name__ == "SyncFields"


def _hanging(first: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        f"{first} {text}",
        _WIDTH + 20,
        subsequent_indent=" " * 23,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _wrapped(label: str, text: str, indent: int = 0) -> Iterator[str]:
    room = " " * indent
    start = label if label.startswith(" ") else room + label
    yield from textwrap.wrap(
        start + text, _WIDTH + 20, subsequent_indent=room, break_long_words=False, break_on_hyphens=False
    )
