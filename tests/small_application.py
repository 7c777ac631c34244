"""A small application in a repository of its own, taken through deploys by the real command line and Alembic."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from commands import Done, commit, git, run, write

HEAD = """\
from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column


class Base(DeclarativeBase):
    pass


"""
ENV = '''\
"""What `alembic init` writes, without logging."""

import importlib.util
from pathlib import Path

from alembic import context
from sqlalchemy import create_engine, pool

config = context.config
spec = importlib.util.spec_from_file_location("models", Path(__file__).resolve().parents[1] / "models.py")
models = importlib.util.module_from_spec(spec)
spec.loader.exec_module(models)
target_metadata = models.Base.metadata
url = config.attributes["url"]


def run_migrations_offline() -> None:
    context.configure(
        url=url,
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    connectable = create_engine(url, poolclass=pool.NullPool)
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)

        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
'''
SCRIPT = '''\
"""${message}"""

from alembic import op
import sqlalchemy as sa

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''
NOTHING_DUE = re.compile("has no backfill|every backfill of .* completed|wait for its code")
CONFIG = """\
[tool.instar]
backend = "{backend}"
alembic = "migrations"

[tool.instar.environments.production]
url = "{url}"
"""


class SmallApplication:
    """Models in `models.py`, an Alembic folder, and one environment, production.

    Args:
        folder: Where the repository is made.
        url: Its database, which is empty.
        models: The classes of the first version, which is deployed at once.
    """

    def __init__(self, folder: Path, url: str, models: str) -> None:
        self.root, self.url = folder, url
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        backend = self.engine.dialect.name
        files = {
            "models.py": HEAD + models,
            "migrations/env.py": ENV,
            "migrations/script.py.mako": SCRIPT,
            "pyproject.toml": CONFIG.format(backend={"mysql": "mariadb"}.get(backend, backend), url=url),
        }
        write(folder, files | {"migrations/versions/.gitkeep": ""})
        command.revision(self.alembic(), "the first tables", autogenerate=True, rev_id="0001")
        self.first = commit(folder, {})
        self.upgrade()
        assert self.instar("init", "--yes").code == 0
        self.record()

    def alembic(self, output: io.StringIO | None = None) -> Config:
        """Alembic's configuration, without a file."""
        config = Config(output_buffer=output or io.StringIO(), stdout=io.StringIO())
        config.set_main_option("script_location", str(self.root / "migrations"))
        config.attributes["url"] = self.url
        return config

    def upgrade(self, revision: str = "head") -> None:
        """`alembic upgrade`."""
        command.upgrade(self.alembic(), revision)

    def downgrade(self, revision: str) -> None:
        """`alembic downgrade`."""
        command.downgrade(self.alembic(), revision)

    def sql(self, revision: str = "head") -> str:
        """`alembic upgrade --sql`."""
        output = io.StringIO()
        command.upgrade(self.alembic(output), revision, sql=True)
        return output.getvalue()

    def check(self) -> None:
        """`alembic check`; raises where the models and the database differ."""
        command.check(self.alembic())

    def instar(self, *arguments: object) -> Done:
        """Run `instar` in the repository."""
        return run(*arguments, cwd=self.root)

    def must(self, *arguments: object) -> Done:
        """Run `instar`, which must end well."""
        done = self.instar(*arguments)
        assert done.code == 0, done.out + done.err
        return done

    def want(self, models: str) -> None:
        """Write what the models should be."""
        write(self.root, {"models.py": HEAD + models})

    def edit(self, edits: dict[str, str]) -> None:
        """Change the models as they are now: every text that is named, to another."""
        path = self.root / "models.py"
        text = path.read_text()
        for old, new in edits.items():
            assert old in text, f"{old} is not in {text}"
            text = text.replace(old, new)
        path.write_text(text)

    def record(self) -> None:
        """Commit, and record that this code is in service and what the database holds."""
        commit(self.root, {})
        self.must("state", "set", "--env", "production", "--code", "HEAD")
        self.must("state", "pull", "--env", "production")
        commit(self.root, {}, "what production runs")

    def ship(self, name: str) -> str:
        """Commit what was generated, apply its DDL, run the backfills that are due; the commit of the code."""
        ref = commit(self.root, {}, "a deploy")
        self.upgrade()
        self.run_due(name)
        return ref

    def run_due(self, name: str) -> bool:
        """Run the backfills whose time has come; whether there were any."""
        done = self.instar("run", name, "--env", "production", "--progress", "none")
        assert done.code == 0 or NOTHING_DUE.search(done.err), done.err
        return done.code == 0

    def deploy(self, name: str) -> str:
        """Ship what was generated, everywhere, and record it; the commit of the code."""
        ref = self.ship(name)
        self.record()
        if self.run_due(name):  # what waited for this code to be in service alone
            self.record()
        return ref

    def finish(self, name: str) -> None:
        """All deploys that are left, one after the other."""
        while "is done everywhere" not in self.must("status", "--all").out:
            self.must("advance", name, "--exit-code")
            self.deploy(name)

    def code(self, ref: str) -> ModuleType:
        """The models of a commit, as the processes in service have them."""
        return load(git(self.root, "show", f"{ref}:models.py"))

    @contextlib.contextmanager
    def session(self) -> Iterator[sa.orm.Session]:
        """A session that commits in the end."""
        with sa.orm.Session(self.engine) as session, session.begin():
            yield session

    def scalars(self, statement: str) -> list[object]:
        """The first column of what a query finds."""
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(statement).scalars())

    def execute(self, statement: str) -> None:
        """Run one statement by hand."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def columns(self, table: str) -> dict[str, str]:
        """The columns of a table and their types."""
        return {one["name"]: str(one["type"]) for one in sa.inspect(self.engine).get_columns(table)}


def load(text: str) -> ModuleType:
    """The models of a text, in a module of their own."""
    spec = importlib.util.spec_from_loader("models", loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    kept = sys.modules.get("models")
    sys.modules["models"] = module
    try:
        exec(compile(text, "models.py", "exec"), module.__dict__)
    finally:
        if kept is None:
            del sys.modules["models"]
        else:
            sys.modules["models"] = kept
    return module
