"""`instar diff` between a live database and models read from source: in step after `create_all`, on every backend."""

import runpy

import pytest
import sqlalchemy as sa

from commands import run, write
from instar.dialects.sqlalchemy.engine import resolve_url

MODELS = """\
import datetime as dt
import decimal
import enum
import uuid
from typing import Annotated, Optional

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, MetaData, String, Text, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    })


Short = Annotated[str, mapped_column(String(40))]


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Stamped:
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[Optional[dt.datetime]] = mapped_column(onupdate=func.now())


class User(Stamped, Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column("mail", String(120), unique=True)
    nick: Mapped[Optional[Short]] = mapped_column(index=True)
    bio: Mapped[Optional[str]] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    token: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    balance: Mapped[decimal.Decimal] = mapped_column(sa.Numeric(10, 2), server_default="0")
    color: Mapped[Color] = mapped_column(default=Color.RED, server_default="RED")
    size = mapped_column(sa.Enum("s", "m", "xl", name="size", native_enum=False))
    settings: Mapped[Optional[dict]] = mapped_column(sa.JSON)
    born: Mapped[Optional[dt.date]]
    alarm: Mapped[Optional[dt.time]]
    pause: Mapped[Optional[dt.timedelta]]
    ratio: Mapped[Optional[float]]
    photo: Mapped[Optional[bytes]]
    visits: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    posts: Mapped[list["Post"]] = relationship(back_populates="author")
    __table_args__ = (
        sa.CheckConstraint("balance >= 0", name="positive"),
        UniqueConstraint("nick", "color"),
    )


class Post(Stamped, Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    status: Mapped[Short] = mapped_column(server_default="draft")
    published_at: Mapped[Optional[dt.datetime]]
    author: Mapped[User] = relationship(back_populates="posts")
    __table_args__ = (Index("by_status", "status", "published_at"),)


tags = sa.Table(
    "post_tags",
    Base.metadata,
    sa.Column("post_id", ForeignKey("posts.id"), primary_key=True),
    sa.Column("tag", String(30), primary_key=True),
)
"""
POSTGRESQL = """

from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB, UUID


class Native(Base):
    __tablename__ = "native"
    id = sa.Column(UUID(as_uuid=True), primary_key=True, server_default=sa.text("gen_random_uuid()"))
    tags = sa.Column(ARRAY(String(20)), nullable=False, server_default="{}")
    data = sa.Column(JSONB, server_default=sa.text("'{}'::jsonb"))
    address = sa.Column(INET)
    seen = sa.Column(sa.DateTime(timezone=True), server_default=sa.text("now()"))
    gone = sa.Column(sa.Boolean, nullable=False, server_default=sa.false())
    __table_args__ = (
        Index("by_data", "data", postgresql_using="gin"),
        Index("only_seen", "seen", postgresql_where=(gone.is_(False))),
        Index("by_lower", func.lower(sa.cast(address, sa.Text))),
    )
"""
CONFIG = '[environments.production]\nurl = "env:SHOP_DATABASE"\n'


@pytest.fixture
def shop(tmp_path, database, monkeypatch):
    """An application, and its production database made by `create_all` of these very models."""
    text = MODELS + POSTGRESQL * database.startswith("postgresql")
    root = write(tmp_path / "shop", {"app/__init__.py": "", "app/models.py": text, "instar.toml": CONFIG})
    monkeypatch.setenv("SHOP_DATABASE", database)
    engine = sa.create_engine(resolve_url(database, "it"))
    models = runpy.run_path(str(root / "app" / "models.py"))
    models["Base"].metadata.create_all(engine)
    engine.dispose()
    return root


def test_a_database_made_from_the_models_is_in_step(shop):
    done = run("diff", "--from", "db:production", "--to", "WORKTREE", "--exit-code", cwd=shop)
    assert (done.out, done.err, done.code) == (
        "In step: the database of production and the work tree.\n",
        "",
        0,
    )
    done = run("diff", "--from", "WORKTREE", "--to", "db:production", "--format", "json", cwd=shop)
    assert done.json["changes"] == []


def test_an_edit_of_the_models_is_the_one_difference(shop):
    models = shop / "app" / "models.py"
    models.write_text(models.read_text().replace("String(120)", "String(200)"))
    done = run("diff", "--from", "db:production", cwd=shop)
    assert done.out.startswith("users\n  ~ type    mail  str(120) → str(200)\n\n1 change between")
