"""Syntax that the running Python may not know is read all the same, with every place where it is written."""

import ast

import pytest

from instar.config import Config
from instar.sources import FolderSource
from instar_lint.python import Knowledge
from instar_lint.python.older_syntax import without_type_parameters
from instar_lint.uses import uses_of
from python_frontend import marked, uses

MODELS = """\
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String)
"""


@pytest.mark.parametrize(
    "text",
    [
        "def f[T](x: T) -> T: return x",
        "async def f[T: (int, str), *Ts](x): return x",
        "class C[T](Base[T]): x = 1",
        "class C[T]: x = 1",
        "class C[\n    T,\n    U: dict[str, list[int]],\n](Base): x = 1",
        "type Alias = list[int]",
        "type Alias[T] = dict[str, T]",
        "if x:\n    type Alias = int",
    ],
)
def test_what_follows_stands_where_it_stood(text):
    older = without_type_parameters(text)
    ast.parse(older, feature_version=(3, 11))
    assert [len(line) for line in older.split("\n")] == [len(line) for line in text.split("\n")]


@pytest.mark.parametrize("text", ["x = f[T](1)", "type(x) == int", "type = 1", "def f(x): return x[1](2)"])
def test_other_code_is_left_alone(text):
    assert without_type_parameters(text) == text


def test_a_generic_function_is_read():
    text, expected = marked("""
        def first[T](items: list[T], user: User) -> T: return user.name
        #                                                          ^ read
    """)
    assert uses(text) == expected


def test_a_file_with_nested_f_strings_is_read(tmp_path):
    (tmp_path / "models.py").write_text(MODELS)
    view = 'from models import User\ndef f(user: User):\n    return f"{user.id + f"{1}"}"\ndef g(user: User):\n    return user.name\n'
    (tmp_path / "views.py").write_text(view)
    config, source = Config(dialect="sqlalchemy"), FolderSource(tmp_path)
    document = uses_of(source, Knowledge.of(source, config), config, [(None, "users", "name")])
    assert [(u.path, u.line, u.confidence) for u in document.uses] == [
        ("models.py", 7, "proven"),
        ("views.py", 5, "proven"),
    ]
