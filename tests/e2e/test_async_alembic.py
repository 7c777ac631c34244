"""Generated revisions under Alembic's own template for asynchronous engines: `alembic init -t async`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from instar.dialects.sqlalchemy.revision import write_revision
from rolling.cases import CASES, KEY
from schema_parts import INT

NAMES = (
    "rename",
    "change a type",
    "add a required field, filled",
    "make required",
    "remove a field",
    "add an index",
)
FIRST = """
from alembic import op
import sqlalchemy as sa

revision = "0001"
down_revision = None


def upgrade():
    op.create_table("items", {columns})


def downgrade():
    op.drop_table("items")
"""


def project(folder: Path, url: str, target: sa.MetaData) -> Config:
    """What `alembic init -t async` makes, with the URL and the tables filled in."""
    config = Config(folder / "alembic.ini", output_buffer=io.StringIO(), stdout=io.StringIO())
    command.init(config, str(folder / "migrations"), template="async")
    env = folder / "migrations/env.py"
    text = env.read_text()
    assert "target_metadata = None" in text
    env.write_text(text.replace("target_metadata = None", 'target_metadata = config.attributes["metadata"]'))
    made = Config(folder / "alembic.ini", output_buffer=io.StringIO(), stdout=io.StringIO())
    made.set_main_option("sqlalchemy.url", url)
    made.attributes["metadata"] = target
    return made


@pytest.mark.parametrize("name", NAMES)
def test_upgrade_check_and_downgrade(tmp_path: Path, name: str) -> None:
    migration = CASES[name].plan("sqlite")
    before, after = migration.before.table("items"), migration.target.table("items")
    assert before is not None
    assert after is not None
    metadata = sa.MetaData()
    columns = [
        sa.Column(
            f.name,
            sa.Integer() if f.type == INT else sa.String(50),
            primary_key=f.name in KEY.fields,
            nullable=f.optional,
        )
        for f in after.fields
    ]
    target = sa.Table("items", metadata, *columns)
    for one in after.indexes:
        sa.Index(one.name, *(target.c[key.text] for key in one.keys))
    file = tmp_path / "items.sqlite"
    config = project(tmp_path, f"sqlite+aiosqlite:///{file}", metadata)
    made = ", ".join(
        f"sa.Column({f.name!r}, sa.{'Integer' if f.type == INT else 'String(50)'}(), "
        f"primary_key={f.name in KEY.fields}, nullable={f.optional})".replace("(50)()", "(50)")
        for f in before.fields
    )
    versions = tmp_path / "migrations/versions"
    (versions / "0001_first.py").write_text(FIRST.format(columns=made))
    command.upgrade(config, "0001")
    engine = sa.create_engine(f"sqlite:///{file}")
    original = seen(engine)
    parent = "0001"
    for step in migration.steps:
        if step.operations:
            revision = write_revision(migration, step, (parent,), "migrations/versions")
            (tmp_path / revision.path).write_text(revision.text)
            parent = revision.id
    command.upgrade(config, "head")
    command.check(config)
    assert seen(engine) != original
    command.downgrade(config, "0001")
    assert seen(engine) == original
    command.upgrade(config, "head")
    command.check(config)
    engine.dispose()


def seen(engine: sa.Engine) -> dict[str, object]:
    """The columns with their nullability, and the indexes."""
    inspector = sa.inspect(engine)
    columns = {c["name"]: (c["nullable"], str(c["type"])) for c in inspector.get_columns("items")}
    return {"columns": columns, "indexes": {i["name"] for i in inspector.get_indexes("items")}}
