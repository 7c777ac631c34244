"""`is_active` becomes `is_deleted`: near in name and type, opposite in meaning, so it is never taken for a rename."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from small_application import SmallApplication

MODELS = """\
class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    is_active: Mapped[bool]
"""
WANTED = MODELS.replace("is_active", "is_deleted")
NAME = ("--name", "deleted")
INVERTED = ("--rename", "accounts.is_active=is_deleted", "--convert")
INVERTED += ("accounts.is_deleted=True=False,False=True",)
ACTIVE, LEFT = 1, 2


@pytest.fixture
def application(sqlite: str, tmp_path: Path) -> SmallApplication:
    made = SmallApplication(tmp_path / "app", sqlite, MODELS)
    made.execute("INSERT INTO accounts (id, is_active) VALUES (1, 1), (2, 0)")
    return made


def test_by_hand_a_renamed_column_deletes_everybody_who_is_active(application: SmallApplication) -> None:
    application.execute("ALTER TABLE accounts RENAME COLUMN is_active TO is_deleted")
    assert application.scalars("SELECT id FROM accounts WHERE is_deleted") == [ACTIVE]


def test_nothing_is_guessed(application: SmallApplication) -> None:
    application.want(WANTED)
    document = application.must("diff", "--format", "json").json
    assert {change["kind"] for change in document["changes"]} == {"add_field", "drop_field"}
    plan = application.must("plan").out
    assert "drop + add, or a rename?" in plan
    refused = application.instar("generate", *NAME)
    assert refused.code == 2
    assert "accounts.is_deleted" in refused.err
    assert "INS305" in application.instar("lint").out


def test_a_pair_that_is_no_rename_is_filled_from_its_opposite(application: SmallApplication) -> None:
    application.want(WANTED)
    application.must("generate", *NAME, "--fill", "accounts.is_deleted=NOT is_active")
    application.deploy("deleted")
    application.finish("deleted")
    assert application.scalars("SELECT id FROM accounts WHERE is_deleted") == [LEFT]
    assert application.columns("accounts").keys() == {"id", "is_deleted"}


def test_an_inverted_rename_says_how_and_both_versions_read_their_own_meaning(
    application: SmallApplication,
) -> None:
    application.want(WANTED)
    application.must("generate", *NAME, *INVERTED)
    old = application.code(application.deploy("deleted")).Account
    application.must("advance", "deleted", "--exit-code")
    new = application.code(application.deploy("deleted")).Account
    with application.session() as session:
        session.add_all([old(id=3, is_active=True), new(id=4, is_deleted=True)])
        session.get(old, ACTIVE).is_active = False
        session.get(new, LEFT).is_deleted = False
    with application.session() as session:
        assert session.scalars(sa.select(old.id).where(old.is_active)).all() == [2, 3]
        assert session.scalars(sa.select(new.id).where(~new.is_deleted)).all() == [2, 3]
    application.finish("deleted")
    assert application.scalars("SELECT id FROM accounts WHERE NOT is_deleted") == [2, 3]
