"""Two renames in a row, `a` to `b` and `c` to `a`: one name means two things while both versions run."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_application import SmallApplication

MODELS = """\
class Parcel(Base):
    __tablename__ = "parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(String(20))
    payer: Mapped[str] = mapped_column(String(20))
"""
WANTED = MODELS.replace("sender", "origin").replace("payer", "sender")
RENAMES = ("--rename", "parcels.sender=origin", "--rename", "parcels.payer=sender", "--name", "chain")


@pytest.fixture
def application(database: str, tmp_path: Path) -> SmallApplication:
    made = SmallApplication(tmp_path / "app", database, MODELS)
    made.execute("INSERT INTO parcels (id, sender, payer) VALUES (1, 'Ann', 'Bob')")
    return made


@pytest.fixture
def on_sqlite(sqlite: str, tmp_path: Path) -> SmallApplication:
    made = SmallApplication(tmp_path / "app", sqlite, MODELS)
    made.execute("INSERT INTO parcels (id, sender, payer) VALUES (1, 'Ann', 'Bob')")
    return made


def test_by_hand_old_code_reads_one_meaning_under_the_name_of_the_other(on_sqlite: SmallApplication) -> None:
    old = on_sqlite.code(on_sqlite.first).Parcel
    on_sqlite.execute("ALTER TABLE parcels RENAME COLUMN sender TO origin")
    on_sqlite.execute("ALTER TABLE parcels RENAME COLUMN payer TO sender")
    on_sqlite.execute("ALTER TABLE parcels ADD COLUMN payer TEXT")  # so that old code does not fail at once
    with on_sqlite.session() as session:
        assert session.get(old, 1).sender == "Bob"


def test_the_second_rename_waits_until_nothing_means_the_first(application: SmallApplication) -> None:
    application.want(WANTED)
    versions = [application.first]
    application.must("generate", *RENAMES)
    versions.append(application.deploy("chain"))
    while "is done everywhere" not in application.must("status", "--all").out:
        both_read_right(application, versions[-2:])
        application.must("advance", "chain", "--exit-code")
        versions.append(application.deploy("chain"))
    assert len(versions) == 1 + 5
    both_read_right(application, versions[-2:])
    assert application.columns("parcels").keys() == {"id", "origin", "sender"}
    verified = application.must("verify", "chain", "--env", "production").out
    assert verified.count("is dropped, after a last look at it") == 2


def both_read_right(application: SmallApplication, versions: list[str]) -> None:
    """The code before a deploy and the code after it read what either of them writes, by meaning."""
    models = [application.code(ref).Parcel for ref in versions]
    for writer in models:
        for reader in models:
            with application.session() as session:
                parcel = session.get(writer, 1)
                first, second = names(writer)
                setattr(parcel, first, f"{getattr(parcel, first)[:10]}+")
                setattr(parcel, second, f"{getattr(parcel, second)[:10]}-")
                written = (getattr(parcel, first), getattr(parcel, second))
            with application.session() as session:
                parcel = session.get(reader, 1)
                assert tuple(getattr(parcel, name) for name in names(reader)) == written


def names(model: type) -> tuple[str, str]:
    """What a version calls the one who sends and the one who pays."""
    if not hasattr(model, "origin"):
        return "sender", "payer"
    return ("origin", "payer") if hasattr(model, "payer") else ("origin", "sender")
