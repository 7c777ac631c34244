# The models are written as applications write them.
# ruff: noqa: ICN001, N805, RUF012
from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    Mapped,
    MappedAsDataclass,
    column_property,
    composite,
    declared_attr,
    deferred,
    mapped_column,
    relationship,
    synonym,
)

from . import constants
from .base import (
    Base,
    Keyed,
    Money,
    Mood,
    Sized,
    Snake,
    Stamped,
    key,
    maybe,
    name50,
    owner_key,
    short,
    text_column,
)


class People(Snake, Stamped, Keyed):
    name: Mapped[name50]
    nick: Mapped[short | None]
    motto: Mapped[maybe]
    mail: Mapped[str] = mapped_column("mail_address", sa.String(320), unique=True)
    code: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4, unique=True, index=True)
    mood: Mapped[Mood] = mapped_column(default=Mood.HAPPY)
    other_mood: Mapped[Mood | None] = mapped_column(sa.Enum(Mood))
    switch: Mapped[Literal["on", "off"]]
    extra: Mapped[dict[str, Any] | None]
    tags: Mapped[list[str]] = mapped_column(postgresql.ARRAY(sa.String(10)), server_default="{}")
    wage: Mapped[decimal.Decimal] = mapped_column(Money)
    price: Mapped[decimal.Decimal | None]
    sized: Mapped[str] = mapped_column(Sized(44), comment="of that size")
    state: Mapped[str] = mapped_column(
        sa.Enum(*constants.STATES, name="state"), default=constants.DEFAULT_STATE
    )
    level: Mapped[int] = mapped_column(sa.SmallInteger, server_default=text("7"))
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    born: Mapped[datetime.date | None]
    ratio: Mapped[float] = mapped_column(sa.Float(53))
    photo: Mapped[bytes | None] = deferred(mapped_column(sa.LargeBinary))
    doubled: Mapped[int] = mapped_column(Computed("level * 2"))
    big: Mapped[str] = text_column(nullable=False)
    _secret: Mapped[str | None] = mapped_column("secret", sa.Text())
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("modern_people.id", name="to_boss"))
    waits: Mapped[datetime.timedelta | None]
    address = synonym("mail")
    shout = column_property(func.upper(mail))
    boss: Mapped[People | None] = relationship(remote_side="People.id", foreign_keys="People.boss_id")
    pets: Mapped[list[Pet]] = relationship(back_populates="owner")

    @hybrid_property
    def secret(self) -> str | None:
        return self._secret

    @property
    def plain(self) -> int:
        return 1

    __table_args__ = (
        Index("by_lower", func.lower(mail)),
        Index("by_state", "state", mail.desc()),
        Index("of_active", "born", postgresql_where=text("active"), unique=True),
        Index(None, "level", "born"),
        Index("in_gin", "tags", postgresql_using="gin"),
        CheckConstraint("level > 0", name="positive"),
        UniqueConstraint("name", "born"),
        {"comment": "all of them"},
    )


class Pet(Snake, MappedAsDataclass, Base):
    id: Mapped[key] = mapped_column(init=False)
    owner_id: Mapped[owner_key] = mapped_column(init=False)
    kind: Mapped[str] = mapped_column(sa.String(20), default="cat")
    owner: Mapped[People] = relationship(back_populates="pets", init=False)


class Place:
    def __init__(self, x: int, y: int):
        self.x = x
        self.y = y


class Spot(Base):
    __tablename__ = "spots"

    row: Mapped[int]
    column: Mapped[int]
    number: Mapped[int] = mapped_column(Identity(always=True))
    place: Mapped[Place] = composite(Place, mapped_column("x", sa.Integer), mapped_column("y", sa.Integer))

    __table_args__ = (PrimaryKeyConstraint("row", "column"), {"schema": "maps"})


class Visit(Base):
    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    row: Mapped[int]
    column: Mapped[int]
    person_id = mapped_column(ForeignKey(People.id, onupdate="CASCADE"))
    note = mapped_column(sa.String(5), nullable=False, server_default="it's")

    __table_args__ = (
        ForeignKeyConstraint(["row", "column"], ["maps.spots.row", "maps.spots.column"], ondelete="SET NULL"),
    )


class Animal(Base):
    __tablename__ = "animals"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}


class Dog(Animal):
    bark: Mapped[str | None] = mapped_column(sa.String(9))
    __mapper_args__ = {"polymorphic_identity": "dog"}


class Puppy(Dog):
    age: Mapped[int | None] = mapped_column(use_existing_column=True)
    __mapper_args__ = {"polymorphic_identity": "puppy"}


class Whale(Animal):
    __tablename__ = "whales"

    id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    depth: Mapped[float] = mapped_column(sa.Double)
    __mapper_args__ = {"polymorphic_identity": "whale"}


class HasNotes:
    @declared_attr
    def notes(cls):
        made = type(
            f"{cls.__name__}Note",
            (Keyed,),
            {
                "__tablename__": f"{cls.__tablename__}_notes",
                "body": mapped_column(sa.Text, nullable=False),
                "parent_id": mapped_column(ForeignKey(f"{cls.__tablename__}.id")),
            },
        )
        return relationship(made)

    @declared_attr.directive
    def __table_args__(cls):
        return (Index(f"{cls.__tablename__}_by_title", cls.title),)

    title: Mapped[str] = mapped_column(sa.String(70))


class Book(HasNotes, Keyed):
    __tablename__ = "books"


class Film(HasNotes, Keyed):
    __tablename__ = "films"

    length: Mapped[int] = mapped_column(default=90)


class Counted:
    def __init_subclass__(cls, **options):
        cls.__tablename__ = cls.__name__.lower() + "s"
        super().__init_subclass__(**options)


class Song(Counted, Keyed):
    seconds: Mapped[int] = mapped_column(CheckConstraint("seconds > 0", name="some"))


book_films = sa.Table(
    "book_films",
    Base.metadata,
    sa.Column("book_id", ForeignKey("books.id"), primary_key=True),
    sa.Column("film_id", ForeignKey(Film.id), primary_key=True),
    sa.Column("position", sa.Integer, key="at", index=True),
    UniqueConstraint("film_id", "at"),
)

Index("by_length", Film.length.desc())
