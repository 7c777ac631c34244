"""The facts of a project are the same with a cache, without one, and with a damaged one."""

import os

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
    name: Mapped[str] = mapped_column("user_name")
"""
WATCH = Watch(fields=frozenset({(None, "users", "user_name")}))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    (root / "models.py").write_text(MODELS)
    (root / "services.py").write_text("from models import User\ndef load(s):\n    return s.get(User, 1)\n")
    (root / "views.py").write_text("from services import load\ndef show(s):\n    return load(s).name\n")
    return root


def views(root):
    source = FolderSource(root)
    knowledge = Knowledge.of(source, Config(dialect="sqlalchemy"))
    return [(f.place.line, f.confidence) for f in dict(collect(source, knowledge, WATCH)).get("views.py", ())]


def rewrite(path, text):
    path.write_text(text)
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 10_000_000))


def test_what_is_kept_is_what_was_found(project):
    assert views(project) == [(3, "proven")]
    assert views(project) == [(3, "proven")]


def test_a_change_of_the_file_counts(project):
    views(project)
    rewrite(project / "views.py", "from services import load\n\n\ndef show(s):\n    return load(s).name\n")
    assert views(project) == [(5, "proven")]


def test_a_change_of_what_the_file_calls_counts(project):
    views(project)
    rewrite(project / "services.py", "def load(s):\n    return 1\n")
    assert views(project) == []


def test_a_module_that_appears_counts(project):
    (project / "views.py").write_text("from later import load\ndef show(s):\n    return load(s).name\n")
    assert [confidence for _, confidence in views(project)] != ["proven"]
    (project / "later.py").write_text("from services import load\n")
    assert views(project) == [(3, "proven")]


@pytest.mark.parametrize("content", [b"", b"\x00garbage", b"\x81\xa1a\x93\xa1b\x90\x91\x05"])
def test_a_damaged_cache_is_made_again(project, tmp_path, content):
    views(project)
    (kept,) = (tmp_path / "cache" / "facts").iterdir()
    good = kept.read_bytes()
    kept.write_bytes(content)
    assert views(project) == [(3, "proven")]
    assert kept.read_bytes() == good
    assert list((tmp_path / "cache" / "facts").iterdir()) == [kept]


def test_a_folder_that_cannot_be_written_is_no_error(project, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert views(project) == [(3, "proven")]
