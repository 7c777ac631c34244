"""History tables beside mapped ones, in the way of SQLAlchemy's example `versioned_history`."""

# The models are written as applications write them.
# ruff: noqa: N805
from sqlalchemy import Column, ForeignKey, Integer, String, Table
from sqlalchemy.orm import Mapper, declarative_base, declared_attr

Base = declarative_base()


def keep_history(mapper):
    table = mapper.local_table
    columns = []
    for column in table.c:
        copy = column._copy()
        copy.unique = False
        columns.append(copy)
    columns.append(Column("version", Integer, primary_key=True, autoincrement=False))
    Table(table.name + "_history", table.metadata, *columns, schema=table.schema)
    table.append_column(Column("version", Integer, nullable=False, default=1))
    mapper.add_property("version", table.c.version)


class Versioned:
    @declared_attr
    def __mapper_cls__(cls):
        def make(mapped, *args, **options):
            mapper = Mapper(mapped, *args, **options)
            keep_history(mapper)
            return mapper

        return make


class Service(Versioned, Base):
    __tablename__ = "services"
    id = Column(Integer, primary_key=True)
    name = Column(String(20), nullable=False, index=True)
    code = Column(String(5), unique=True)
    parent_id = Column(ForeignKey("services.id"))


class Plain(Base):
    __tablename__ = "plain"
    id = Column(Integer, primary_key=True)
