"""What a table keeps that SQLite copies, or whose columns MariaDB states anew."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from alembic_project import Project
from instar.schema.model import Default
from instar.schema.operations import (
    ChangeServerDefault,
    RelaxField,
)
from revision_cases import CASES, NAME, PRIORITY, migration, run, write
from schema_parts import INT, field

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
