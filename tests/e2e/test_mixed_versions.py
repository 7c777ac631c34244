"""Every change on every database under traffic of old and new code: no error, no lost write, no stale read.

A seeded schedule steps the versions of the application, each on a connection of its own, through every boundary
of the plan, with a transaction open across each DDL revision. The revisions are the generated ones, applied by
Alembic; the backfills are run by the real runner. Planted defects show that the schedules would notice.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from instar.dialects.sqlalchemy import listeners
from instar.errors import InstarError
from instar.schema.migration import Migration, Step
from instar.schema.operations import CheckFilled, DropField, SyncFields, UnsyncFields
from rolling.cases import CASES
from rolling.schedule import Schedule, prepared

SEEDS = range(10)
SOAK = range(200)
FAILS = (AssertionError, sa.exc.SQLAlchemyError, InstarError)


def backend_of(url: str) -> str:
    return sa.make_url(url).get_backend_name()


@pytest.mark.parametrize("name", CASES)
def test_old_and_new_code_work_side_by_side(database: str, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    migration = case.plan(backend_of(database))
    versions = prepared(case, migration, tmp_path, database)
    for seed in SEEDS:
        Schedule(case, versions, seed).go()


@pytest.mark.soak
@pytest.mark.parametrize("name", CASES)
def test_many_schedules(database: str, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    migration = case.plan(backend_of(database))
    versions = prepared(case, migration, tmp_path, database)
    for seed in SOAK:
        Schedule(case, versions, seed).go()


def changed(migration: Migration, change: object) -> Migration:
    """The migration with each step put through a function."""
    deploys = tuple(
        msgspec.structs.replace(deploy, steps=tuple(change(step) for step in deploy.steps))  # type: ignore[operator]  # the table of defects holds functions
        for deploy in migration.deploys
    )
    return msgspec.structs.replace(migration, deploys=deploys)


def without_triggers(step: Step) -> Step:
    """The columns are never kept in step."""
    operations = []
    for act in step.operations:
        if isinstance(act, UnsyncFields) and act.dropped is not None:
            operations.append(DropField(table=act.table, field=act.dropped))
        elif not isinstance(act, SyncFields | UnsyncFields):
            operations.append(act)
    return msgspec.structs.replace(step, operations=tuple(operations))


def with_greedy_guard(step: Step) -> Step:
    """The backfill copies wherever the columns differ."""
    if step.work is None or step.kind != "backfill":
        return step
    guard = f"{step.work.target} IS NULL OR {step.work.target} <> ({step.work.expression})"
    return msgspec.structs.replace(step, work=msgspec.structs.replace(step.work, guard=guard))


def without_check(step: Step) -> Step:
    """The contract does not look at the data."""
    kept = tuple(act for act in step.operations if not isinstance(act, CheckFilled))
    return msgspec.structs.replace(step, operations=kept)


def same(step: Step) -> Step:
    return step


DEFECTS = {
    "no trigger": ("rename", without_triggers),
    "wrong guard": ("change a type, code first", with_greedy_guard),
    "drop before unmap": ("remove a field", same),
    "no listener": ("rename, in the application", same),
    "missing sweep": ("add a required field, filled", without_check),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_noticed(
    database: str, tmp_path: Path, defect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, plant = DEFECTS[defect]
    case = CASES[name]
    if defect == "no listener":
        monkeypatch.setattr(listeners, "in_step_module", lambda *_: "def in_step(model): return model")
    migration = changed(case.plan(backend_of(database)), plant)
    versions = prepared(case, migration, tmp_path, database)
    steps = [(deploy, step) for deploy in migration.deploys for step in deploy.steps]
    skip: frozenset[str] = frozenset()
    if defect == "missing sweep":
        skip = frozenset(step.id for _, step in steps if step.kind in {"backfill", "verify"})
    if defect == "drop before unmap":
        steps.sort(key=lambda pair: pair[1].kind != "ddl")
    noticed = 0
    for seed in SEEDS:
        try:
            Schedule(case, versions, seed).go(skip, steps)
        except FAILS:
            noticed += 1
    assert noticed, "no schedule notices it"
