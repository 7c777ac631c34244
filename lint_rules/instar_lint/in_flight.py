"""A deployment from committed migrations and what is recorded of the environments.

What leaves and what arrives is read off the plan (`instar.schema.virtual`), so that the linter and the planner
cannot disagree about what exists when.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.python_text import slug
from instar.schema.change import FieldChange, IndexChange
from instar.schema.model import Field, Schema
from instar.schema.operations import CreateIndex, SyncFields
from instar.schema.virtual import declared_after
from instar_lint.accessors import AccessorModule
from instar_lint.deployment import Deployment, Environment, FieldInFlight, Origin, TableKey
from instar_lint.versions import Names, removed_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.schema.change import Change
    from instar.schema.migration import Migration


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far one environment is, as far as the linter asks.

    Attributes:
        name: The environment, or the label of the version that counts as deployed.
        schema: What is deployed there; an index that is not valid is marked so.
        filled: The names of the backfills that are complete there.
        recorded: Whether somebody recorded it.
        as_of: When that was, where the record says so.
    """

    name: str
    schema: Schema
    filled: frozenset[str] = frozenset()
    recorded: bool = True
    as_of: dt.datetime | None = None


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """The linted source.

    Attributes:
        declared: What it declares.
        label: How messages name it.
        base: What counts as deployed where nothing is recorded.
        base_label: How messages name that.
        names: What code calls the fields.
        accessors: The generated accessors, by table.
    """

    declared: Schema
    label: str
    base: Schema
    base_label: str
    names: Names = Names()
    accessors: dict[TableKey, AccessorModule] = {}


def in_flight(
    sides: Sides, migrations: Sequence[Migration], standings: Sequence[Standing], unplanned: Sequence[Change]
) -> Deployment:
    """What pending migrations mean for the linted source.

    Args:
        sides: The linted source and what counts as deployed without a record.
        migrations: Those that are not finished, oldest first.
        standings: The environments that count; the base where none is recorded.
        unplanned: The changes of the source that no migration carries.
    """
    origin = plain = Origin(before=sides.base_label, after=sides.label)
    places = standings or (Standing(name=sides.base_label, schema=sides.base, recorded=False),)
    if migrations:
        last = migrations[-1]
        origin = msgspec.structs.replace(origin, migration=last.name, deploy=last.generated or 1)
    return Deployment(
        declared=sides.declared,
        environments=tuple(
            Environment(name=s.name, schema=s.schema, recorded=s.recorded, as_of=s.as_of) for s in places
        ),
        target=_without_dropped(migrations[-1].target, unplanned) if migrations else sides.declared,
        origin=origin,
        base=sides.base,
        fields=(
            *(one for migration in migrations for one in _fields(migration, sides, places)),
            *removed_fields(unplanned, sides.declared, plain, sides.names),
        ),
        changes=tuple(unplanned),
        index_origins={
            key: msgspec.structs.replace(origin, migration=m.name, deploy=number)
            for m in migrations
            for key, number in _index_deploys(m)
        },
        configured=True,
    )


def _without_dropped(target: Schema, unplanned: Sequence[Change]) -> Schema:
    """The target without the indexes that the source drops besides."""
    gone = {
        (change.namespace, change.table, change.before.name)
        for change in unplanned
        if isinstance(change, IndexChange) and change.before is not None
    }
    tables = (
        msgspec.structs.replace(t, indexes=tuple(i for i in t.indexes if (*t.key, i.name) not in gone))
        for t in target.tables
    )
    return msgspec.structs.replace(target, tables=tuple(tables))


def is_finished(migration: Migration, standings: Sequence[Standing]) -> bool:
    """Whether every environment has got what the migration wants: nothing of it is in flight any more."""
    keys = {(change.namespace, change.table) for change in migration.changes}
    works = {step.work.name for step in migration.steps if step.kind == "backfill" and step.work}
    return bool(standings) and all(
        (not standing.recorded or works <= standing.filled)
        and all(_matches(_table_of(standing.schema, key), _table_of(migration.target, key)) for key in keys)
        for standing in standings
    )


def _table_of(schema: Schema, key: TableKey) -> dict[str, Field] | None:
    table = schema.table(key[1], key[0])
    return {field.name: field for field in table.fields} if table else None


def _matches(have: dict[str, Field] | None, want: dict[str, Field] | None) -> bool:
    if have is None or want is None:
        return have is want
    same = {name: field.optional for name, field in have.items()}
    return same == {name: field.optional for name, field in want.items()}


