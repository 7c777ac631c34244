"""Changes that are recognised and not planned: `plan` says so, and `generate` refuses them by name."""

from __future__ import annotations

import pytest

from small_application import HEAD, SmallApplication

MODELS = """\
from enum import Enum as PythonEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, UniqueConstraint


class Mood(PythonEnum):
    calm = "calm"
    wild = "wild"


class Band(Base):
    __tablename__ = "bands"

    id: Mapped[int] = mapped_column(primary_key=True)


class Song(Base):
    __tablename__ = "songs"
    __table_args__ = (CheckConstraint("size > 0", name="ck_size"), UniqueConstraint("code"))

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    band: Mapped[int] = mapped_column(ForeignKey("bands.id"))
    other: Mapped[int]
    code: Mapped[str] = mapped_column(String(9))
    mood: Mapped[Mood] = mapped_column(Enum(Mood, native_enum=False, length=9))
"""
TUNE = 'class Tune(Base):\n    __tablename__ = "tunes"\n\n    id: Mapped[int] = mapped_column(primary_key=True)\n\n\n'
CASES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "unique": (
        "    size: Mapped[int]",
        "    size: Mapped[int] = mapped_column(unique=True)",
        "add constraint unique (size) on songs",
        (),
    ),
    "unique, dropped": (', UniqueConstraint("code")', ",", "drop constraint unique (code) on songs", ()),
    "foreign key": (
        "    other: Mapped[int]",
        '    other: Mapped[int] = mapped_column(ForeignKey("bands.id"))',
        "add constraint foreign key (other) on songs",
        (),
    ),
    "check": ("size > 0", "size > 1", "add constraint check ck_size on songs", ()),
    "enum": ('    wild = "wild"\n', '    wild = "wild"\n    mad = "mad"\n', "change type songs.mood", ()),
    "primary key": (
        "    other: Mapped[int]",
        "    other: Mapped[int] = mapped_column(primary_key=True)",
        "add constraint primary key (id, other) on songs",
        (),
    ),
    "unique index": (
        'UniqueConstraint("code")',
        'UniqueConstraint("code"), Index("one", "other", unique=True)',
        "add index songs.one",
        (),
    ),
    "table": ("class Song(Base)", f"{TUNE}class Song(Base)", "add table tunes", ()),
    "table, renamed": ('"songs"', '"tunes"', "rename table tunes", ("--rename", "songs=tunes")),
}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> SmallApplication:
    folder = tmp_path_factory.mktemp("unplanned")
    return SmallApplication(folder / "app", f"sqlite:///{folder / 'database.sqlite'}", MODELS)


@pytest.mark.parametrize("title", CASES)
def test_a_change_is_recognised_and_refused_by_name(application: SmallApplication, title: str) -> None:
    old, new, name, options = CASES[title]
    assert old in MODELS
    (application.root / "models.py").write_text(HEAD + MODELS.replace(old, new))
    plan = application.must("plan", *options).out
    assert f"Not planned: {name}" in plan
    assert "Next: a revision of your own" in plan
    refused = application.instar("generate", *options)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"instar: this change is recognised and not planned: {name}")
    assert len(refused.err.splitlines()) == 1
