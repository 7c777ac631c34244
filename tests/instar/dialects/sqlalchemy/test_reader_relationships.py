"""Which way relationships go where two foreign keys link a pair of tables: as SQLAlchemy itself configures them."""

import sys
import types

import pytest

from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.sources import FolderSource, OverlaySource

HEAD = """
from sqlalchemy import Column, ForeignKey, Integer, and_
from sqlalchemy.orm import DeclarativeBase, backref, foreign, relationship, remote

class Base(DeclarativeBase):
    pass

class Users(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    team_id = Column(Integer, ForeignKey("teams.id"))
"""
TEAMS = """
class Teams(Base):
    __tablename__ = "teams"
    id = Column(Integer, primary_key=True)
    captain_id = Column(Integer, ForeignKey("users.id"))
"""
CASES = {
    "a string": """
    members = relationship("Users", foreign_keys="Users.team_id", backref="team")
    captain = relationship("Users", foreign_keys=[captain_id])
    """,
    "a list in a string": """
    members = relationship("Users", foreign_keys="[Users.team_id]")
    captain = relationship(Users, foreign_keys=captain_id, backref=backref("led", lazy="dynamic"))
    """,
    "a class and a function": """
    members = relationship(Users, foreign_keys=[Users.team_id])
    captain = relationship(lambda: Users, foreign_keys=lambda: [Teams.captain_id], backref="leads")
    """,
    "joins": """
    members = relationship("Users", primaryjoin="Users.team_id == Teams.id", backref="team")
    captain = relationship(Users, primaryjoin=captain_id == Users.id, backref=backref("leads", uselist=False))
    """,
    "the other way round": """
    members = relationship("Users", primaryjoin="Teams.id == Users.team_id")
    captain = relationship("Users", primaryjoin=lambda: and_(Users.id == Teams.captain_id, Users.id > 0))
    """,
    "annotated joins": """
    members = relationship("Users", primaryjoin="Teams.id == foreign(Users.team_id)")
    captain = relationship("Users", primaryjoin=lambda: remote(Users.id) == foreign(Teams.captain_id))
    """,
}


def imported(text: str) -> types.ModuleType:
    module = types.ModuleType("models_of_relationships")
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, module.__name__, "exec"), module.__dict__)
        module.Base.registry.configure()  # of these models alone, whatever other tests have mapped
    finally:
        del sys.modules[module.__name__]
    return module


@pytest.mark.parametrize("body", CASES.values(), ids=CASES)
def test_relationships_hold_what_sqlalchemy_says(tmp_path, body):
    text = HEAD + TEAMS + body
    source = OverlaySource(FolderSource(tmp_path), {"app/models.py": text.encode()})
    models = read_models(source, Config(), Cache(None)).models
    module = imported(text)
    try:
        for name in ("Users", "Teams"):
            (read,) = models.named(name)
            exact = getattr(module, name).__mapper__.relationships
            found = {
                each.name: (each.target.rpartition(".")[2], each.many)
                for each in read.attributes
                if each.kind == "relationship"
            }
            assert found == {each.key: (each.mapper.class_.__name__, each.uselist) for each in exact}
    finally:
        module.Base.registry.dispose()
