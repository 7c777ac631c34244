"""A project folder with Alembic in it, for tests that apply real revisions."""

from __future__ import annotations

import io
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from instar.dialects.sqlalchemy.revision import write_revision
from instar.schema.migration import Migration

ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool

config = context.config
url = config.attributes["url"]
options = {"target_metadata": config.attributes.get("metadata"), "transaction_per_migration": True}
options["include_name"] = lambda name, type_, parents: not (type_ == "table" and name.startswith("instar_"))
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
"""

ASYNC_ENV = """\
import asyncio

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection):
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def online():
    engine = create_async_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)


asyncio.run(online())
"""

FIRST = '''\
"""The tables as they were."""

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
'''


class Project:
    """A folder with `migrations/`, whose first revision is empty, and a database."""

    def __init__(self, folder: Path, url: str, env: str = ENV) -> None:
        self.folder, self.url = folder, url
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (folder / "migrations" / "env.py").write_text(env)
        (folder / "migrations" / "script.py.mako").write_text("")
        (self.versions / "0001_first.py").write_text(FIRST)
        self.metadata: sa.MetaData | None = None

    def config(self) -> Config:
        """Alembic's configuration, without a file."""
        config = Config(output_buffer=io.StringIO(), stdout=io.StringIO())
        config.set_main_option("script_location", str(self.folder / "migrations"))
        config.attributes.update(url=self.url, metadata=self.metadata)
        return config

    def upgrade(self, revision: str = "head", *, sql: bool = False) -> str:
        """Run `alembic upgrade`; the text of `--sql`."""
        config = self.config()
        command.upgrade(config, revision, sql=sql)
        return config.output_buffer.getvalue() if sql else ""

    def downgrade(self, revision: str) -> None:
        """Run `alembic downgrade`."""
        command.downgrade(self.config(), revision)

    def check(self, metadata: sa.MetaData) -> None:
        """Run `alembic check` against these tables; raises where they differ from the database."""
        self.metadata = metadata
        command.check(self.config())

    def add_revisions(self, migration: Migration) -> None:
        """Write the revision of every DDL step of a plan, each on top of the one before."""
        parent = "0001"
        for step in migration.steps:
            if step.operations:
                revision = write_revision(migration, step, (parent,), "migrations/versions")
                self.write(revision.path, revision.text)
                parent = revision.id

    def write(self, path: str, text: str) -> None:
        """Write a generated file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
