"""Which environments count for a version, and how far each of them is recorded to be."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from instar.config import EnvironmentConfig
from instar.environments import EnvironmentState, read_states
from instar.environments.evidence import ago, parse_age
from instar.errors import InstarError
from instar_lint.in_flight import Standing

if TYPE_CHECKING:
    from instar.config import Config
    from instar.schema.model import Schema
    from instar.sources import Source


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The records that count.

    Attributes:
        states: By environment.
        outdated: For each environment whose record is too old to count, a line that says so.
    """

    states: dict[str, EnvironmentState] = {}
    outdated: tuple[str, ...] = ()

    def standings(self, base: Schema, label: str) -> tuple[Standing, ...]:
        """How far the environments are; the base among them where nothing is recorded, or a record is too old.

        Args:
            base: What is deployed where a record does not tell the schema.
            label: How messages name the base.
        """
        known = tuple(
            Standing(
                name=name,
                schema=state.schema or base,
                as_of=state.database_as_of if state.schema else state.code_as_of,
                filled=frozenset(w for w, work in state.backfills.items() if work.status == "completed"),
            )
            for name, state in self.states.items()
        )
        if known and not self.outdated:
            return known
        return (*known, Standing(name=label, schema=base, recorded=False))


def recorded(
    source: Source, config: Config, environment: str | None = None, now: dt.datetime | None = None
) -> Recorded:
    """What is recorded of the environments that count: those that are required, or the one that is named.

    Args:
        source: The version that holds the records.
        config: The configuration; a record older than its environment's `max_age` does not count.
        environment: The one environment that counts.
        now: What ages are measured against; the clock's time when None.

    Raises:
        InstarError: A record cannot be read, `max_age` is no duration, or the environment is not known.
    """
    states = read_states(source, config)
    if environment is not None and environment not in {*states, *config.environments}:
        known = ", ".join(sorted({*states, *config.environments})) or "none"
        raise InstarError(f'there is no environment "{environment}". Known: {known}.')
    now = now or dt.datetime.now(dt.UTC)
    counted: dict[str, EnvironmentState] = {}
    outdated: list[str] = []
    for name in [environment] if environment else sorted(states):
        settings = config.environments.get(name, EnvironmentConfig())
        if name not in states or not (environment or settings.required):
            continue
        age = _outdated(states[name], settings, now)
        if age is None:
            counted[name] = states[name]
        else:
            outdated.append(
                f"the record of {name} {age} and must not be older than {settings.max_age}: the "
                f"merge-base counts instead. Renew it with: instar state pull --env {name}"
            )
    return Recorded(states=counted, outdated=tuple(outdated))


def _outdated(state: EnvironmentState, settings: EnvironmentConfig, now: dt.datetime) -> str | None:
    """How old a record is, where that is too old to count; one without a date is of any age."""
    longest = parse_age(settings.max_age)
    if longest is None:
        return None
    if state.database_as_of is None:
        return "has no date"
    age = now - state.database_as_of
    return f"is from {ago(state.database_as_of, now)}" if age > longest else None


def applied_revisions(source: Source, config: Config) -> frozenset[str]:
    """The Alembic revisions that some environment is recorded to have."""
    return frozenset(r for state in read_states(source, config).values() for r in state.revisions)
