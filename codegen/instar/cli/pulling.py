"""What a live database says about itself: its schema, its Alembic heads, how far its backfills are."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from instar.environments import BackfillState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.environments import EnvironmentState
    from instar.schema.migration import Migration
    from instar.schema.model import Schema
    from instar.schema.operations import BackfillWork


def pulled(state: EnvironmentState, url: str, migrations: Sequence[Migration]) -> EnvironmentState:
    """The state with what the database says now.

    Rows that a verification would list are counted, so that a gate rests on data and not on a log.

    Args:
        state: What is recorded so far.
        url: The database.
        migrations: Those whose backfills are looked at.

    Raises:
        InstarError: The database cannot be reached.
    """
    from instar.dialects.sqlalchemy.engine import connect, resolve_url  # noqa: PLC0415 - loads SQLAlchemy
    from instar.dialects.sqlalchemy.inspect import inspect_connection  # noqa: PLC0415

    what = f'the database of "{state.name}"'
    with connect(resolve_url(url, what), what) as connection:
        schema = inspect_connection(connection)
        revisions = _revisions(connection)
    return msgspec.structs.replace(
        state,
        schema=schema,
        revisions=revisions,
        backfills=_backfills(url, schema, migrations),
        database_as_of=dt.datetime.now(dt.UTC).replace(microsecond=0),
    )


def _revisions(connection: object) -> tuple[str, ...]:
    import sqlalchemy as sa  # noqa: PLC0415 - loads SQLAlchemy

    assert isinstance(connection, sa.Connection)
    if not sa.inspect(connection).has_table("alembic_version"):
        return ()
    rows = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars()
    return tuple(sorted(map(str, rows)))


def _backfills(url: str, schema: Schema, migrations: Sequence[Migration]) -> dict[str, BackfillState]:
    from instar.backfill import read_progress, verify  # noqa: PLC0415 - loads SQLAlchemy

    progress = {one.name: one for one in read_progress(url)}
    found: dict[str, BackfillState] = {}
    for work, counted in _works(migrations, schema):
        one = progress.get(work.name)
        state = BackfillState()
        if one is not None:
            state = BackfillState(
                status=one.status,
                processed=one.processed,
                total=one.total,
                error=one.error if one.status == "failed" else None,
            )
        if counted:
            checked = verify(work, url, sample=0)
            state = msgspec.structs.replace(state, remaining=checked.left, disagreeing=checked.disagree)
        found[work.name] = state
    return found


def _works(migrations: Sequence[Migration], schema: Schema) -> Iterator[tuple[BackfillWork, bool]]:
    """Every work of a backfill or verification once, and whether its rows can be counted yet."""
    works: dict[str, tuple[BackfillWork, bool]] = {}
    for migration in migrations:
        for step in migration.steps:
            if step.work is None:
                continue
            table = schema.table(step.work.table, step.work.namespace)
            there = table is not None and table.field(step.work.target) is not None
            source_there = there and table is not None and _old_is_there(migration, step.work, table.field)
            source_there = source_there and all(
                table is not None and table.field(name) for name in step.work.reads
            )
            if step.kind == "verify" or step.work.name not in works:
                works[step.work.name] = (step.work, source_there)
    yield from works.values()


def _old_is_there(migration: Migration, work: BackfillWork, field: object) -> bool:
    """Whether the column that a copy reads is still there; after the contract it is not, and nothing is to be counted."""
    from instar.schema.operations import DropField, UnsyncFields  # noqa: PLC0415

    assert callable(field)
    for step in migration.steps:
        for act in step.operations:
            if isinstance(act, UnsyncFields) and act.new.name == work.target and act.table == work.table:
                return field(act.old.name) is not None
            if (
                isinstance(act, DropField)
                and act.table == work.table
                and work.agrees
                and act.field.name in work.agrees
            ):
                return field(act.field.name) is not None
    return True
