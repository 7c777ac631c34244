"""Input that nobody would write, or somebody would on purpose: bounded time, nothing executed, never a crash."""

import sqlite3
import threading
import time

import pytest

from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.sources import LARGEST_FILE, FolderSource, OverlaySource

MODEL = b"""
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""
HEAD = (
    "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\nclass Base(DeclarativeBase): pass\n"
)

HOSTILE = {
    "nested brackets": HEAD + "x = " + "[" * 5_000 + "]" * 5_000,
    "a long sum": HEAD + "x = " + " + ".join(["1"] * 20_000),
    "a long chain": HEAD + "x = a" + ".b" * 5_000,
    "nested signs": HEAD + "x = " + "-" * 50_000 + "1",
    "a name that is itself": HEAD
    + "a = b\nb = a\nclass T(Base):\n    __tablename__ = a\n    id: Mapped[int] = mapped_column(primary_key=True)",
    "a class that is its own base": HEAD
    + "class T(T, Base):\n    __tablename__ = 't'\n    id: Mapped[int] = mapped_column(primary_key=True)",
    "bases in a circle": HEAD
    + "class A(C): pass\nclass B(A): pass\nclass C(B, Base):\n    __tablename__ = 't'\n    id: Mapped[int] = mapped_column(primary_key=True)",
    "endless recursion": HEAD
    + "def f(x): return f(x)\nclass T(Base):\n    __tablename__ = f(1)\n    id: Mapped[int] = mapped_column(primary_key=True)",
    "a fork bomb": HEAD
    + "def f(x): return [f(x), f(x)]\nclass T(Base):\n    __tablename__ = 't'\n    id: Mapped[int] = mapped_column(default=f(1))",
    "a huge power": HEAD
    + "x = 9 ** 9 ** 9\nclass T(Base):\n    __tablename__ = 't' * x\n    id: Mapped[int] = mapped_column(primary_key=True)",
    "a wide format": HEAD
    + "class T(Base):\n    __tablename__ = '%1000000000d' % 1\n    id: Mapped[int] = mapped_column(primary_key=True)",
    "a doubling string": HEAD
    + "a = 'x' * 5000\n"
    + "a = a + a\n" * 60
    + "class T(Base):\n    __tablename__ = a\n",
    "an exponential pattern": HEAD
    + "import re\nclass T(Base):\n    __tablename__ = re.sub('(a+)+$', '', 'a' * 60 + 'b')\n",
    "classes that make classes": HEAD
    + "class Base2(Base):\n    __abstract__ = True\n    def __init_subclass__(cls):\n        cls.More = type(cls.__name__ + 'x', (Base2,), {})\nclass T(Base2): pass",
    "a star that is itself": "from app.models import *\n" + HEAD,
    "code that would do harm": HEAD
    + "import os\nos.system('touch harm')\nclass T(Base):\n    __tablename__ = os.popen('touch harm').read()\nexec('1')\n",
    "python 2": HEAD + "print 'x'",
    "an emoji": HEAD
    + "ünï = '🦋'\nclass T(Base):\n    __tablename__ = ünï\n    id: Mapped[int] = mapped_column(primary_key=True)",
}


def read(tmp_path, files: dict[str, bytes]):
    return read_models(OverlaySource(FolderSource(tmp_path), files), Config(), Cache(None)).schema


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_models_end_soon_and_change_nothing(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    start = time.process_time()
    schema = read(tmp_path, {"app/models.py": HOSTILE[name].encode(), "app/good.py": MODEL})
    assert time.process_time() - start < 10
    assert "users" in [table.name for table in schema.tables]
    assert not (tmp_path / "harm").exists()


def test_bytes_that_are_no_text_are_unreadable(tmp_path):
    files = {"app/nul.py": MODEL + b"\0", "app/latin.py": MODEL + b"x = '\xff'\n", "app/good.py": MODEL}
    schema = read(tmp_path, files)
    assert [part.path for part in schema.unreadable] == ["app/latin.py", "app/nul.py"]
    assert [table.name for table in schema.tables] == ["users"]


def test_a_huge_file_is_named_and_not_read(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "good.py").write_bytes(MODEL)
    with (tmp_path / "app" / "models.py").open("wb") as file:
        file.write(MODEL)
        file.truncate(50 * 1024 * 1024)
    start = time.process_time()
    schema = read_models(FolderSource(tmp_path), Config(), Cache(None)).schema
    assert time.process_time() - start < 2
    assert [(part.path, "larger" in part.reason) for part in schema.unreadable] == [("app/models.py", True)]
    assert LARGEST_FILE < 50 * 1024 * 1024


def test_imports_in_a_circle_are_followed_once(tmp_path):
    files = {
        "app/__init__.py": b"",
        "app/a.py": b"from app.b import *\nfrom app.b import Base, Left\n"
        + HEAD.encode()
        + b"class A(Left, Base):\n    __tablename__ = 'a'\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
        "app/b.py": b"from app.a import *\nfrom app.a import Base\nfrom sqlalchemy.orm import Mapped, mapped_column\nclass Left:\n    left: Mapped[int]\n",
    }
    (table,) = read(tmp_path, files).tables
    assert {field.name for field in table.fields} == {"id", "left"}


def test_a_damaged_cache_is_rebuilt(tmp_path):
    path = tmp_path / "cache" / "reader.sqlite"
    source = OverlaySource(FolderSource(tmp_path), {"app/models.py": MODEL})
    fresh = read_models(source, Config(), Cache(path)).schema
    assert read_models(source, Config(), Cache(path)).schema == fresh
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("update contents set lowered = x'ff00'")
    connection.close()
    assert read_models(source, Config(), Cache(path)).schema == fresh
    path.write_bytes(b"this is no database at all, and long enough to be looked at" * 50)
    assert read_models(source, Config(), Cache(path)).schema == fresh
    assert read_models(source, Config(), Cache(path)).schema == fresh
    path.unlink()
    path.mkdir()
    assert read_models(source, Config(), Cache(path)).schema == fresh


def test_a_cache_is_shared_by_readers_at_the_same_time(tmp_path):
    path = tmp_path / "reader.sqlite"
    failures = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                text = MODEL.replace(b"users", b"users_%d_%d" % (number % 2, turn))
                source = OverlaySource(FolderSource(tmp_path), {"app/models.py": text})
                (table,) = read_models(source, Config(), Cache(path)).schema.tables
                assert table.name == f"users_{number % 2}_{turn}"
        except Exception as error:  # noqa: BLE001 - whatever it is fails the test below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_where_two_classes_contradict_each_other_nothing_is_known_until_one_is_chosen(tmp_path):
    from instar.errors import InstarError

    text = (
        HEAD
        + "class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    email: Mapped[str]\n"
        + "class Legacy(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    email: Mapped[int]\n"
    )
    source = OverlaySource(FolderSource(tmp_path), {"app/models.py": text.encode()})
    (users,) = read_models(source, Config(), Cache(None)).schema.tables
    (unclear,) = users.opaque
    assert unclear.field == "email"
    assert "two classes map table" in unclear.reason
    assert "[tool.instar.tables]" in unclear.reason
    schema = read_models(source, Config(tables={"users": "Legacy"}), Cache(None)).schema
    assert schema.tables[0].place.line == 7
    with pytest.raises(InstarError, match="no class Nobody"):
        read_models(source, Config(tables={"users": "Nobody"}), Cache(None))
