"""Which dialect reads a project: the configured one, or the one that recognises it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.config import Config
    from instar.dialects.base import Reader
    from instar.sources import Source

_FOLDER = Path(__file__).parent


def dialects() -> tuple[str, ...]:
    """The names of all dialects: the folders here that have a reader, SQLAlchemy first."""
    names = [path.parent.name for path in _FOLDER.glob("*/reader.py")]
    return tuple(sorted(names, key=lambda name: (name != "sqlalchemy", name)))


def reader(name: str) -> Reader:
    """The reader of a dialect.

    Raises:
        InstarError: There is no such dialect.
    """
    if name not in dialects():
        raise InstarError(f'there is no dialect "{name}". There are: {", ".join(dialects())}.')
    found: Reader = importlib.import_module(f"instar.dialects.{name}.reader").READER
    return found


def reader_for(source: Source, config: Config) -> Reader:
    """The reader of a project: that of `config.dialect`, else the first that detects its files.

    Raises:
        InstarError: No dialect recognises the project.
    """
    if config.dialect is not None:
        return reader(config.dialect)
    for each in _readers():
        if each.detects(source):
            return each
    raise InstarError(
        f"no models were found at {source.label}: no file imports SQLAlchemy, and there is no convex/schema.ts. "
        "Set dialect and schema in [tool.instar]."
    )


def _readers() -> Iterator[Reader]:
    return (reader(name) for name in dialects())
