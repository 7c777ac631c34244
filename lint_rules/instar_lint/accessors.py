"""The generated accessors that exist in a version: what a finding can point to, and what is not linted itself."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.python_text import slug

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.config import Config
    from instar.dialects.sqlalchemy.mapping import MappedClass, Models
    from instar.sources import Source
    from instar_lint.deployment import TableKey

_FUNCTION = re.compile(r"^def (\w+)\(", re.MULTILINE)
_TYPESCRIPT_FUNCTION = re.compile(r"^export function (\w+)\(", re.MULTILINE)


class AccessorModule(msgspec.Struct, frozen=True):
    """The accessors of one table.

    Attributes:
        path: Their file.
        dotted: The name by which the project imports it.
        functions: Their names: a field's name in code, and `<name>_expression` for its SQL expression.
    """

    path: str
    dotted: str
    functions: frozenset[str]

    def named(self, name: str) -> str:
        """The dotted name of a function, or an empty string where there is none."""
        return f"{self.dotted}.{name}" if name in self.functions else ""


def accessor_modules(
    source: Source, config: Config, models: Models, tables: Iterable[TableKey]
) -> dict[TableKey, AccessorModule]:
    """The accessor modules of some tables, where they have been generated.

    Args:
        source: The version.
        config: Its `accessors` says where they are; beside the models where it says nothing.
        models: The mapped classes of the version.
        tables: The tables that have fields in transition.
    """
    found: dict[TableKey, AccessorModule] = {}
    for key in tables:
        mapped = next(iter(models.of_table(key[1], key[0])), None)
        if mapped is None:
            continue
        folder = (config.accessors or f"{mapped.path.rpartition('/')[0]}/accessors").strip("/")
        path = f"{folder}/{slug(key[0] or '', key[1])}.py"
        data = source.read(path)
        if data is not None:
            functions = _FUNCTION.findall(data.decode("utf-8", "replace"))
            found[key] = AccessorModule(path, _dotted(path, mapped), frozenset(functions))
    return found


def typescript_accessors(
    source: Source, config: Config, tables: Iterable[TableKey]
) -> dict[TableKey, AccessorModule]:
    """The same for a Convex project; a module of that name which instar did not write is application code."""
    tables = tuple(tables)
    if not tables:
        return {}
    from instar.dialects.convex.accessors import MARK  # noqa: PLC0415 - loads the templates
    from instar.dialects.convex.reader import accessor_folder, schema_path  # noqa: PLC0415 - loads its parser
    from instar.dialects.convex.typescript_text import camel  # noqa: PLC0415 - for Convex alone

    functions = posixpath.dirname(schema_path(source, config) or "")
    found: dict[TableKey, AccessorModule] = {}
    for key in tables:
        stem = posixpath.join(accessor_folder(config, functions), camel(key[1]))
        data = source.read(f"{stem}.ts")
        if data is not None and MARK.encode() in data:
            functions_there = _TYPESCRIPT_FUNCTION.findall(data.decode("utf-8", "replace"))
            found[key] = AccessorModule(f"{stem}.ts", stem, frozenset(functions_there))
    return found


def _dotted(path: str, mapped: MappedClass) -> str:
    """The name by which the project imports a file: from the same folder as it imports the models."""
    parts = mapped.path.removesuffix("/__init__.py").removesuffix(".py").split("/")
    root = "/".join(parts[: -mapped.module.count(".") - 1])
    inside = path.removeprefix(f"{root}/") if root else path
    return inside.removesuffix(".py").replace("/", ".")
