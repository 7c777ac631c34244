"""Every operation as a revision on a real database: up, down, up again, with the rows compared."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from alembic_project import Project
from instar.dialects.sqlalchemy.revision import write_revision
from instar.schema.migration import Deploy, Migration, Step
from instar.schema.model import Constraint, Default, Schema, Table
from instar.schema.operations import (
    AddConstraint,
    AddField,
    BackfillWork,
    ChangeFieldType,
    ChangeServerDefault,
    CheckFilled,
    Conversion,
    CreateIndex,
    DropField,
    DropIndex,
    Operation,
    RelaxField,
    RequireField,
    SyncFields,
    UnsyncFields,
)
from instar.schema.types import IntType, StringType
from schema_parts import INT, field, index, table, unique

KEY = Constraint(kind="primary_key", fields=("id",))
NAME, PRIORITY = field("name"), field("order")  # `order` is a word of SQL
TASKS = table(
    "tasks", field("id", INT), NAME, PRIORITY, field("note", optional=True), index("ix_note", "note"), KEY
)
LABEL, RANK = field("label", optional=True), field("rank", INT, optional=True)
SCALE = Conversion(mapping=(("low", 1), ("medium", 2), ("high", 3)), up_default=0, down_default="medium")
RANK_SQL = "CASE {order} WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 ELSE 0 END"
ROWS = [(1, "Ann", "low", None), (2, "Bob", "urgent", "x"), (3, "o'Neil", "high", "ü%:a")]


def migration(backend: str, *steps: tuple[Operation, ...], before: Table = TASKS) -> Migration:
    """A migration of one deploy with a DDL step for each group of operations."""
    made = tuple(
        Step(id=f"ddl-{n}", kind="ddl", phase="expand", title=f"step {n}", operations=group)
        for n, group in enumerate(steps, 1)
    )
    schema = Schema(dialect="sqlalchemy", tables=(before,))
    return Migration(
        id="0badcafe",
        name="tasks",
        dialect="sqlalchemy",
        deploy_model="rolling",
        backend=backend,
        before=schema,
        target=schema,
        changes=(),
        deploys=(Deploy(number=1, steps=made),),
    )


def backend_of(url: str) -> str:
    return sa.make_url(url).get_backend_name()


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


def write(project: Project, plan: Migration) -> list[str]:
    """Write the revisions of a migration; their ids in order."""
    parent, ids = "0001", []
    for step in plan.steps:
        revision = write_revision(plan, step, (parent,), "migrations/versions")
        project.write(revision.path, revision.text)
        parent = revision.id
        ids.append(parent)
    return ids


def seen(url: str) -> dict[str, object]:
    """What the database holds: columns with nullability, indexes, triggers and rows."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        columns = {
            c["name"]: (c["nullable"], c["default"], str(c["type"])) for c in inspector.get_columns("tasks")
        }
        indexes = {i["name"]: tuple(i["column_names"]) for i in inspector.get_indexes("tasks")}
        names = [n for n in columns if n in {"id", "name", "order", "note"}]
        quoted = ", ".join(engine.dialect.identifier_preparer.quote(n) for n in names)
        rows = [tuple(r) for r in connection.exec_driver_sql(f"SELECT {quoted} FROM tasks ORDER BY id")]
        unique = {str(u["name"]) for u in inspector.get_unique_constraints("tasks")}
        extra = [t for t in inspector.get_table_names() if t.startswith("instar_sync")]
    engine.dispose()
    return {"columns": columns, "indexes": indexes, "rows": rows, "extra": extra, "unique": unique}


SYNC_NAME = (
    AddField(table="tasks", field=LABEL),
    SyncFields(table="tasks", old=NAME, new=LABEL, key=("id",)),
)
SYNC_RANK = (
    AddField(table="tasks", field=RANK),
    RelaxField(table="tasks", field=PRIORITY),
    SyncFields(table="tasks", old=PRIORITY, new=RANK, key=("id",), conversion=SCALE),
)
FILL = BackfillWork(
    name="0badcafe/tasks.note", table="tasks", target="note", guard="note IS NULL", expression="name"
)
REQUIRED = field("level", INT, server_default=Default(text="7", constant=True))

