"""Models that are made inside functions and methods."""

import textwrap

import pytest

from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.schema.diff import diff
from instar.sources import FolderSource, OverlaySource


def read(tmp_path, **files: str):
    encoded = {f"app/{name}.py": textwrap.dedent(text).encode() for name, text in files.items()}
    return read_models(OverlaySource(FolderSource(tmp_path), encoded), Config(), Cache(None)).schema


FACTORY = """
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import as_declarative, declared_attr

class Naming:
    @declared_attr
    def __tablename__(cls):
        return cls.__name__.lower()
    id = Column(Integer, primary_key=True)

class FlowColumns:
    name = Column(String(50), index=True)

class Models:
    def __init__(self, metadata=None, mixins=(), flow=FlowColumns):
        self.metadata = metadata
        self.make_base(mixins)
        self.make(flow)

    def make_base(self, mixins=()):
        @as_declarative(metadata=self.metadata)
        class Base(*mixins, Naming):
            pass
        self.Base = Base

    def make(self, flow=FlowColumns):
        class Flow(flow, self.Base):
            pass
        class Log(self.Base):
            text = Column(String)
        self.Flow = Flow
"""


def test_an_object_that_makes_its_models_is_read_with_the_defaults_of_its_methods(tmp_path):
    schema = read(tmp_path, orm=FACTORY)
    assert {table.name: [field.name for field in table.fields] for table in schema.tables} == {
        "flow": ["name", "id"],
        "log": ["id", "text"],
    }
    assert schema.table("flow").place.line == 27
    assert not schema.opaque


def test_its_columns_come_and_go_like_those_of_any_model(tmp_path):
    without = FACTORY.replace(
        "    name = Column(String(50), index=True)\n", "    title = Column(String(9))\n"
    )
    changes = diff(read(tmp_path, orm=FACTORY), read(tmp_path, orm=without))
    assert [(one.kind, one.table) for one in changes] == [
        ("add_field", "flow"),
        ("drop_field", "flow"),
        ("drop_index", "flow"),
    ]


def test_models_of_an_application_factory_are_read(tmp_path):
    schema = read(
        tmp_path,
        factory="""
        from flask import Flask
        from flask_sqlalchemy import SQLAlchemy

        def create_app(config=None):
            app = Flask(__name__)
            db = SQLAlchemy(app)

            class LineItem(db.Model):
                id = db.Column(db.Integer, primary_key=True)

            if config:
                class Extra(db.Model):
                    __tablename__ = "extras"
                    id = db.Column(db.Integer, primary_key=True)

            return app

        def models(db):
            class Customer(db.Model):
                __tablename__ = "customers"
                id = db.Column(db.Integer, primary_key=True)
            return Customer
        """,
    )
    assert [table.name for table in schema.tables] == ["customers", "extras", "line_item"]


def test_a_copy_of_a_known_model_in_a_function_does_not_count(tmp_path):
    schema = read(
        tmp_path,
        models="""
        from sqlalchemy import Column, Integer, String
        from sqlalchemy.orm import declarative_base
        Base = declarative_base()

        class User(Base):
            __tablename__ = "users"
            id = Column(Integer, primary_key=True)

        def repair():
            Old = declarative_base()
            class User(Old):
                __tablename__ = "users"
                id = Column(Integer, primary_key=True)
                gone = Column(String)
        """,
    )
    (users,) = schema.tables
    assert [field.name for field in users.fields] == ["id"]
    assert not users.opaque
    assert not schema.opaque


def test_a_function_is_not_followed_for_the_sake_of_its_classes(tmp_path):
    """Two ways for each test whose result is not known: 2 ** 40 steps if it were."""
    branches = "\n".join(f"    if data.get({n}):\n        total = work(total)" for n in range(30))
    schema = read(
        tmp_path,
        models=f"""
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()

def work(data):
{branches}
    return data

def load(data):
    result = work(data)
    class Row:
        pass
    return result

def make():
    class User(Base):
        __tablename__ = "users"
        id = Column(Integer, primary_key=True)
    return User
""",
    )
    assert [table.name for table in schema.tables] == ["users"]


UNKNOWN = {
    "a base that only an argument knows": (
        """
        from sqlalchemy import Column, Integer
        class Registry:
            def make(self):
                class Event(self.Base):
                    id = Column(Integer, primary_key=True)
        """,
        "Event is made inside a function, and its table is not known",
        5,
    ),
    "columns that nothing inherits": (
        """
        from sqlalchemy import Column, DateTime
        class Stamped:
            created = Column(DateTime)
        """,
        "Stamped declares columns, and no class that is known to map a table inherits them",
        3,
    ),
}


@pytest.mark.parametrize(("text", "reason", "line"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_may_be_a_table_and_is_not_known_is_opaque(tmp_path, text, reason, line):
    schema = read(tmp_path, models=text)
    assert not schema.tables
    assert (reason, line) in [(part.reason, part.place.line) for part in schema.opaque]


def test_flask_gives_no_table_to_a_subclass_without_a_primary_key(tmp_path):
    schema = read(
        tmp_path,
        models="""
        from flask_sqlalchemy import SQLAlchemy
        db = SQLAlchemy()

        class Users(db.Model):
            __tablename__ = "users"
            id = db.Column(db.Integer, primary_key=True)

        class Admins(Users):
            __tablename__ = "admins"
            level = db.Column(db.Integer)

        class Robots(Users):
            __tablename__ = "robots"
            id = db.Column(db.ForeignKey("users.id"), primary_key=True)
        """,
    )
    assert {table.name: [field.name for field in table.fields] for table in schema.tables} == {
        "robots": ["id"],
        "users": ["id", "level"],
    }
