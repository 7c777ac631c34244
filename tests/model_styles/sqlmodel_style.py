# The models are written as applications write them.
# ruff: noqa: ICN001
import datetime
import uuid
from decimal import Decimal
from typing import Optional

import sqlalchemy as sa
from sqlmodel import Field, Relationship, SQLModel, UniqueConstraint

from .base import Mood


class HeroBase(SQLModel):
    name: str = Field(index=True, max_length=40)
    age: int | None = Field(default=None, index=True)
    secret: str = Field(sa_column=sa.Column("hidden", sa.Text, nullable=False))


class Hero(HeroBase, table=True):
    __table_args__ = (UniqueConstraint("name", "age", name="one_hero"),)

    id: int | None = Field(default=None, primary_key=True)
    code: uuid.UUID = Field(default_factory=uuid.uuid4, unique=True)
    mood: Mood = Mood.HAPPY
    price: Decimal = Field(default=0, max_digits=5, decimal_places=3)
    seen: datetime.datetime | None = Field(
        default=None, sa_type=sa.DateTime(timezone=True), sa_column_kwargs={"server_default": sa.func.now()}
    )
    team_id: int | None = Field(default=None, foreign_key="team_x.id", ondelete="SET NULL")
    alive: bool = True
    nullable: str = Field(nullable=True)
    team: Optional["Team"] = Relationship(back_populates="heroes")


class HeroPublic(HeroBase):
    id: int


class Team(SQLModel, table=True):
    __tablename__ = "team_x"
    id: int = Field(primary_key=True)
    day: datetime.date
    heroes: list[Hero] = Relationship(back_populates="team")


class CamelCaseName(SQLModel, table=True):
    key: str = Field(primary_key=True)