CASES: dict[str, tuple[Operation, ...]] = {
    "add an optional field": (AddField(table="tasks", field=LABEL),),
    "add a required field with a default": (AddField(table="tasks", field=REQUIRED),),
    "relax": (RelaxField(table="tasks", field=NAME),),
    "require, filling what is empty": (
        CheckFilled(table="tasks", work=FILL),
        RequireField(table="tasks", field=TASKS.field("note")),
    ),
    "widen a type": (
        ChangeFieldType(table="tasks", before=NAME, after=field("name", StringType(length=60))),
    ),
    "server default": (
        ChangeServerDefault(table="tasks", field=NAME, after=Default(text="'x'", constant=True)),
    ),
    "create an index": (CreateIndex(table="tasks", index=index("by_name", "name", "order")),),
    "create a unique index": (CreateIndex(table="tasks", index=index("u_name", "name", unique=True)),),
    "drop an index": (DropIndex(table="tasks", index=index("ix_note", "note")),),
    "unique constraint": (AddConstraint(table="tasks", constraint=unique("name", name="uq_name")),),
    "constraints with quotes in their names": (
        AddConstraint(table="tasks", constraint=unique("name", name='uq"na me')),
        AddConstraint(table="tasks", constraint=unique("name", "id", name='uq""')),
    ),
    "sync a rename": SYNC_NAME,
    "sync a type change": SYNC_RANK,
}

COPIED = {"widen a type", "server default", "unique constraint", "constraints with quotes in their names"}
NAMED = {"drop an index": "ix_note"}


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


def values(url: str, *names: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url)
    tasks = sa.table("tasks", *map(sa.column, names), sa.column("id"))
    with engine.connect() as connection:
        rows = [
            tuple(r) for r in connection.execute(sa.select(*(tasks.c[n] for n in names)).order_by(tasks.c.id))
        ]
    engine.dispose()
    return rows


def run(url: str, statement: str) -> None:
    engine = sa.create_engine(url)
    quote = engine.dialect.identifier_preparer.quote
    with engine.begin() as connection:
        connection.exec_driver_sql(
            statement.replace("{order}", quote("order")).replace("{rank}", quote("rank"))
        )
    engine.dispose()


def tables(url: str) -> list[str]:
    """The names of all tables."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    names = sa.inspect(engine).get_table_names()
    engine.dispose()
    return names


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


def cursor_names(url: str) -> list[str]:
    """Column names as the driver gives them: SQLAlchemy's reflection of MariaDB keeps doubled quotes."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        names = list(connection.exec_driver_sql("SELECT * FROM tasks").keys())
    engine.dispose()
    return names


COLLATED = """CREATE TABLE tasks (id INTEGER PRIMARY KEY, name VARCHAR(50) COLLATE NOCASE NOT NULL,
    "order" VARCHAR(50) NOT NULL COLLATE RTRIM, note VARCHAR(50){note})"""


def collated(tmp_path: Path, note: str = "") -> Project:
    """A project on SQLite whose columns compare in ways of their own."""
    made = Project(tmp_path / "project", f"sqlite:///{tmp_path / 'collated.sqlite'}")
    run(made.url, "DROP TABLE IF EXISTS tasks")
    engine = sa.create_engine(made.url)
    with engine.begin() as connection:
        connection.exec_driver_sql(COLLATED.format(note=note))
        connection.exec_driver_sql("INSERT INTO tasks (id, name, \"order\") VALUES (1, 'Ann', 'low')")
    engine.dispose()
    return made


