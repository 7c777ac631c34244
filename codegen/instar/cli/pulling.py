"""What a live database says about itself: its schema, its Alembic heads, how far its backfills are."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from instar.environments import BackfillState
from instar.schema.operations import DropField, UnsyncFields
from instar.schema.sql_text import names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from instar.environments import EnvironmentState
    from instar.schema.migration import Migration
    from instar.schema.model import Schema, Table
    from instar.schema.operations import BackfillWork


def pulled(
    state: EnvironmentState,
    url: str,
    migrations: Sequence[Migration],
    applied: Callable[[Sequence[str]], frozenset[str]],
) -> EnvironmentState:
    """The state with what the database says now.

    Rows that a verification would list are counted, so that a gate rests on data and not on a log.

    Args:
        state: What is recorded so far.
        url: The database.
        migrations: Those whose backfills are looked at.
        applied: The revisions that a database with these heads has.

    Raises:
        InstarError: The database cannot be reached.
    """
    from instar.dialects.sqlalchemy.engine import connect, resolve_url
    from instar.dialects.sqlalchemy.inspect import inspect_connection

    what = f'the database of "{state.name}"'
    with connect(resolve_url(url, what), what) as connection:
        schema = inspect_connection(connection)
        revisions = heads_of(connection)
    return msgspec.structs.replace(
        state,
        schema=schema,
        revisions=revisions,
        backfills=_backfills(url, schema, migrations, applied(revisions)),
        database_as_of=dt.datetime.now(dt.UTC).replace(microsecond=0),
    )


def heads_of(connection: object) -> tuple[str, ...]:
    """The Alembic heads of a database."""
    import sqlalchemy as sa

    assert isinstance(connection, sa.Connection)
    if not sa.inspect(connection).has_table("alembic_version"):
        return ()
    rows = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars()
    return tuple(sorted(map(str, rows)))


def _backfills(
    url: str, schema: Schema, migrations: Sequence[Migration], applied: frozenset[str]
) -> dict[str, BackfillState]:
    from instar.backfill import read_progress, verify

    progress = {one.name: one for one in read_progress(url)}
    found: dict[str, BackfillState] = {}
    for work, counted in _works(migrations, schema, applied):
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


def _works(
    migrations: Sequence[Migration], schema: Schema, applied: frozenset[str]
) -> Iterator[tuple[BackfillWork, bool]]:
    """Every work of a backfill or verification once, and whether its rows can be counted."""
    works: dict[str, tuple[BackfillWork, bool]] = {}
    for migration in migrations:
        ended = ended_works(migration, applied)
        for step in migration.steps:
            work = step.work
            if work is not None and (step.kind == "verify" or work.name not in works):
                table = schema.table(work.table, work.namespace)
                there = table is not None and _countable(work, table, migration)
                works[work.name] = (work, there and work.name not in ended)
    yield from works.values()


def ended_works(migration: Migration, applied: frozenset[str]) -> frozenset[str]:
    """The works whose other column an applied revision has dropped: a later column of that name is another one."""
    ended: set[str] = set()
    for contract in (step for step in migration.steps if migration.revisions.get(step.id) in applied):
        for act in contract.operations:
            if not isinstance(act, DropField | UnsyncFields):
                continue
            gone = act.field if isinstance(act, DropField) else act.dropped
            for step in migration.steps:
                work = step.work
                if work is None or gone is None or (work.namespace, work.table) != (act.namespace, act.table):
                    continue
                said = " ".join((work.guard, work.expression or "", work.agrees or ""))
                if set(step.changes) & set(contract.changes) and gone.name.casefold() in names_in(said):
                    ended.add(work.name)
    return frozenset(ended)


def _countable(work: BackfillWork, table: Table, migration: Migration) -> bool:
    """Whether expand has added what the work fills, and no contract, of whatever migration, dropped what it reads."""
    dropped = {
        act.field.name if isinstance(act, DropField) else act.old.name
        for step in migration.steps
        for act in step.operations
        if isinstance(act, DropField | UnsyncFields) and (act.namespace, act.table) == table.key
    }
    said = names_in(" ".join((work.guard, work.expression or "", work.agrees or "")))
    versions = (migration.before.table(*table.key[::-1]), migration.target.table(*table.key[::-1]))
    known = {field.name for version in versions if version is not None for field in version.fields}
    read = {name for name in known if name.casefold() in said} | set(work.reads)
    return all(table.field(name) is not None for name in {work.target, *dropped, *read})
