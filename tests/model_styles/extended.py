"""What applications build on top of SQLAlchemy: columns, classes and tables that their own code makes."""

# The models are written as applications write them.
# ruff: noqa: N805, B010, RUF012
import functools
from dataclasses import dataclass, field

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    cast,
    func,
    not_,
    nulls_first,
)
from sqlalchemy.orm import Mapped, declarative_base, declared_attr, mapped_column

Base = declarative_base()
Needed = functools.partial(Column, nullable=False)


class Required(Column):
    """A column that is required unless it says otherwise."""

    inherit_cache = True

    def __init__(self, *args, **options):
        if "nullable" not in options:
            options["nullable"] = False
        super().__init__(*args, **options)


class Short(Required):
    inherit_cache = True

    def __init__(self, length=8, **options):
        Required.__init__(self, String(length), **options)


def reference(target, **options):
    options.setdefault("index", True)
    options.setdefault("nullable", options.pop("loose", False))
    return Column(Integer, ForeignKey(target, ondelete="CASCADE"), **options)


def make_tag(owner):
    class Tag(Base):
        __tablename__ = f"{owner:s}_tags"
        id = Column(Integer, primary_key=True)
        label = Short(20, unique=True)
        owner_id = reference(f"{owner}.id")

    return Tag


class Post(Base):
    __tablename__ = "posts"
    id = Column(Integer, primary_key=True)
    title = Required(String(99))
    slug = Short(unique=True)
    mood = Short(4, nullable=True)
    state = Needed(String(3), index=True)
    words: Mapped[int] = Column(Integer)
    data = Column(JSON)
    seen = Column(DateTime)
    parent_id = reference("posts.id", loose=True)

    if True:
        kept = Column(Text)
    else:
        left = Column(Text)

    __table_args__ = (
        Index("by_word", cast(words, String(9)), func.coalesce(title, "")),
        Index("by_case", case((title == "x", 1), else_=2)),
        Index("by_sum", slug + "z"),
        Index("by_seen", seen.desc().nulls_last(), nulls_first(words)),
        Index("unseen", words, postgresql_where=~seen.is_(None)),
        Index("neither", words, postgresql_where=and_(not_(title == "a"), ~mood.in_(["b", "c"]))),
    )


PostTag = make_tag("posts")
make_tag("letters")


class Letter(Base):
    __tablename__ = "letters"
    id = Column(Integer, primary_key=True)
    body = Column(Text)


Letter.__table__.append_column(Column("added", Integer, index=True))
Letter.__table__.append_constraint(UniqueConstraint(Letter.body, name="one_body"))
setattr(Letter, "later", Column("later_on", String(3)))
for name in ("first", "last"):
    setattr(Letter, name, Column(Integer, default=0))


class OfTable:
    @declared_attr
    def __table__(cls):
        return Table(
            cls.__name__.lower(),
            Base.metadata,
            Column("id", Integer, primary_key=True),
            Column("kind", String(9)),
        )


class Parcel(OfTable, Base):
    pass


class Car(Base):
    __tablename__ = "cars"
    id = Column(Integer, primary_key=True)
    kind = Column(String(9))
    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "car"}


class Truck(Car):
    @declared_attr
    def load(cls):
        return Car.__table__.c.get("load", Column(Integer))

    __mapper_args__ = {"polymorphic_identity": "truck"}


class Lorry(Car):
    @declared_attr
    def load(cls):
        return Car.__table__.c.get("load", Column(Integer))

    __mapper_args__ = {"polymorphic_identity": "lorry"}


class Schema:
    """A class that only holds its tables together."""

    metadata = Base.metadata

    masters = Table(
        "masters", metadata, Column("id", Integer, primary_key=True), Column("name", Text, nullable=False)
    )
    workers = Table(
        "workers",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("master_id", Integer, ForeignKey(masters.c.id), nullable=False),
    )
    Index("by_master", workers.c.master_id, unique=True)


class Master:
    pass


Base.registry.map_imperatively(Master, Schema.masters)


@Base.registry.mapped
@dataclass
class Note:
    __tablename__ = "notes"
    __sa_dataclass_metadata_key__ = "sa"

    id: int = field(init=False, metadata={"sa": Column(Integer, primary_key=True)})
    text: str = field(default="", metadata={"sa": Column(String(50), nullable=False)})
    tags: list[str] = field(default_factory=list)


class Titled:
    @classmethod
    def __private_indexes(cls):
        return (Index(f"{cls.__tablename__}_by_title", "title"),)

    title: Mapped[str] = mapped_column(String(7))

    @declared_attr
    def __table_args__(cls):
        names = [name for name in dir(cls) if name.endswith("__private_indexes")]
        found = [index for name in names for index in getattr(cls, name)()]
        return (*found, {"comment": "kept together"})


class Page(Titled, Base):
    __tablename__ = "pages"
    id = Column(Integer, primary_key=True)
