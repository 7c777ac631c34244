# The models are written as old applications write them.
# ruff: noqa: F403, F405, N805, UP031
from sqlalchemy import *
from sqlalchemy import Column as Col
from sqlalchemy import MetaData, func, types
from sqlalchemy.dialects.postgresql import ENUM, JSONB, UUID
from sqlalchemy.ext.declarative import declared_attr
from sqlalchemy.orm import declarative_base, deferred, relationship, synonym

from . import constants as known
from .base import Mood

metadata = MetaData(schema="old")


class Named:
    @declared_attr
    def __tablename__(cls):
        return cls.__name__.lower()

    @declared_attr
    def owner(cls):
        return Col("owner_id", Integer, ForeignKey("old.account.id"))

    id = Col(types.Integer, primary_key=True)


Base = declarative_base(cls=Named, metadata=metadata)


class Account(Base):
    name = Col(String(known.LONG), nullable=False, default="x", server_default="y")
    email = Col("e_mail", VARCHAR(100), unique=True, nullable=False)
    uid = Col(UUID(as_uuid=True), server_default=func.gen_random_uuid())
    data = Col(JSONB, nullable=False, server_default=text("'{}'::jsonb"))
    kind = Col(ENUM("a", "b", name="kinds", create_type=False))
    mood = Col(Enum(Mood, name="moods"), nullable=False)
    seen = Col(DateTime(timezone=True), onupdate=func.now(), index=True)
    amount = Col(Numeric(10, 2), nullable=False, default=0)
    big = Col(BigInteger())
    lazy = deferred(Col(Text))
    mail = synonym("email")
    orders = relationship("Order", backref="account", foreign_keys="Order.account_id")

    __table_args__ = (
        UniqueConstraint(name, big, name="name_big"),
        Index("seen_desc", seen.desc(), "name"),
        Index("partial", email, postgresql_where=(big > 3) & (name != "it's")),
        CheckConstraint(big > 0, name="big_positive"),
    )


class Order(Base):
    __tablename__ = "orders_%s" % known.DEFAULT_STATE
    account_id = Col(ForeignKey(Account.id), nullable=False)
    account_name = Col(String(20))
    limit = Col(Integer, default=known.LIMITS["high"])


links = Table(
    "links",
    metadata,
    Col("a", Integer, ForeignKey("old.account.id"), nullable=False),
    Col("b", Integer, nullable=True),
    Col("c", String(3), server_default=func.upper("q")),
    schema="other",
)
Index("links_ab", links.c.a, links.c.b, unique=True)


class Link:
    pass


class Mapped:
    __table__ = links
