"""A conversion that some rows cannot take: they are named, the migration stops, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

from small_application import SmallApplication

MODELS = """\
class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    priority: Mapped[str | None] = mapped_column(String(10))
"""
WANTED = MODELS.replace("Mapped[str | None] = mapped_column(String(10))", "Mapped[int | None]")
CONVERSION = "tickets.priority=low=1,high=2"
RUN = ("run", "priority", "--env", "production", "--progress", "none")


def test_they_are_named_and_stop_the_migration_until_they_are_corrected(
    database: str, tmp_path: Path
) -> None:
    application = SmallApplication(tmp_path / "app", database, MODELS)
    application.execute(
        "INSERT INTO tickets VALUES (1, 'low'), (2, 'urgent'), (3, NULL), (4, 'high'), (5, 'soon')"
    )
    application.want(WANTED)
    application.must("generate", "--convert", CONVERSION, "--name", "priority")
    application.upgrade()

    done = application.instar(*RUN)
    assert done.code == 1
    assert "2 rows rewritten" in done.out
    assert "tickets.priority_v2: the conversion takes no value of 2 rows (key 2; 5)" in done.err
    application.record()
    refused = application.instar("advance", "priority", "--exit-code")
    assert refused.code == 1
    assert "2 rows left" in refused.out
    assert application.scalars("SELECT priority FROM tickets ORDER BY id") == [
        "low",
        "urgent",
        None,
        "high",
        "soon",
    ]

    application.execute("UPDATE tickets SET priority = 'low' WHERE id IN (2, 5)")
    swept = application.must(*RUN, "--sweep", "--format", "json")
    assert swept.json["backfills"][0]["left"] == 0
    assert application.scalars("SELECT priority_v2 FROM tickets ORDER BY id") == [1, 1, None, 2, 1]
    application.record()
    application.must("advance", "priority", "--exit-code")
