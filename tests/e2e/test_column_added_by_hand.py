"""A column that someone added by hand in production, under the name that a migration is about to add."""

from __future__ import annotations

from pathlib import Path

from small_application import SmallApplication

MODELS = """\
class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
"""


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
