"""The facts of a project are the same with a cache, without one, and with a damaged one."""

import os
import shutil
import sys

import msgspec
import pytest

from instar.config import Config
from instar.sources import FolderSource
from instar.user_cache import store
from instar_lint.python import Knowledge, Watch, collect
from instar_lint.python.collect import Collected

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


def test_a_change_of_who_calls_counts(project):
    rewrite(project / "views.py", "def show(it):\n    return it.name\n")
    assert views(project) == [(2, "likely")]
    call = "from services import load\nfrom views import show\ndef {}(s):\n    show({})\n"
    (project / "one.py").write_text(call.format("one", "load(s)"))
    assert views(project) == [(2, "proven")]
    rewrite(project / "one.py", call.format("one", "1"))
    assert views(project) == [(2, "likely")]
    (project / "two.py").write_text(call.format("two", "load(s)"))
    assert views(project) == [(2, "proven")]
    (project / "two.py").unlink()
    assert views(project) == [(2, "likely")]


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


def test_an_edit_that_keeps_size_and_time_counts(project, monkeypatch):
    monkeypatch.setattr("instar.sources.disk.RECENT", 0)
    assert views(project) == [(3, "proven")]
    file = project / "views.py"
    before = file.stat()
    file.write_text(file.read_text().replace(".name", ".nome"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert views(project) == []


def test_going_back_and_forth_between_two_versions_is_never_stale(project):
    service = project / "services.py"
    good = service.read_text()
    for text, found in [(good, [(3, "proven")]), ("def load(s):\n    return 1\n", [])] * 2:
        rewrite(service, text)
        assert views(project) == found


def test_what_is_kept_is_found_by_content_in_another_clone(project, tmp_path, monkeypatch):
    assert views(project) == [(3, "proven")]
    clone = tmp_path / "clone"
    shutil.copytree(project, clone)
    monkeypatch.setattr(sys.modules[collect.__module__], "run_module", None)  # nothing is interpreted again
    assert views(clone) == [(3, "proven")]
    rewrite(clone / "views.py", (clone / "views.py").read_text() + "\n")
    with pytest.raises(TypeError):
        views(clone)


def test_the_oldest_files_of_a_kind_go(tmp_path):
    for number in range(5):
        store(tmp_path / "kind" / str(number), b"", most=3)
        os.utime(tmp_path / "kind" / str(number), ns=(number, number))
    store(tmp_path / "kind" / "last", b"", most=3)
    assert sorted(file.name for file in (tmp_path / "kind").iterdir()) == ["3", "4", "last"]


def test_calls_with_little_time_get_on_by_a_file_each(project, tmp_path):
    source = FolderSource(project)
    knowledge = Knowledge.of(source, Config(dialect="sqlalchemy"))
    paths = sorted(file.path for file in source.files((".py",)))
    kept = []
    for _ in range(4):
        Collected(source, knowledge, WATCH).refresh(paths, 0.0)
        (file,) = (tmp_path / "cache" / "facts").iterdir()
        kept.append(len(msgspec.msgpack.decode(file.read_bytes())[1]))
    assert kept == [1, 2, 3, 3]
