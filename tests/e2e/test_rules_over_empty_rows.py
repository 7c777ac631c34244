"""Rules that a row not filled yet would break, met by plain `alembic upgrade head` over existing rows."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from rolling.schedule import wipe
from small_application import SmallApplication

MODELS = """\
class Member(Base):
    __tablename__ = "members"
    __table_args__ = (
        Index("one_alive", "name", unique=True, sqlite_where=text("{left} IS NULL"), postgresql_where=text("{left} IS NULL")),
        CheckConstraint("city = 'Rome' OR {left} IS NOT NULL", name="romans_stay"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(20))
    {left}: Mapped[str | None] = mapped_column(String(20))
"""
IMPORTS = "from sqlalchemy import CheckConstraint, text\n\n\n"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> str:
    """A backend with partial indexes."""
    url: str = request.getfixturevalue(request.param)
    return url


def test_a_renamed_column_is_filled_before_they_are_built(database: str, tmp_path: Path) -> None:
    application = SmallApplication(tmp_path / "app", database, IMPORTS + MODELS.format(left="left_on"))
    application.want(IMPORTS + MODELS.format(left="gone_on"))
    application.must("generate", "--name", "leaving", "--rename", "members.left_on=gone_on")
    application.deploy("leaving")
    application.finish("leaving")

    wipe(database)
    application.upgrade("0001")
    application.execute(
        "INSERT INTO members VALUES (1, 'Ann', 'Bonn', 'May'), (2, 'Ann', 'Bonn', 'June'), (3, 'Ann', 'Rome', NULL)"
    )
    application.upgrade()
    assert application.scalars("SELECT gone_on FROM members ORDER BY id") == ["May", "June", None]
    with pytest.raises(sa.exc.IntegrityError):
        application.execute("INSERT INTO members VALUES (4, 'Ann', 'Rome', NULL)")
