"""A field that was filled from a column which a later migration drops: the finished one stays finished."""

from __future__ import annotations

from pathlib import Path

from small_application import SmallApplication

MODELS = """\
class Hero(Base):
    __tablename__ = "heroes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
"""


def test_the_state_can_still_be_pulled_and_a_check_says_why_it_cannot(sqlite: str, tmp_path: Path) -> None:
    application = SmallApplication(tmp_path / "app", sqlite, MODELS)
    application.execute("INSERT INTO heroes VALUES (1, 'Ann')")
    application.must("scaffold", "add-field", "heroes.nick", "str(20)", "--required", "--fill", "name")
    application.deploy("heroes-nick")
    application.finish("heroes-nick")
    application.must("scaffold", "remove-field", "heroes.name")
    application.deploy("heroes-name")
    application.must("advance", "heroes-name", "--exit-code")
    application.deploy("heroes-name")

    assert application.columns("heroes").keys() == {"id", "nick"}
    assert "heroes-nick is done everywhere" in application.must("status", "--all").out
    checked = application.instar("verify", "heroes-nick", "--env", "production")
    assert checked.code == 2
    assert "heroes.nick cannot be checked: no such column: name" in checked.err
    assert checked.err.count("\n") == 1
