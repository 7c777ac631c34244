"""A table of people whose full name is to be filled, and the backfill that does it, on every backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from instar.schema.operations import BackfillWork

COMPUTE = '''\
def full_name(row):
    """Fail for the people whose first name says so."""
    if row["first_name"] == "poison":
        raise ValueError("no name for " + row["last_name"])
    return row["first_name"] + " " + row["last_name"]
'''

SLOWLY = COMPUTE.replace("    if row", "    sum(range(2_000))\n    if row", 1)
"""The same, so slow that several workers are worth a process each."""

PEOPLE = """
CREATE TABLE people (
    {key},
    first_name VARCHAR(80),
    last_name VARCHAR(80) NOT NULL,
    full_name VARCHAR(200),
    touched INTEGER NOT NULL DEFAULT 0{primary}
)
"""

# Counts the writes of every row, whoever makes them, so that a second write shows.
COUNTERS = {
    "sqlite": (
        (
            "CREATE TRIGGER count_writes AFTER UPDATE OF full_name ON people WHEN NEW.touched = OLD.touched "
            "BEGIN UPDATE people SET touched = OLD.touched + 1 WHERE rowid = NEW.rowid; END"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.touched := OLD.touched + 1; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER count_writes BEFORE UPDATE OF full_name ON people "
            "FOR EACH ROW EXECUTE FUNCTION count_write()"
        ),
    ),
    "mariadb": (
        (
            "CREATE TRIGGER count_writes BEFORE UPDATE ON people FOR EACH ROW "
            "SET NEW.touched = OLD.touched + (NEW.last_name <=> OLD.last_name)"
        ),
    ),
}


def backend(url: str) -> str:
    """`sqlite`, `postgresql` or `mariadb`."""
    return sa.make_url(url).get_backend_name()


def expression(url: str) -> str:
    """The SQL of the full name."""
    if backend(url) == "mariadb":
        return "CONCAT(first_name, ' ', last_name)"
    return "first_name || ' ' || last_name"


def work(url: str, name: str = "m/people.full_name", **changes: Any) -> BackfillWork:
    """The backfill by an expression of the server's."""
    given = {
        "table": "people",
        "target": "full_name",
        "guard": "full_name IS NULL AND first_name IS NOT NULL",
    }
    if not {"compute", "clear"} & set(changes):
        given["expression"] = expression(url)
    return BackfillWork(name=name, **(given | changes))


def computing(url: str, root: Path, code: str = COMPUTE, **changes: Any) -> BackfillWork:
    """The same backfill by a Python function, written to `root`."""
    (root / "names.py").write_text(code)
    return work(url, compute="names.py:full_name", reads=("first_name", "last_name"), **changes)


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection whose work is committed at the end."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def create_people(url: str, count: int, *, counted: bool = False) -> None:
    """The table with integer keys 1 to `count`; with a trigger that counts writes where `counted`."""
    with connected(url) as connection:
        connection.exec_driver_sql(PEOPLE.format(key="id INTEGER NOT NULL PRIMARY KEY", primary=""))
        add_people(connection, range(1, count + 1))
        for statement in COUNTERS[backend(url)] if counted else ():
            connection.exec_driver_sql(statement)


def add_people(connection: sa.Connection, keys: Any) -> None:
    """Insert people as code that does not know the full name would."""
    rows = [{"id": key, "first": f"First{key}", "last": f"Last{key}"} for key in keys]
    insert = sa.text("INSERT INTO people (id, first_name, last_name) VALUES (:id, :first, :last)")
    if rows:
        connection.execute(insert, rows)


def names(url: str) -> dict[Any, str | None]:
    """The full name of every person by key."""
    with connected(url) as connection:
        return dict(connection.exec_driver_sql("SELECT id, full_name FROM people").all())


def wrong(url: str) -> list[Any]:
    """Keys of the people whose full name is not what one UPDATE would have written."""
    differs = {
        "sqlite": "full_name IS NOT ({})",
        "postgresql": "full_name IS DISTINCT FROM ({})",
        "mariadb": "NOT (full_name <=> ({}))",
    }[backend(url)].format(expression(url))
    with connected(url) as connection:
        return sorted(connection.exec_driver_sql(f"SELECT id FROM people WHERE {differs}").scalars())


def touched(url: str) -> dict[int, int]:
    """How many rows were written how often."""
    with connected(url) as connection:
        query = "SELECT touched, count(*) FROM people GROUP BY touched"
        return dict(connection.exec_driver_sql(query).all())
