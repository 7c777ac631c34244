"""A column that someone added by hand in production, under the name that a migration is about to add."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from small_application import SmallApplication

MODELS = """\
class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
"""
REFUSED = {
    "sqlite": "duplicate column name: title",
    "postgresql": "users.title is there already with the type integer, and this revision adds it with the type "
    "character varying(20): rename or drop it",
    "mariadb": "Cannot change column type",
    "mysql": "Cannot change column type",
}


def test_its_revision_refuses_one_of_another_type(database: str, tmp_path: Path) -> None:
    application = SmallApplication(tmp_path / "app", database, MODELS)
    application.must("scaffold", "rename", "users.name", "title", "--migration", "titles")
    application.execute("ALTER TABLE users ADD COLUMN title INTEGER")
    application.execute("INSERT INTO users (id, name, title) VALUES (1, 'Ann', 7)")
    with pytest.raises(sa.exc.DBAPIError) as refused:
        application.upgrade()
    assert REFUSED[application.engine.dialect.name] in str(refused.value)
    assert application.scalars("SELECT title FROM users") == [7]
    if application.engine.dialect.name == "postgresql":
        undone = application.instar("rollback", "titles", "--env", "production")
        assert (undone.code, undone.err.count("\n")) == (2, 1)
        assert REFUSED["postgresql"] in undone.err

    application.execute("ALTER TABLE users DROP COLUMN title")
    application.deploy("titles")
    assert application.scalars("SELECT title FROM users") == ["Ann"]


def test_check_names_it_before_the_revision_meets_it(sqlite: str, tmp_path: Path) -> None:
    application = SmallApplication(tmp_path / "app", sqlite, MODELS)
    application.must("scaffold", "rename", "users.name", "title", "--migration", "titles")
    application.execute("ALTER TABLE users ADD COLUMN title INTEGER")
    application.record()
    found = application.instar("check")
    assert found.code == 1
    assert "production has users.title (int) already" in found.out
    assert "of titles, not applied there, adds it (str(20))" in found.out

    application.execute("ALTER TABLE users DROP COLUMN title")
    application.deploy("titles")
    assert "users.title (" not in application.instar("check").out
