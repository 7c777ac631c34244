"""`instar run` through the ledger, on the demo application: the deploys of one migration, one after the other."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from instar.cli.demo import seed
from instar.cli.demo.story import ANSWERS, NAME
from instar.cli.demo.workspace import Workspace, application
from servers import needs

RUN = f"instar run {NAME} --env production --progress none"


class Shop:
    """The demo application with deploy 1 generated and applied; its code is not recorded in service."""

    def __init__(self, folder: Path) -> None:
        self._workspace = Workspace(folder)
        self._workspace.lay_out(application("first"))
        self._workspace.lay_out({".gitignore": "app.db*\n__pycache__/\n"})
        self.type("git init -q", "alembic upgrade head")
        seed.fill(self._workspace.database)
        self._workspace.append(
            "pyproject.toml", '\n[tool.instar.environments.production]\nurl = "sqlite:///app.db"\n'
        )
        self._workspace.commit("The application as it runs today")
        self.type("instar state set --env production --code HEAD")
        self._workspace.commit("Record what is in service")
        self._workspace.lay_out(application("wanted"))
        self.type(f"instar generate {ANSWERS}")
        self._workspace.commit("Deploy 1")
        self.type("alembic upgrade head")

    def type(self, *lines: str, ends: int = 0) -> str:
        """Run command lines that end as they should; what the last one printed."""
        output = ""
        for line in lines:
            done = self._workspace.run(line)
            assert done.returncode == ends, (line, done.stdout)
            output = done.stdout
        return output

    def watch(self, line: str, *, until: str) -> str:
        """What a command line that does not end printed, up to a line with some words."""
        shown = ""
        with subprocess.Popen(
            self._workspace.argv(line),
            cwd=self._workspace.root,
            env=self._workspace.environment(),
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process:
            assert process.stdout is not None
            for one in process.stdout:
                shown += one
                if until in one:
                    break
            process.kill()
        return shown

    def commit(self, message: str) -> None:
        """Commit everything."""
        self._workspace.commit(message)

    def sql(self, statement: str) -> int:
        """The number that a statement gives, or of rows that it changed."""
        with closing(sqlite3.connect(self._workspace.database)) as connection, connection:
            cursor = connection.execute(statement)
            row = cursor.fetchone()
            return int(row[0]) if row else cursor.rowcount


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The application in a repository of its own."""
    needs(shutil.which("git") is not None, "git")
    return Shop(tmp_path)


def test_a_repeated_run_waits_for_the_code_of_the_next_deploy(shop: Shop) -> None:
    first = shop.type(RUN)
    assert f"users.display_name: {seed.USERS:,} rows rewritten, 0 left" in first
    assert f"users.avatar_url: {seed.USERS:,} rows rewritten, 0 left" in first
    assert shop.sql("SELECT count(*) FROM users WHERE display_name IS NULL OR avatar_url IS NULL") == 0

    assert "belongs to deploy 2, which is not written yet" in shop.type(RUN, ends=2)
    shop.type("instar state set --env production --code HEAD", "instar state pull --env production")
    shop.type("instar advance --env production")
    shop.commit("Deploy 2")

    again = shop.type(RUN, ends=2)
    assert f"the backfills of deploy 1 of {NAME} are completed" in again
    assert "those of deploy 2 wait for its code" in again
    assert "is still in service" in again
    assert "instar state set --env production --code COMMIT" in again

    shop.sql("UPDATE users SET avatar_url = NULL WHERE id = 1")
    assert "users.avatar_url" in shop.type(f"{RUN} --sweep")
    assert shop.sql("SELECT count(*) FROM users WHERE avatar_url IS NULL") == 0

    shop.type("instar state set --env production --code HEAD")
    assert "rows rewritten" in shop.type(RUN)
    assert "every backfill" in shop.type(RUN, ends=2)


def test_status_watches_a_backfill(shop: Shop) -> None:
    shop.type(f"{RUN} --only users.display_name --limit 100")
    shown = shop.watch("instar status --watch", until="production  users")
    assert f"production  users.display_name  5 %  100/{seed.USERS:,}  paused" in shown