@pytest.mark.parametrize("case", ["widen a type", "server default", "unique constraint", "relax"])
def test_a_copied_table_keeps_the_collations_of_its_columns(tmp_path: Path, case: str) -> None:
    made = collated(tmp_path)
    write(made, migration("sqlite", CASES[case]))
    made.upgrade()
    engine = sa.create_engine(made.url)
    with engine.connect() as connection:
        found = "SELECT count(*) FROM tasks WHERE name = 'ANN' AND \"order\" = 'low  '"
        assert connection.exec_driver_sql(found).scalar() == 1
        assert not [i for i in sa.inspect(connection).get_indexes("tasks") if "instar" in str(i["name"])]
    engine.dispose()


def test_a_collation_that_a_copy_would_lose_stops_it(tmp_path: Path) -> None:
    made = collated(tmp_path, note=", size INTEGER COLLATE NOCASE")
    engine = sa.create_engine(made.url)
    with engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all()
    write(made, migration("sqlite", CASES["unique constraint"]))
    with pytest.raises(RuntimeError, match=r"tasks.size has COLLATE NOCASE"):
        made.upgrade()
    with engine.connect() as connection:
        now = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all()
    engine.dispose()
    assert [row for row in now if row.name != "alembic_version" and "version" not in row.name] == stored


@pytest.mark.mariadb
def test_mariadb_keeps_all_else_of_a_column_that_may_be_null(mariadb: str, tmp_path: Path) -> None:
    made = Project(tmp_path / "project", mariadb)
    run(mariadb, "DROP TABLE IF EXISTS tasks")
    run(
        mariadb,
        "CREATE TABLE tasks (id INT PRIMARY KEY, name VARCHAR(50) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s' "
        "COMMENT 'who''s', `order` DATETIME(3) NOT NULL DEFAULT '2000-01-01' ON UPDATE CURRENT_TIMESTAMP(3), "
        "note INT NOT NULL CHECK (note > 0 AND note <> 7))",
    )
    stored = created_as(mariadb)
    columns = (NAME, PRIORITY, field("note"))
    write(made, migration("mariadb", tuple(RelaxField(table="tasks", field=one) for one in columns)))
    made.upgrade()
    for kept in ("utf8mb4_bin", "who''s", "ON UPDATE current_timestamp(3)", "`note` <> 7"):
        assert kept in created_as(mariadb)
    assert created_as(mariadb) != stored
    made.downgrade("0001")
    assert created_as(mariadb) == stored


def created_as(url: str) -> str:
    """The table as MariaDB would make it again."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        text = connection.exec_driver_sql("SHOW CREATE TABLE tasks").one()[1]
    engine.dispose()
    return text


def test_a_copied_table_keeps_what_reflection_leaves_out(tmp_path: Path) -> None:
    made = Project(tmp_path / "project", f"sqlite:///{tmp_path / 'odd.sqlite'}")
    run(
        made.url,
        'CREATE TABLE tasks (id INTEGER PRIMARY KEY AUTOINCREMENT, "na""me" VARCHAR(50), note INTEGER CHECK (note > 0), '
        'CONSTRAINT one UNIQUE ("na""me"), CHECK (note <> 7), CONSTRAINT two CHECK (note <> 8))',
    )
    run(made.url, "INSERT INTO tasks (id, note) VALUES (1, 1), (9, 9)")
    run(made.url, "DELETE FROM tasks WHERE id = 9")
    change = ChangeServerDefault(
        table="tasks", field=field("note", INT), after=Default(text="5", constant=True)
    )
    write(made, migration("sqlite", (change,)))
    made.upgrade()
    run(made.url, 'INSERT INTO tasks ("na""me") VALUES (\'a\')')
    engine = sa.create_engine(made.url)
    with engine.connect() as connection:
        text = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'tasks'").scalar_one()
        assert connection.exec_driver_sql("SELECT id, note FROM tasks WHERE id > 1").all() == [(10, 5)]
    engine.dispose()
    for kept in (
        'CONSTRAINT one UNIQUE ("na""me")',
        "CHECK (note > 0)",
        "CHECK (note <> 7)",
        "CONSTRAINT two CHECK",
    ):
        assert kept in text
