"""The body of a mapped class: every way in which it names its own columns; and `uses_of` over a project on disk."""

import pytest

from instar.config import Config
from instar.errors import InstarError
from instar.sources import FolderSource
from instar_lint.python import Knowledge
from instar_lint.uses import fields_named, uses_of

MODELS = """\
from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import column_property, declarative_base, relationship, validates

Base = declarative_base()

class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        Index("ix_name", "user_name"),  # read
        UniqueConstraint("user_name", "id"),  # read
        CheckConstraint("length(user_name) > 1"),  # read
    )
    __repr__ = make_repr("id", "name")  # read
    id = Column(Integer, primary_key=True)
    name = Column("user_name", String)  # schema
    boss_id = Column(Integer, ForeignKey("users.id"))
    __mapper_args__ = {"polymorphic_on": name}  # read
    upper = column_property(name + "!")  # read
    boss = relationship("User", foreign_keys=[boss_id], order_by="User.name", remote_side=[id])  # read

    @validates("name")  # read
    def check(self, key, value):
        return value

    @hybrid_property
    def shout(self):
        return self.name.upper()  # read

    @shout.expression
    def shout(cls):
        return cls.name  # read

    @classmethod
    def by_name(cls, session, name):
        return session.query(cls).filter_by(name=name).first()  # read

    def describe(self, name):
        return "user_name", name

Index("ix2", User.name)  # read

class Note(Base):
    __tablename__ = "notes"
    __table_args__ = (ForeignKeyConstraint(["writer"], ["users.user_name"]),)  # read
    id = Column(Integer, primary_key=True)
    writer = Column(String)
    reader = Column(ForeignKey("users.user_name"))  # read
    readers = relationship(User, primaryjoin="Note.reader == User.name")  # read
"""
APP = """\
import models
from models import User

def f(session):
    user = User.by_name(session, "x")
    print(user.name, models.User.email)  # read
    user.boss.name = "y"  # write
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "models.py").write_text(MODELS)
    (tmp_path / "app" / "views.py").write_text(APP.replace("models", "app.models"))
    (tmp_path / "app" / "migrations").mkdir()
    (tmp_path / "app" / "migrations" / "one.py").write_text("from app.models import User\nUser.name\n")
    return FolderSource(tmp_path)


def test_every_use_in_a_model_file_is_proven(project):
    config = Config(dialect="sqlalchemy")
    document = uses_of(project, Knowledge.of(project, config), config, [(None, "users", "user_name")])
    expected = [
        (path, number, line.rsplit("# ", 1)[1])
        for path, text in (("app/models.py", MODELS), ("app/views.py", APP))
        for number, line in enumerate(text.splitlines(), 1)
        if "  # " in line
    ]
    assert [(use.path, use.line, use.access) for use in document.uses] == expected
    assert {use.confidence for use in document.uses} == {"proven"}
    assert document.unresolved == 0


def test_a_string_in_the_body_that_is_no_known_option_is_possible(tmp_path):
    text = MODELS.replace("    id = Column", '    searched = [("name", "n")]\n    id = Column', 1)
    (tmp_path / "models.py").write_text(text)
    config = Config(dialect="sqlalchemy")
    source = FolderSource(tmp_path)
    document = uses_of(source, Knowledge.of(source, config), config, [(None, "users", "user_name")])
    line = text.splitlines().index('    searched = [("name", "n")]') + 1
    assert [(u.line, u.confidence) for u in document.uses if u.confidence != "proven"] == [(line, "possible")]


def test_a_field_is_named_by_table_and_column(project):
    schema = Knowledge.of(project, Config(dialect="sqlalchemy")).schema
    assert fields_named(schema, "users.user_name") == ((None, "users", "user_name"),)
    with pytest.raises(InstarError, match=r"no table \"user\" in this version. Did you mean users\?"):
        fields_named(schema, "user.name")
    with pytest.raises(InstarError, match="is not a field"):
        fields_named(schema, "users")
