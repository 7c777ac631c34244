"""A column is dropped in the deploy whose code stops reading it: the code before is still in service."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from commands import write
from small_application import SmallApplication

MODELS = """\
class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    fax: Mapped[str] = mapped_column(String(50))
"""
WANTED = MODELS.replace("    fax: Mapped[str] = mapped_column(String(50))\n", "")
NAME = ("--name", "fax")
REVISION = '''\
"""Nobody has a fax any more."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.drop_column("customers", "fax")
'''
DROPPED = "migrations/versions/0002_fax.py"


@pytest.fixture
def application(database: str, tmp_path: Path) -> SmallApplication:
    made = SmallApplication(tmp_path / "app", database, MODELS)
    made.execute("INSERT INTO customers (id, name, fax) VALUES (1, 'Ann', '123')")
    return made


def test_by_hand_the_code_in_service_fails_on_every_row(application: SmallApplication) -> None:
    old = application.code(application.first).Customer
    application.want(WANTED)
    write(application.root, {DROPPED: REVISION})
    for versions in ((), ("--from", "HEAD")):  # with what is recorded of production, and without
        assert "INS303" in application.instar("lint", *versions).out
    application.upgrade()
    with pytest.raises(sa.exc.DBAPIError, match="fax"), application.session() as session:
        session.scalars(sa.select(old)).all()


def test_the_drop_comes_one_deploy_after_the_code(application: SmallApplication) -> None:
    application.want(WANTED)
    application.must("generate", *NAME)
    old = application.code(application.first).Customer
    new = application.code(application.deploy("fax")).Customer
    assert "fax" in application.columns("customers")
    with application.session() as session:
        session.add_all([old(id=2, name="Bob", fax="456"), new(id=3, name="Cy")])
    with application.session() as session:
        assert [one.fax for one in session.scalars(sa.select(old).order_by(old.id))] in (
            ["123", "456", None],
            ["123", "456", ""],  # where the database gives it a default instead
        )
        assert len(session.scalars(sa.select(new)).all()) == 3
    application.must("advance", "fax", "--exit-code")
    application.deploy("fax")
    assert "fax" not in application.columns("customers")
    assert application.scalars("SELECT name FROM customers ORDER BY id") == ["Ann", "Bob", "Cy"]
