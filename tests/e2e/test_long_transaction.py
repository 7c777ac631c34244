"""A long transaction holds the table: expand waits briefly, tries again, and nobody queues up behind it for long."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from alembic_project import Project
from instar.dialects.sqlalchemy.revision import write_revision
from rolling.cases import CASES

LOCK_TIMEOUT = 2.0
"""Seconds, as the generated revision says."""
WAITS = {
    "postgresql": f'LOCK_TIMEOUT = "{LOCK_TIMEOUT:.0f}s"',
    "mariadb": f"LOCK_WAIT_TIMEOUT = {LOCK_TIMEOUT:.0f}  # seconds",
}
HELD = 5.0
MARGIN = 0.9
"""For a machine that has other things to do."""


class Reader(threading.Thread):
    """Reads the table all the time, and remembers the longest that it had to wait."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        self.done = threading.Event()
        self.longest, self.reads = 0.0, 0

    def run(self) -> None:
        """Read until it is done."""
        with self._engine.connect() as connection:
            while not self.done.is_set():
                start = time.monotonic()
                connection.exec_driver_sql("SELECT count(*) FROM items").scalar_one()
                self.longest = max(self.longest, time.monotonic() - start)
                self.reads += 1
                time.sleep(0.02)


@pytest.fixture(
    params=[
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """The expand revision of a rename, before a table of one row."""
    url: str = request.getfixturevalue(request.param)
    migration = CASES["rename"].plan(request.param)
    made = Project(tmp_path / "project", url)
    step = next(step for step in migration.steps if step.operations)
    revision = write_revision(migration, step, ("0001",), "migrations/versions")
    assert WAITS[request.param] in revision.text
    made.write(revision.path, revision.text)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE items (id int PRIMARY KEY, tag text, name varchar(50))")
        connection.exec_driver_sql("INSERT INTO items VALUES (1, 'new', 'Ann')")
    made.upgrade("0001")
    return made


def test_expand_waits_briefly_and_tries_again(project: Project) -> None:
    reader = Reader(project.url)
    held = sa.create_engine(project.url, poolclass=sa.NullPool).connect()
    held.exec_driver_sql("UPDATE items SET tag = 'held' WHERE id = 1")
    release = threading.Timer(HELD, lambda: (held.commit(), held.close()))
    reader.start()
    release.start()
    start = time.monotonic()
    try:
        project.upgrade()
    finally:
        took = time.monotonic() - start
        release.join()
        reader.done.set()
        reader.join()
    assert took > HELD - MARGIN, "it never had to wait"
    assert reader.reads > 20
    assert reader.longest < LOCK_TIMEOUT + MARGIN, "a reader queued up behind a waiting ALTER TABLE"


def test_by_hand_everybody_waits_as_long_as_the_transaction(project: Project) -> None:
    reader = Reader(project.url)
    held = sa.create_engine(project.url, poolclass=sa.NullPool).connect()
    held.exec_driver_sql("UPDATE items SET tag = 'held' WHERE id = 1")
    release = threading.Timer(HELD, lambda: (held.commit(), held.close()))
    release.start()
    engine = sa.create_engine(project.url, poolclass=sa.NullPool)

    def alter() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE items ADD COLUMN label varchar(50)")

    naive = threading.Thread(target=alter)
    naive.start()
    time.sleep(0.3)
    reader.start()
    for thread in (naive, release):
        thread.join()
    reader.done.set()
    reader.join()
    assert reader.longest > LOCK_TIMEOUT + MARGIN
