"""What a function works on, told by the rest of the project: its callers, what `self` and `g` were given."""

import pytest

from instar.config import Config
from instar.sources import FolderSource
from instar_lint.python import Knowledge, Watch, collect

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase):
    pass
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""

CASES = {
    "a call in another module": (
        "def rename(it):\n    it.name = 'x'\n",
        "from work import rename\ndef view(s):\n    rename(s.get(User, 1))\n",
        "proven",
    ),
    "a keyword, and a loop over what was passed": (
        "def names(rows):\n    return [row.name for row in rows]\n",
        "import work\ndef view(s):\n    work.names(rows=s.scalars(select(User)).all())\n",
        "proven",
    ),
    "a caller that passes its own parameter on": (
        "def outer(it):\n    inner(it)\ndef inner(it):\n    it.name\n",
        "from work import outer\ndef view(s):\n    outer(s.get(User, 1))\n",
        "proven",
    ),
    "a call of another function of that name": (
        "def rename(it):\n    it.name = 'x'\n",
        "from elsewhere import rename\ndef view(s):\n    rename(s.get(User, 1))\n",
        "possible",
    ),
    "callers that pass a row of another table": (
        "def rename(it):\n    it.name = 'x'\n",
        "from work import rename\ndef view(s):\n    rename(s.get(Post, 1))\n",
        "possible",
    ),
    "what a constructor was given": (
        "class Mail:\n    def __init__(self, to):\n        self.to = to\n    def body(self):\n        return self.to.name\n",
        "from work import Mail\ndef view(s):\n    Mail(s.get(User, 1))\n",
        "proven",
    ),
    "what a subclass gives to the initialiser of its base": (
        (
            "class Mail:\n    def __init__(self, to):\n        self.to = to\nclass Letter(Mail):\n"
            "    def __init__(self, person):\n        Mail.__init__(self, person)\n"
            "def send(s):\n    return Letter(s.get(User, 1)).to.name\n"
        ),
        "",
        "proven",
    ),
    "an attribute that another method sets": (
        (
            "class View:\n    to = None\n    def prepare(self, s):\n        self.to = s.get(User, 1)\n"
            "class Page(View):\n    def show(self):\n        return self.to.name\n"
        ),
        "",
        "proven",
    ),
    "an attribute of g that is set before each request": (
        "from flask import g\ndef view():\n    return g.who.name\n",
        (
            "from flask import g\ndef make(app, s):\n    @app.before_request\n    def load():\n        g.who = lookup()\n"
            "def lookup() -> User:\n    ...\n"
        ),
        "proven",
    ),
    "the user that flask-login loads": (
        "from flask_login import current_user\ndef view():\n    return current_user.name\n",
        "@login.user_loader\ndef load(key):\n    return User.query.get(key)\n",
        "proven",
    ),
    "a name that means another query further down": (
        "query = session.query(Post)\nfor one in query:\n    one.name\nquery = session.query(User)\n",
        "",
        "nothing",
    ),
    "a query that goes on at the top of a module": (
        "query = session.query(User)\nif quick:\n    query = query.limit(1)\nfor one in query.all():\n    one.name\n",
        "",
        "proven",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_who_calls_tells_what_a_receiver_is(name, tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    work, caller, expected = CASES[name]
    root = tmp_path / "project"
    root.mkdir()
    (root / "models.py").write_text(MODELS)
    heading = "from sqlalchemy import select\nfrom models import Post, User\n"
    (root / "work.py").write_text(heading + work)
    (root / "caller.py").write_text(heading + caller)
    source = FolderSource(root)
    knowledge = Knowledge.of(source, Config(dialect="sqlalchemy"))
    found = dict(collect(source, knowledge, Watch(fields=frozenset({(None, "users", "name")}))))
    tiers = {fact.confidence for fact in found.get("work.py", ())} or {"nothing"}
    assert tiers == {expected}


def test_what_sets_attributes_of_g_in_circles_is_read_without_going_round(tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    names = [f"part{number}" for number in range(12)]
    reads = "".join(f"    pick(g.{name})\n" for name in names)
    setting = "".join(f"def set_{name}(s):\n{reads}    g.{name} = s.get(User, 1)\n" for name in names)
    root = tmp_path / "project"
    root.mkdir()
    (root / "models.py").write_text(MODELS)
    (root / "work.py").write_text(
        f"from flask import g\nfrom models import User\ndef pick(one):\n    return one\n{setting}"
        "def view():\n    return g.part0.name\n"
    )
    source = FolderSource(root)
    knowledge = Knowledge.of(source, Config(dialect="sqlalchemy"))
    found = dict(collect(source, knowledge, Watch(fields=frozenset({(None, "users", "name")}))))
    assert [fact.confidence for fact in found["work.py"]] == ["proven"]
