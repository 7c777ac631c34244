"""Facts rest on the statements that they were judged by: other edits keep them, and what is kept is never stale."""

import ast
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instar.config import Config
from instar.sources import FolderSource
from instar_lint.python import Knowledge, Watch, collect
from instar_lint.python.collect import Collected, facts_of

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase):
    pass
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
WATCH = Watch(fields=frozenset({(None, "users", "name")}))
MODULES = ("a", "b", "conftest", "views", "test_views")
STATEMENTS = (
    "from models import User",
    "from a import *",
    "from a import load",
    "from b import load, Repo",
    "import a",
    "load = a.load",
    "user = load(None)",
    "users: list[User] = []",
    "def load(s):\n    return s.get(User, 1)",
    "def load(s):\n    return 1",
    "def load(s) -> User: ...",
    "def load(s):\n    return Repo(s).one()",
    "@property\ndef load(s):\n    # by its key\n    return a.load(s)",
    "if True:\n    def load(s):\n        return s.get(User, 2)\nelse:\n    load = None",
    "try:\n    from b import load\nexcept ImportError:\n    load = None",
    "class Repo:\n    def __init__(self, s):\n        self.s = s\n    def one(self):\n        return self.s.get(User, 1)",
    "class Repo:\n    found = load(None)\n    def one(self):\n        return self.found\n    class Inner:\n        user: User",
    "class Other(Repo):\n    def two(self):\n        return super().one().name",
    "def show(s):\n    return load(s).name",
    "def show(s):\n    return Repo(s).one().name",
    "def show(row=user):\n    return user.name, [u.name for u in users]",
    "def test_show(user):\n    return user.name",
    "import pytest\n@pytest.fixture\ndef user(s):\n    return load(s)",
    "import pytest\n@pytest.fixture(name='user')\ndef made(s) -> User: ...",
    "load(None).name",
    "# nothing but a comment",
    'TEXT = """\ndef load(s):\n    return 1\n# the end"""',
    "x = (\n1, ')',\n)",
)
content = st.lists(st.sampled_from(STATEMENTS), max_size=7).map("\n\n".join)
projects = st.dictionaries(st.sampled_from(MODULES), content, max_size=len(MODULES))


@contextmanager
def cached_in(folder: str):
    """Keep what is found in a folder."""
    before = os.environ.get("INSTAR_CACHE_DIR")
    os.environ["INSTAR_CACHE_DIR"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["INSTAR_CACHE_DIR"]
        else:
            os.environ["INSTAR_CACHE_DIR"] = before


def write(root: Path, files: dict[str, str]) -> None:
    for file in root.iterdir():
        file.unlink()
    for name, text in {"models": MODELS, **files}.items():
        (root / f"{name}.py").write_text(text)


def facts(root: Path) -> dict:
    source = FolderSource(root)
    return dict(collect(source, Knowledge.of(source, Config(dialect="sqlalchemy")), WATCH))


@settings(max_examples=60)
@given(first=projects, edits=st.lists(projects, min_size=1, max_size=4))
def test_what_is_kept_is_what_a_first_run_finds(first, edits):
    with tempfile.TemporaryDirectory() as folder, cached_in(f"{folder}/kept"):
        root = Path(folder, "project")
        root.mkdir()
        now = first
        for edit in ({}, *edits):
            now = {**now, **edit}
            write(root, now)
            kept = facts(root)
            with tempfile.TemporaryDirectory() as fresh, cached_in(fresh):
                assert kept == facts(root)


@settings(max_examples=60)
@given(files=projects)
def test_a_tree_that_is_there_already_tells_the_same(files):
    with tempfile.TemporaryDirectory() as folder, cached_in(f"{folder}/kept"):
        write(Path(folder), files)
        source = FolderSource(Path(folder))
        for path, text in ((f"{name}.py", text) for name, text in files.items()):
            known = [Knowledge.of(source, Config(dialect="sqlalchemy")) for _ in range(2)]
            with_tree = facts_of(text, path, known[0], WATCH, ast.parse(text))
            assert with_tree == facts_of(text, path, known[1], WATCH)


SERVICES = (
    "from models import User\n\nDEBUG = True\n\n\n"
    "def load(s):\n    return s.get(User, 1)\n\n\ndef other():\n    return 1\n"
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    views = "from services import load\n\n\ndef show(s):\n    return load(s).name\n"
    write(root, {"services": SERVICES, "views": views})
    assert facts(root)["views.py"]
    return root


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("return 1", "return 2", True),
        ("DEBUG = True", "DEBUG = False\nMORE = 1", True),
        ("def other", "# the other one\n\n\ndef other", True),
        ("def other", "def load_all(s):\n    return s.query(User).all()\n\n\ndef other", True),
        ("from models", "import os\nfrom models", True),
        ("s.get(User, 1)", "s.get(User, 2)", False),
        ("def load", "@cached\ndef load", False),
        ("import User", "import User as User", False),
        ("def other", "def load", False),
        ("def other():", "def other(:", False),
    ],
)
def test_only_what_was_asked_for_counts(project, old, new, kept):
    (project / "services.py").write_text(SERVICES.replace(old, new))
    source = FolderSource(project)
    collected = Collected(source, Knowledge.of(source, Config(dialect="sqlalchemy")), WATCH)
    assert (collected.kept("views.py") is not None) is kept


def test_declarations_that_move_change_no_fact(project):
    (project / "models.py").write_text(f"# moved\n{MODELS}")
    source = FolderSource(project)
    collected = Collected(source, Knowledge.of(source, Config(dialect="sqlalchemy")), WATCH)
    assert collected.kept("views.py") is not None
