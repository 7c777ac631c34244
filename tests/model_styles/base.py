# The models are written as applications write them.
# ruff: noqa: ICN001, N805, RUF012
import datetime
import decimal
import enum
import re
from typing import Annotated, Any, Literal

from sqlalchemy import JSON, BigInteger, DateTime, Enum, ForeignKey, MetaData, Numeric, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from .constants import LONG, PREFIX

NAMING = {
    "ix": "%(column_0_label)s_idx",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

key = Annotated[int, mapped_column(primary_key=True)]
name50 = Annotated[str, mapped_column(String(50), index=True)]
short = Annotated[str, 30]
maybe = Annotated[str | None, mapped_column(String(12))]
stamp = Annotated[datetime.datetime, mapped_column(server_default=func.now(), nullable=False)]
owner_key = Annotated[int, mapped_column(ForeignKey("modern_people.id", ondelete="CASCADE"), index=True)]


class Mood(enum.Enum):
    HAPPY = "happy"
    SAD = "sad"


class Money(TypeDecorator):
    impl = Numeric(12, 4)
    cache_ok = True


class Sized(TypeDecorator):
    impl = String
    cache_ok = True


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        short: String(30),
        dict[str, Any]: JSON,
        decimal.Decimal: Numeric(10, 2),
        int: BigInteger,
        datetime.datetime: DateTime(timezone=True),
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            length=20,
            values_callable=lambda kinds: [kind.value for kind in kinds],
        ),
        Literal["on", "off"]: Enum("on", "off", name="switch"),
    }


class Snake:
    """A table name computed from the class name."""

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return PREFIX + re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Stamped:
    created: Mapped[stamp]
    updated: Mapped[datetime.datetime | None] = mapped_column(onupdate=func.now())

    @declared_attr
    def creator_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("modern_people.id"), index=True)


class Keyed(Base):
    __abstract__ = True

    id: Mapped[key]


def text_column(length=LONG, **options):
    return mapped_column(String(length), **options)
