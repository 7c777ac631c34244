"""Where an absolute import starts: at a folder that is no package, or inside the package that the service runs from."""

import pytest

from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.sources import FolderSource, OverlaySource

USER = """
from sqlalchemy import Column, Integer
from {module} import Base

class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""
BASE = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
PREFIXED = """
from sqlalchemy.orm import declarative_base
from sqlalchemy import Column, Integer
class Row:
    elsewhere = Column(Integer)
Base = declarative_base(cls=Row)
"""


@pytest.mark.parametrize(
    "files",
    [
        {"src/app/models.py": "app.base", "src/app/base.py": BASE, "src/app/__init__.py": ""},
        {"src/models/user.py": "models.base", "src/models/base.py": BASE, "src/__init__.py": ""},
        {"app/models.py": "base", "app/base.py": BASE, "app/__init__.py": ""},
        {"app/models.py": "base", "app/base.py": BASE, "app/__init__.py": "", "other/base.py": PREFIXED},
        {"app/models.py": "base", "app/base.py": PREFIXED, "app/__init__.py": "", "base.py": BASE},
        {"app/models.py": "models", "app/__init__.py": "", "models.py": BASE},
    ],
    ids=[
        "a root that is no package",
        "a root that is a package",
        "a module beside the importer",
        "the importer's own package before another folder",
        "a root that is no package before the importer's own package",
        "never the importer itself",
    ],
)
def test_a_base_is_found_from_where_the_service_starts(tmp_path, files):
    encoded = {
        path: (USER.format(module=text) if "\n" not in text and text else text).encode()
        for path, text in files.items()
    }
    schema = read_models(OverlaySource(FolderSource(tmp_path), encoded), Config(), Cache(None)).schema
    assert [(table.name, [field.name for field in table.fields]) for table in schema.tables] == [
        ("users", ["id"])
    ]
