"""Models written in a test, and what the reader makes of them."""

import textwrap

from instar.config import Config
from instar.dialects.sqlalchemy.mapping import Reading
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.sources import FolderSource, OverlaySource


def reading(tmp_path, files: dict[str, str] | str, **config) -> Reading:
    given = {"app/models.py": files} if isinstance(files, str) else files
    encoded = {path: textwrap.dedent(text).encode() for path, text in given.items()}
    return read_models(OverlaySource(FolderSource(tmp_path), encoded), Config(**config), Cache(None))


BASE = """
from sqlalchemy.orm import DeclarativeBase

class Base(DeclarativeBase):
    pass
"""
