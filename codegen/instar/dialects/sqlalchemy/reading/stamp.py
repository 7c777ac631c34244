"""What the reader itself is, for what is kept between runs."""

from __future__ import annotations

import functools
from pathlib import Path
from zlib import crc32


@functools.cache
def stamp() -> str:
    """Another one for every edit of the reader: one that has changed finds nothing of an earlier one."""
    dialect = Path(__file__).parents[1]
    sources = [*dialect.glob("*.py"), *dialect.glob("reading/*.py"), *dialect.parents[1].glob("schema/*.py")]
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(sources)]
    return f"{crc32(repr(states).encode()):08x}"
