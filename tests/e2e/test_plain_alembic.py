"""Three migrations of a small application: clean at every phase, and later nothing but Alembic is needed.

The generated revisions import the standard library and what the application has anyway; `instar` cannot be
imported by the processes that apply them here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from rolling.schedule import wipe
from small_application import SmallApplication

MODELS = """\
class Song(Base):
    __tablename__ = "songs"
    __table_args__ = (Index("by_name", "name"), Index("by_note", "note"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    plays: Mapped[int] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(String(40))
    mood: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(20))
"""
MIGRATIONS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "titles": (
        {"    name:": "    title:", '"by_name", "name"': '"by_title", "title"'},
        ("--rename", "songs.name=title"),
    ),
    "plays": ({"mapped_column(Integer)": "mapped_column(BigInteger)"}, ()),
    "moods": (
        {
            "mood: Mapped[str | None]": "mood: Mapped[str]",
            "    note: Mapped[str | None] = mapped_column(String(40))\n": "    size: Mapped[int]\n",
            '"by_note", "note"': '"by_mood", "mood"',
            "city: Mapped[str]": 'stars: Mapped[int] = mapped_column(server_default="7")\n    city: Mapped[str | None]',
        },
        ("--fill", "songs.mood='calm'", "--fill", "songs.size=id * 2"),
    ),
}
ROWS = "INSERT INTO songs (id, name, plays, note, mood, city) VALUES (1, 'One', 10, 'n', NULL, 'Rome'), (2, 'Two', 20, NULL, 'wild', 'Bonn')"
HIDDEN = """\
import importlib.abc, sys


class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"instar", "instar_lint"}:
            raise ImportError(f"{name} is not installed in production")


sys.meta_path.insert(0, Hide())
from alembic import command
from alembic.config import Config

config = Config()
config.set_main_option("script_location", "migrations")
config.attributes["url"] = sys.argv[1]
command.upgrade(config, sys.argv[2])
command.check(config) if sys.argv[2] == "head" else None
assert "instar" not in sys.modules
"""


def in_production(application: SmallApplication, revision: str = "head") -> None:
    """`alembic upgrade` and `alembic check` in a process that has no `instar`."""
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN, application.url, revision],
        cwd=application.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def rows(application: SmallApplication) -> list[tuple[object, ...]]:
    """What the application of the last deploy reads."""
    song = application.code("HEAD").Song
    with application.session() as session:
        found = session.scalars(sa.select(song).order_by(song.id)).all()
        return [(one.id, one.title, one.plays, one.mood, one.size, one.stars, one.city) for one in found]


EXPECTED = [(1, "One", 10, "calm", 2, 7, "Rome"), (2, "Two", 20, "wild", 4, 7, "Bonn")]


@pytest.fixture
def application(database: str, tmp_path: Path) -> SmallApplication:
    """The application after all three migrations; `alembic check` was clean after every deploy of them."""
    made = SmallApplication(tmp_path / "app", database, MODELS)
    made.execute(ROWS)
    for name, (edits, options) in MIGRATIONS.items():
        made.edit(edits)
        made.must("generate", "--name", name, *options)
        made.deploy(name)
        made.check()
        while "is done everywhere" not in made.must("status", name, "--all").out:
            made.must("advance", name, "--exit-code")
            made.deploy(name)
            made.check()
    return made


def test_three_migrations_later(application: SmallApplication) -> None:
    assert rows(application) == EXPECTED
    from_empty_to_head(application)
    from_three_migrations_behind(application)
    each_revision_up_down_up(application)
    if not application.url.startswith("sqlite"):
        assert "ALTER TABLE" in application.sql()


def from_empty_to_head(application: SmallApplication) -> None:
    wipe(application.url)
    in_production(application)
    assert rows(application) == []


def from_three_migrations_behind(application: SmallApplication) -> None:
    wipe(application.url)
    in_production(application, "0001")
    application.execute(ROWS)
    in_production(application)
    assert rows(application) == EXPECTED


def each_revision_up_down_up(application: SmallApplication) -> None:
    wipe(application.url)
    application.upgrade("0001")
    application.execute(ROWS)
    for _ in list((application.root / "migrations/versions").glob("*.py"))[1:]:
        application.upgrade("+1")
        application.downgrade("-1")
        application.upgrade("+1")
    assert [row[:4] for row in rows(application)] == [row[:4] for row in EXPECTED]
