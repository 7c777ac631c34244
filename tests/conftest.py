"""What every test can ask for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from servers import (
    MariaDB,
    Postgres,
    fresh_database,
    override,
    start_mariadb,
    start_postgres,
    text,
)

MEMORY = Path("/dev/shm")
"""Files there never wait for a disk, which is most of what a commit takes."""


def roomy(folder: Path) -> bool:
    """Whether the files and programs of all tests may lie there."""
    if not folder.is_dir() or os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return False
    return shutil.disk_usage(folder).free > 4 << 30


if "TMPDIR" not in os.environ and roomy(MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgres]:
    """A PostgreSQL server of this worker's own, which a test may restart."""
    server = start_postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    """A MariaDB server of this worker's own, which a test may restart."""
    server = start_mariadb()
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgresql_url(request: pytest.FixtureRequest) -> str:
    """The administrator's URL of a PostgreSQL server."""
    given = override("INSTAR_TEST_POSTGRES_URL", "postgresql+psycopg")
    return given or text(request.getfixturevalue("postgresql_server").url)


@pytest.fixture(scope="session")
def mariadb_url(request: pytest.FixtureRequest) -> str:
    """The administrator's URL of a MariaDB server."""
    given = override("INSTAR_TEST_MARIADB_URL", "mariadb+pymysql")
    return given or text(request.getfixturevalue("mariadb_server").url)


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[str]:
    """The URL of a new empty PostgreSQL database."""
    with fresh_database(postgresql_url) as url:
        yield url


@pytest.fixture
def mariadb(mariadb_url: str) -> Iterator[str]:
    """The URL of a new empty MariaDB database."""
    with fresh_database(mariadb_url) as url:
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The URL of a new SQLite database file."""
    return f"sqlite:///{tmp_path / 'database.sqlite'}"


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a new empty database, on each backend in turn."""
    url: str = request.getfixturevalue(request.param)
    return url
