"""Which declarative bases a project has, in each style of declaring them."""

import pytest

from commands import write
from instar.cli.setup.bases import find_bases
from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.sources import FolderSource

MIXIN = "class Stamped:\n    at = Column(Integer)\n"
COLUMNS = "    id = Column(Integer, primary_key=True)\n"
IMPORTS = "from sqlalchemy import Column, Integer, MetaData\nfrom sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, declarative_base\n"

STYLES = {
    "class": (
        (
            f"{IMPORTS}\nclass Base(DeclarativeBase):\n    pass\n\n{MIXIN}\nclass A(Stamped, Base):\n    __tablename__ = 'a'\n{COLUMNS}\n"
            f"class B(Base):\n    __tablename__ = 'b'\n{COLUMNS}"
        ),
        {"app.Base": ("a", "b")},
    ),
    "abstract classes below": (
        (
            f"{IMPORTS}\nclass Base(MappedAsDataclass, DeclarativeBase):\n    pass\n\nclass Own(Base):\n    __abstract__ = True\n\n"
            f"class A(Own):\n    __tablename__ = 'a'\n{COLUMNS}\nclass B(Base):\n    __tablename__ = 'b'\n{COLUMNS}"
        ),
        {"app.Base": ("a", "b")},
    ),
    "function": (
        f"{IMPORTS}\nBase = declarative_base()\n\nclass A(Base):\n    __tablename__ = 'a'\n{COLUMNS}",
        {"app.Base": ("a",)},
    ),
    "two functions": (
        (
            f"{IMPORTS}\nOne = declarative_base()\nTwo = declarative_base()\n\nclass A(One):\n    __tablename__ = 'a'\n{COLUMNS}\n"
            f"class B(Two):\n    __tablename__ = 'b'\n{COLUMNS}"
        ),
        {"app.One": ("a",), "app.Two": ("b",)},
    ),
    "Flask-SQLAlchemy": (
        (
            "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n\nclass Own(db.Model):\n    __abstract__ = True\n\n"
            "class A(Own):\n    id = db.Column(db.Integer, primary_key=True)\n\n"
            "class B(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
        ),
        1,
    ),
    "SQLModel": (
        (
            "from sqlmodel import Field, SQLModel\n\nclass ABase(SQLModel):\n    name: str\n\nclass BBase(SQLModel):\n    name: str\n\n"
            "class A(ABase, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n\n"
            "class B(BBase, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n"
        ),
        1,
    ),
}


def bases_of(folder):
    source = FolderSource(folder)
    models = read_models(source, Config()).models
    return {base.qualified: base.tables for base in find_bases(source, models)}


@pytest.mark.parametrize(("text", "bases"), STYLES.values(), ids=STYLES)
def test_bases(tmp_path, text, bases):
    found = bases_of(write(tmp_path, {"app.py": text}))
    if bases == 1:
        assert list(found.values()) == [("a", "b")]
    else:
        assert found == bases


def test_a_base_is_one_however_it_is_imported(tmp_path):
    def model(name, line, base="Base"):
        return f"from sqlalchemy import Column, Integer\n{line}\n\nclass {name.upper()}({base}):\n    __tablename__ = '{name}'\n{COLUMNS}"

    files = {
        "app/__init__.py": "",
        "app/db/__init__.py": "from .core import Base as Base\n",
        "app/db/core.py": "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n",
        "app/a.py": model("a", "from app.db.core import Base"),
        "app/b.py": model("b", "from app.db import Base"),
        "app/c.py": model("c", "from .db import Base as Parent", "Parent"),
        "app/d.py": model("d", "from app import db", "db.Base"),
        "app/e.py": model("e", "import app.db.core", "app.db.core.Base"),
    }
    assert bases_of(write(tmp_path, files)) == {"app.db.core.Base": ("a", "b", "c", "d", "e")}
