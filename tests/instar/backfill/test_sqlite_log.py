"""The write-ahead log reaches the database file while batches go on."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

from backfill_cases import connected, create_people, work, wrong
from instar.backfill import Options, run
from instar.backfill.backends.sqlite_log import Log


def rows_without_the_log(database: Path, copy: Path) -> int:
    """How many rows of the table the database file alone has."""
    shutil.copy(database, copy)
    with sqlite3.connect(copy) as connection:
        found = connection.execute("SELECT count(*) FROM notes").fetchone()[0]
    connection.close()
    return int(found)


def test_the_log_is_moved_beside_a_writer_and_a_reader(tmp_path: Path) -> None:
    database = tmp_path / "notes.sqlite"
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)")
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.execute("INSERT INTO notes VALUES (1), (2), (3)")
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM notes").fetchone() == (3,)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO notes VALUES (4)")
    assert rows_without_the_log(database, tmp_path / "before.sqlite") == 0

    log = Log(lambda: sqlite3.connect(database))
    deadline = time.monotonic() + 60
    while not rows_without_the_log(database, tmp_path / "during.sqlite"):
        assert time.monotonic() < deadline
        log.grew()
        time.sleep(0.05)
    log.close()
    assert rows_without_the_log(database, tmp_path / "after.sqlite") == 3

    writer.execute("COMMIT")
    assert writer.execute("SELECT count(*) FROM notes").fetchone() == (4,)
    writer.close()
    reader.close()


def test_nothing_moves_the_log_once_a_run_has_ended(sqlite: str, tmp_path: Path) -> None:
    create_people(sqlite, 30_000)
    with connected(sqlite) as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    assert run(work(sqlite), sqlite, options=Options(root=tmp_path, batch=1_000, max_load=0.3)).left == 0
    assert wrong(sqlite) == []
    assert not list(tmp_path.glob("*-wal"))
