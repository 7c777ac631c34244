"""What one file tells by itself, until the rest of its project has been read.

Committed migrations and recorded environments say what is in flight, and the file's own classes say what its code
means. Nothing is concluded from what other files may hold: where no environment is recorded, only revisions are judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.ledger import ledger_of
from instar.schema.virtual import declared_after
from instar.sources import OverlaySource
from instar_lint.deployment import Deployment, Origin
from instar_lint.in_flight import Sides, in_flight, is_finished
from instar_lint.project import LintProject
from instar_lint.python.knowledge import Knowledge
from instar_lint.python.modules import Modules
from instar_lint.revision_files import new_revisions
from instar_lint.standings import applied_revisions, recorded
from instar_lint.versions import names_of

if TYPE_CHECKING:
    from instar.config import Config
    from instar.dialects.sqlalchemy.mapping import Reading
    from instar.sources import Source
    from instar_lint.versions import Labels


def alone(
    source: Source,
    base: Source | None,
    config: Config,
    labels: Labels,
    path: str,
    *,
    environment: str | None = None,
) -> LintProject:
    """The version as far as one of its files tells; cheap, however large the project is.

    Args:
        source: The version, with the file's unsaved content.
        base: What counts as deployed where nothing is recorded; None where there is no history.
        config: The configuration of the project.
        labels: How messages name the two.
        path: The file.
        environment: The one environment that counts; all required ones when None.

    Raises:
        InstarError: The file contradicts itself, or a migration or a record cannot be read.
    """
    others = (file.path for file in source.files((".py",)) if file.path != path)
    only = OverlaySource(source, dict.fromkeys(others))
    free = msgspec.structs.replace(config, schema=())
    reading = read_models(only, free, Cache(None))
    modules = Modules(only, [path], dict(reading.models.modules))
    deployment = _deployment(source, config, labels, reading, environment)
    return LintProject(
        source=source,
        config=config,
        deployment=msgspec.structs.replace(deployment, backend=config.backend, configured=True),
        knowledge=Knowledge(reading.models, modules=modules, types=config.types, schema=deployment.declared),
        revisions=new_revisions(source, base, applied_revisions(source, config)),
        read=frozenset(),
    )


def _deployment(
    source: Source, config: Config, labels: Labels, reading: Reading, environment: str | None
) -> Deployment:
    """What committed migrations say is in flight, where it is recorded what every environment has; else nothing."""
    records = recorded(source, config, environment)
    states = records.states.values()
    known = bool(states) and not records.outdated and all(state.schema is not None for state in states)
    standings = records.standings(reading.schema, labels.before) if known else ()
    migrations = tuple(m for m in ledger_of(source, config).migrations if not is_finished(m, standings))
    if not known or not migrations:
        origin = Origin(before=labels.before, after=labels.after)
        return Deployment(declared=reading.schema, environments=(), target=reading.schema, origin=origin)
    declared = declared_after(migrations[-1], migrations[-1].generated)
    sides = Sides(
        declared=declared,
        label=labels.after,
        base=declared,
        base_label=labels.before,
        names=names_of(reading.models, reading.models),
    )
    return in_flight(sides, migrations, standings, ())
