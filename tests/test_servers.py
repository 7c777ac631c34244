"""The test databases themselves: real, empty, and gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from servers import MariaDB, Postgres


def test_each_test_gets_an_empty_database(database: str) -> None:
    engine = sa.create_engine(database)
    assert sa.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    engine.dispose()


@pytest.mark.postgresql
def test_postgresql_comes_back_after_a_restart(postgresql_server: Postgres) -> None:
    engine = sa.create_engine(postgresql_server.url, poolclass=sa.NullPool)
    with engine.connect() as before:
        postgresql_server.restart()
        with pytest.raises(sa.exc.OperationalError):
            before.exec_driver_sql("SELECT 1")
    with engine.connect() as after:
        assert after.exec_driver_sql("SELECT 1").scalar() == 1


@pytest.mark.mariadb
def test_mariadb_comes_back_after_a_restart(mariadb_server: MariaDB) -> None:
    engine = sa.create_engine(mariadb_server.url, poolclass=sa.NullPool)
    mariadb_server.restart()
    with engine.connect() as after:
        assert after.exec_driver_sql("SELECT 1").scalar() == 1


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("Postgres", marks=pytest.mark.postgresql),
        pytest.param("MariaDB", marks=pytest.mark.mariadb),
    ],
)
def test_a_killed_owner_leaves_no_server_and_no_folder(kind: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue({"Postgres": "postgresql_server", "MariaDB": "mariadb_server"}[kind])
    script = f"import servers, time; print(servers.{kind}().folder, flush=True); time.sleep(60)"
    owner = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    assert folder.is_dir()
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and folder.exists():
        time.sleep(0.05)
    assert not folder.exists()
