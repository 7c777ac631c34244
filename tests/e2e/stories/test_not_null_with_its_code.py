"""NOT NULL ships together with the code that fills it: code that is still in service inserts without it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from small_application import SmallApplication

MODELS = """\
class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    urgency: Mapped[str | None] = mapped_column(String(20))
"""
WANTED = MODELS.replace("urgency: Mapped[str | None]", "urgency: Mapped[str]")
REQUIRE = ("--name", "urgency", "--fill", "tickets.urgency='normal'")
ROWS = "INSERT INTO tickets (id, title, urgency) VALUES (1, 'One', NULL), (2, 'Two', 'high')"


@pytest.fixture
def application(sqlite: str, tmp_path: Path) -> SmallApplication:
    made = SmallApplication(tmp_path / "app", sqlite, MODELS)
    made.execute(ROWS)
    return made


@pytest.mark.postgresql
def test_by_hand_the_code_in_service_can_no_longer_insert(postgresql: str, tmp_path: Path) -> None:
    application = SmallApplication(tmp_path / "app", postgresql, MODELS)
    application.execute(ROWS)
    old = application.code(application.first).Ticket
    application.execute("UPDATE tickets SET urgency = 'normal' WHERE urgency IS NULL")
    application.execute("ALTER TABLE tickets ALTER COLUMN urgency SET NOT NULL")
    with pytest.raises(sa.exc.IntegrityError, match="urgency"), application.session() as session:
        session.add(old(id=3, title="Three"))


def test_the_column_is_required_when_only_code_that_fills_it_runs(application: SmallApplication) -> None:
    application.want(WANTED)
    application.must("generate", *REQUIRE)
    old = application.code(application.first).Ticket
    new = application.code(application.ship("urgency")).Ticket
    with application.session() as session:
        session.add(old(id=3, title="Three"))  # the rollout is not over
        session.add(new(id=4, title="Four", urgency="low"))
    application.record()
    waiting = application.instar("advance", "urgency").out
    assert "Not yet" in waiting
    assert "1 row left" in waiting
    sweep = ("--sweep", "--deploy", 1, "--progress", "none")
    application.must("run", "urgency", "--env", "production", *sweep)
    application.record()
    application.must("advance", "urgency", "--exit-code")
    application.deploy("urgency")
    assert application.scalars("SELECT urgency FROM tickets ORDER BY id") == [
        "normal",
        "high",
        "normal",
        "low",
    ]
    (column,) = (c for c in sa.inspect(application.engine).get_columns("tickets") if c["name"] == "urgency")
    assert not column["nullable"]