def _fields(migration: Migration, sides: Sides, standings: Sequence[Standing]) -> Iterator[FieldInFlight]:
    origin = Origin(
        before=sides.base_label, after=sides.label, migration=migration.name, deploy=migration.generated or 1
    )
    pairs = _pairs(migration)
    places = tuple(standing.name for standing in standings)
    yield from _leaving(migration, sides, origin, pairs, places)
    for step in migration.steps:
        if step.kind != "backfill" or step.work is None or step.work.clear:
            continue
        empty = tuple(s.name for s in standings if step.work.name not in s.filled)
        key = (step.work.namespace, step.work.table)
        field = _field(sides.declared, key, step.work.target) or _field(
            migration.target, key, step.work.target
        )
        if not empty or field is None:
            continue
        old = next(
            (old for (k, old_name), (old, new) in pairs.items() if k == key and new.name == field.name), None
        )
        yield _named(
            migration,
            sides,
            FieldInFlight(
                table=step.work.table,
                namespace=step.work.namespace,
                field=field,
                state="unfilled",
                names=frozenset({field.code_name}),
                origin=origin,
                environments=empty,
                successor=old,
                synced=migration.sync == "trigger",
                kept=_kept(migration, key),
                convertible=_is_rename(migration, key, field.name),
            ),
            field,
        )


def _leaving(
    migration: Migration,
    sides: Sides,
    origin: Origin,
    pairs: dict[tuple[TableKey, str], tuple[Field, Field]],
    places: tuple[str, ...],
) -> Iterator[FieldInFlight]:
    """The fields that the plan unmaps, in the order of their tables."""
    expected = declared_after(migration, migration.generated)
    final = declared_after(migration, len(migration.deploys))
    for table in migration.before.tables:
        kept = final.table(table.name, table.namespace)
        stay = {field.name for field in kept.fields} if kept else set()
        survive = {field.code_name for field in kept.fields} if kept else set()
        for field in table.fields:
            if field.name in stay:
                continue
            mapped = _field(sides.declared, table.key, field.name)
            new = pairs.get((table.key, field.name), (None, None))[1]
            leaving = FieldInFlight(
                table=table.name,
                namespace=table.namespace,
                field=mapped or field,
                state="leaving" if mapped else "removed",
                names=frozenset({field.code_name, (mapped or field).code_name} - survive),
                origin=origin,
                environments=places,
                successor=new,
                synced=migration.sync == "trigger",
                kept=_kept(migration, table.key),
                convertible=new is not None and _is_rename(migration, table.key, new.name),
                unmap_now=mapped is not None and _field(expected, table.key, field.name) is None,
            )
            found = _named(migration, sides, leaving, new)
            if mapped is None or new is None or found.accessor or _field(sides.declared, table.key, new.name):
                yield found  # otherwise there is nothing yet that code could read or write in its place


def _kept(migration: Migration, key: TableKey) -> bool:
    """Whether the listeners of a table are generated."""
    name = f"{slug(key[0] or '', key[1])}_in_step.py"
    return any(path.rpartition("/")[2] == name for path in migration.files)


def _named(migration: Migration, sides: Sides, one: FieldInFlight, field: Field | None) -> FieldInFlight:
    """With the accessor that reads `field`, where it has been generated."""
    module = sides.accessors.get(one.key)
    if field is None or module is None:
        return one
    final = _field(migration.target, one.key, field.name) or field
    return msgspec.structs.replace(
        one,
        accessor=module.named(final.code_name),
        expression=module.named(f"{final.code_name}_expression"),
    )


def _pairs(migration: Migration) -> dict[tuple[TableKey, str], tuple[Field, Field]]:
    """Old and new field of every rename and change of type, by table and old stored name."""
    found: dict[tuple[TableKey, str], tuple[Field, Field]] = {}
    for step in migration.steps:
        for act in step.operations:
            if isinstance(act, SyncFields):
                found[(act.namespace, act.table), act.old.name] = (act.old, act.new)
        for access in step.access:
            if access.old is not None:
                key = (access.namespace, access.table)
                found.setdefault((key, access.old.name), (access.old, access.field))
    return found


def _is_rename(migration: Migration, key: TableKey, name: str) -> bool:
    return any(
        isinstance(change, FieldChange)
        and change.kind == "rename_field"
        and (change.namespace, change.table, change.field) == (*key, name)
        for change in migration.changes
    )


def _field(schema: Schema, key: TableKey, name: str) -> Field | None:
    table = schema.table(key[1], key[0])
    return table.field(name) if table else None


def _index_deploys(migration: Migration) -> Iterator[tuple[tuple[TableKey, str | None], int]]:
    for deploy in migration.deploys:
        for step in deploy.steps:
            for act in step.operations:
                if isinstance(act, CreateIndex):
                    yield ((act.namespace, act.table), act.index.name), deploy.number
