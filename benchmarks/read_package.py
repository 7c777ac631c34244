"""Hold the static reading of an installed package against the `MetaData` that importing it gives.

usage: python benchmarks/read_package.py [--python INTERPRETER] [--module MODULE] PACKAGE MODULE:NAME

`optuna optuna.storages._rdb.models:BaseModel` reads all files of the package `optuna`; `--module` reads one of its
modules or subpackages only. The two readings are compared by the diff, and what was not understood is counted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from instar.config import Config
from instar.contracts import ChangeRecord
from instar.dialects.sqlalchemy.imported import import_schema
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.schema.diff import diff
from instar.sources import FolderSource, OverlaySource

if TYPE_CHECKING:
    from instar.schema.model import Schema

FIND = (
    "import importlib.util, sys; print(importlib.util.find_spec(sys.argv[1]).submodule_search_locations[0])"
)


def static_schema(python: str, package: str, module: str | None) -> Schema:
    """What the package's files declare, read without importing them."""
    found = subprocess.run([python, "-c", FIND, package], capture_output=True, text=True, check=True)
    folder = Path(found.stdout.strip())
    paths = [path for path in folder.rglob("*") if path.suffix in {".py", ".mako"} and path.is_file()]
    files = {str(path.relative_to(folder.parent)): path.read_bytes() for path in paths}
    config = Config(schema=(module.replace(".", "/"),)) if module else Config()
    with tempfile.TemporaryDirectory() as empty:
        return read_models(OverlaySource(FolderSource(Path(empty)), files), config, Cache(None)).schema


def main() -> None:
    """Print the differences, and how much was compared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--module")
    parser.add_argument("package")
    parser.add_argument("target")
    options = parser.parse_args()
    read = static_schema(options.python, options.package, options.module)
    exact = import_schema(options.target, Path.cwd(), python=options.python, timeout=300)
    changes = diff(read, exact)
    for change in changes:
        record = ChangeRecord.of(change)
        print(record.kind, record.table, record.field or record.name or "", list(record.fields or ()))
    opaque = len(read.opaque) + sum(len(table.opaque) for table in read.tables)
    columns = sum(len(table.fields) for table in exact.tables)
    print(
        f"{options.package}: {len(exact.tables)} tables, {columns} columns imported; {len(changes)} differences, "
        f"{opaque} not understood, {len(read.unreadable)} files unreadable"
    )


if __name__ == "__main__":
    main()
