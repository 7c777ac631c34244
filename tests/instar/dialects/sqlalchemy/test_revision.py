"""Every operation as a revision on a real database: up, down, up again, with the rows compared."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from alembic_project import Project
from instar.schema.operations import (
    AddField,
    BackfillWork,
    CheckFilled,
    DropField,
    DropIndex,
    RequireField,
    UnsyncFields,
)
from instar.schema.types import IntType
from revision_cases import (
    CASES,
    COPIED,
    FILL,
    NAMED,
    PRIORITY,
    RANK,
    RANK_SQL,
    ROWS,
    SCALE,
    SYNC_RANK,
    TASKS,
    backend_of,
    cursor_names,
    migration,
    run,
    seen,
    tables,
    values,
    write,
)
from schema_parts import field, index


@pytest.fixture
def project(database: str, tmp_path: Path) -> Project:
    """A project whose database holds the table and three rows."""
    made = Project(tmp_path / "project", database)
    engine = sa.create_engine(database)
    metadata = sa.MetaData()
    tasks = sa.Table(
        "tasks",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("order", sa.String(50), nullable=False),
        sa.Column("note", sa.String(50), index=True),
    )
    tasks.indexes.clear()
    sa.Index("ix_note", tasks.c.note)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(tasks.insert(), [dict(zip(tasks.c.keys(), row, strict=True)) for row in ROWS])
    engine.dispose()
    return made


@pytest.mark.parametrize("case", CASES)
def test_each_operation_goes_up_down_and_up_again(project: Project, case: str) -> None:
    ids = write(project, migration(backend_of(project.url), CASES[case]))
    before = seen(project.url)
    project.upgrade()
    after = seen(project.url)
    assert after != before
    project.downgrade("0001")
    back = seen(project.url)
    if "filling" not in case:
        assert back == before
    project.upgrade(ids[-1])
    assert seen(project.url) == after


@pytest.mark.parametrize("case", CASES)
def test_a_script_can_be_printed_instead(project: Project, case: str) -> None:
    write(project, migration(backend_of(project.url), CASES[case]))
    if project.url.startswith("sqlite") and case in COPIED:
        with pytest.raises(NotImplementedError, match="without --sql"):
            project.upgrade(sql=True)
    else:
        assert NAMED.get(case, "tasks") in project.upgrade(sql=True)
    assert seen(project.url)["columns"].keys() == {"id", "name", "order", "note"}


def test_a_type_change_carries_every_value_through_expand_and_contract(project: Project) -> None:
    backend = backend_of(project.url)
    order = '"order"' if backend != "mariadb" else "`order`"
    work = BackfillWork(
        name="0badcafe/tasks.rank",
        table="tasks",
        target="rank",
        guard="rank IS NULL" if backend != "mariadb" else "`rank` IS NULL",
        expression=RANK_SQL.format(order=order),
    )
    pair = {"old": PRIORITY, "new": RANK, "key": ("id",), "conversion": SCALE}
    plan = migration(
        backend,
        SYNC_RANK,
        (
            CheckFilled(table="tasks", work=work),
            RequireField(table="tasks", field=RANK),
            UnsyncFields(table="tasks", dropped=PRIORITY, **pair),
        ),
    )
    first, last = write(project, plan)
    project.upgrade(first)
    assert values(project.url, "rank", "order") == [(None, "low"), (None, "urgent"), (None, "high")]
    run(project.url, "UPDATE tasks SET {order} = 'medium' WHERE id = 1")
    run(project.url, "INSERT INTO tasks (id, name, {rank}) VALUES (4, 'new', 3)")
    run(project.url, "INSERT INTO tasks (id, name, {order}) VALUES (5, 'old', 'HIGH')")
    run(project.url, "UPDATE tasks SET {rank} = 4 WHERE id = 5")
    run(project.url, "UPDATE tasks SET name = 'saved again', {order} = 'medium' WHERE id = 5")
    kept = [(2, "medium"), (None, "urgent"), (None, "high"), (3, "high"), (4, "medium")]
    assert values(project.url, "rank", "order") == kept
    project.upgrade(last)
    assert values(project.url, "rank") == [(2,), (0,), (3,), (3,), (4,)]
    assert "order" not in seen(project.url)["columns"]
    project.downgrade(first)
    assert [row[0] for row in values(project.url, "rank")] == [2, 0, 3, 3, 4]
    assert all(row[0] for row in values(project.url, "order"))
    run(project.url, "UPDATE tasks SET {order} = 'low' WHERE id = 4")
    assert values(project.url, "rank")[3] == (1,)
    project.upgrade()
    assert values(project.url, "rank") == [(2,), (0,), (3,), (1,), (4,)]


def test_values_that_the_new_column_cannot_express_are_kept_aside(project: Project) -> None:
    pair = {"old": PRIORITY, "new": RANK, "key": ("id",), "conversion": SCALE}
    plan = migration(
        backend_of(project.url), SYNC_RANK, (UnsyncFields(table="tasks", dropped=PRIORITY, **pair),)
    )
    first, _ = write(project, plan)
    project.upgrade(first)
    run(project.url, "UPDATE tasks SET {rank} = 0 WHERE id = 2")
    project.upgrade()
    engine = sa.create_engine(project.url)
    saved = sa.Table("instar_saved_tasks_order", sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        rows = {tuple(row) for row in connection.execute(sa.select(saved))}
    engine.dispose()
    assert (2, "urgent") in rows
    assert values(project.url, "rank")[1] == (0,)


def test_values_kept_aside_come_back_however_often_one_goes_up_and_down(project: Project) -> None:
    (first,) = write(project, migration(backend_of(project.url), SYNC_RANK))
    project.upgrade(first)
    run(project.url, "UPDATE tasks SET {rank} = 40 WHERE id = 1")
    run(project.url, "UPDATE tasks SET {rank} = 50 WHERE id = 2")
    run(project.url, "UPDATE tasks SET {rank} = 60 WHERE id = 3")
    project.downgrade("0001")
    run(project.url, "UPDATE tasks SET {order} = 'high' WHERE id = 3")
    project.upgrade(first)
    assert values(project.url, "rank", "order") == [(40, "medium"), (50, "medium"), (None, "high")]
    run(project.url, "UPDATE tasks SET {rank} = 41 WHERE id = 1")
    run(project.url, "UPDATE tasks SET {rank} = 2 WHERE id = 2")
    project.downgrade("0001")
    project.upgrade(first)
    assert values(project.url, "rank", "order") == [(41, "medium"), (None, "medium"), (None, "high")]
    assert not [name for name in tables(project.url) if name.startswith("instar_saved")]


def test_the_contract_refuses_while_a_backfill_is_missing(project: Project) -> None:
    work = msgspec.structs.replace(FILL, expression="NULL")
    limited = (
        CheckFilled(table="tasks", work=FILL, limit=0),
        RequireField(table="tasks", field=TASKS.field("note")),
    )
    write(project, migration(backend_of(project.url), limited))
    with pytest.raises(RuntimeError, match="instar run 0badcafe"):
        project.upgrade()
    assert seen(project.url)["columns"]["note"][0]
    for path in project.versions.glob("*ddl_1.py"):
        path.unlink()
    write(project, migration(backend_of(project.url), (CheckFilled(table="tasks", work=work),)))
    with pytest.raises(RuntimeError, match=r"\(id\): 1"):
        project.upgrade()
    assert [row[3] for row in seen(project.url)["rows"]] == [row[3] for row in ROWS]


def test_a_required_field_of_an_empty_table_needs_no_backfill(project: Project) -> None:
    run(project.url, "DELETE FROM tasks")
    operations = (
        CheckFilled(table="tasks", work=FILL, limit=0),
        RequireField(table="tasks", field=TASKS.field("note")),
    )
    write(project, migration(backend_of(project.url), operations))
    project.upgrade()
    assert not seen(project.url)["columns"]["note"][0]


def test_a_dropped_field_comes_back_empty(project: Project) -> None:
    drop = (
        (DropIndex(table="tasks", index=index("ix_note", "note")),),
        (DropField(table="tasks", field=TASKS.field("note")),),
    )
    write(project, migration(backend_of(project.url), *drop))
    project.upgrade()
    assert "note" not in seen(project.url)["columns"]
    project.downgrade("0001")
    assert [row[3] for row in seen(project.url)["rows"]] == [None, None, None]


def test_names_are_data(project: Project) -> None:
    odd = field('a"b`c\'; DROP TABLE tasks; -- """ \\ %(x)s :y é', IntType(bits=64), optional=True)
    write(project, migration(backend_of(project.url), (AddField(table="tasks", field=odd),)))
    for path in project.versions.glob("*.py"):
        ast.parse(path.read_text())
    project.upgrade()
    assert odd.name in cursor_names(project.url)
    project.downgrade("0001")
    assert odd.name not in cursor_names(project.url)
