"""A table full of rules, two of whose columns are renamed: Alembic finds nothing to do after any deploy."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from small_application import SmallApplication

MODELS = """\
from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint


class Band(Base):
    __tablename__ = "bands"

    id: Mapped[int] = mapped_column(primary_key=True)


class Song(Base):
    __tablename__ = "songs"
    __table_args__ = (
        UniqueConstraint("name", "size", name="uq_song"),  # one of each
        CheckConstraint("size > 0", name="ck_size"),
        CheckConstraint("name <> ''", name="ck_name"),
        CheckConstraint(
            "name <> 'none' OR size < 9",  # by the unions
        ),
        Index("by_name", "name", "size"),
        {"comment": "all songs"},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), comment="who's it")
    size: Mapped[int]
    band_id: Mapped[int] = mapped_column(ForeignKey("bands.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(9), unique=True)
"""
EDITS = {
    "    name:": "    title:",
    'UniqueConstraint("name", "size", name="uq_song")': 'UniqueConstraint("title", "size", name="uq_title")',
    "name <> ''": "title <> ''",
    "name <> 'none'": "title <> 'none'",
    '"by_name", "name"': '"by_title", "title"',
    "    band_id:": "    group_id:",
    "    code:": "    sku:",
}
RENAMES = [
    part
    for rename in ("name=title", "band_id=group_id", "code=sku")
    for part in ("--rename", f"songs.{rename}")
]
KEPT = """\
        UniqueConstraint("title", "size", name="uq_title"),  # one of each
        CheckConstraint("size > 0", name="ck_size"),
        CheckConstraint("title <> ''", name="ck_name_v2"),
        CheckConstraint(
            "title <> 'none' OR size < 9",  # by the unions
        ),
        Index("by_title", "title", "size"),
        {"comment": "all songs"},
"""


@pytest.fixture
def application(database: str, tmp_path: Path) -> SmallApplication:
    made = SmallApplication(tmp_path / "app", database, MODELS)
    made.execute("INSERT INTO bands VALUES (1), (2)")
    made.execute("INSERT INTO songs VALUES (1, 'One', 5, 1, 'a'), (2, 'Two', 6, 2, 'b')")
    return made


def test_models_and_database_agree_after_every_deploy(application: SmallApplication) -> None:
    application.edit(EDITS)
    application.must("generate", *RENAMES, "--name", "names")
    application.deploy("names")
    application.check()
    while "is done everywhere" not in application.must("status", "names", "--all").out:
        application.must("advance", "names", "--exit-code")
        application.deploy("names")
        application.check()
    text = (application.root / "models.py").read_text()
    assert KEPT in text
    assert application.columns("songs").keys() == {"id", "size", "title", "group_id", "sku"}
    refused = (
        "INSERT INTO songs (id, title, size, group_id, sku) VALUES (3, 'One', 5, 1, 'c')",
        "INSERT INTO songs (id, title, size, group_id, sku) VALUES (3, '', 5, 1, 'c')",
        "INSERT INTO songs (id, title, size, group_id, sku) VALUES (3, 'none', 9, 1, 'c')",
        "INSERT INTO songs (id, title, size, group_id, sku) VALUES (3, 'x', 0, 1, 'c')",
        "INSERT INTO songs (id, title, size, group_id, sku) VALUES (3, 'x', 5, 1, 'a')",
    )
    for statement in refused:
        with pytest.raises(sa.exc.DBAPIError):
            application.execute(statement)
    key = sa.inspect(application.engine).get_foreign_keys("songs")[0]
    assert (key["constrained_columns"], key["options"]["ondelete"]) == (["group_id"], "CASCADE")
    for _ in range(7):
        application.downgrade("-1")
    application.upgrade()
    application.check()


USERS = """\
class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), index=True)
"""


@pytest.mark.parametrize("sync", ["app", "trigger"])
def test_an_index_that_a_column_declares_stays_there(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: str
) -> None:
    application = SmallApplication(tmp_path / "app", sqlite, USERS)
    monkeypatch.syspath_prepend(str(application.root))
    application.must("scaffold", "rename", "users.name", "title", "--sync", sync, "--migration", "titles")
    application.deploy("titles")
    while "is done everywhere" not in application.must("status", "--all").out:
        application.must("advance", "titles", "--exit-code")
        application.deploy("titles")
        application.check()
    models = (application.root / "models.py").read_text()
    assert models.endswith(USERS.replace("name: Mapped", "title: Mapped"))
