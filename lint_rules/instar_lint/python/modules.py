"""The modules of a project, by dotted name and by path, read when they are first asked for."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from instar_lint.python.memory import Consulted, Memory
from instar_lint.python.module_node import ModuleNode
from instar_lint.python.parsing import decoded

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Mapping

    from instar_lint.python.mentions import Mentions

PRESENT = "."
"""The part of every module that can be read."""


class Reads(Protocol):
    """Where the bytes of a file come from: any `Source` does."""

    def read(self, path: str) -> bytes | None:
        """The content, or None where there is no such file."""
        ...


class Modules:
    """Finds modules by dotted name among a project's files, and parses them on demand.

    Args:
        source: Gives the bytes.
        paths: Every Python file of the project.
        names: The dotted names of files that are imported by another name than their path.
    """

    def __init__(
        self, source: Reads | None, paths: Iterable[str] = (), names: Mapping[str, str] | None = None
    ) -> None:
        self._source = source
        self.memory = Memory()
        self._names = dict(names or {})
        self._by_tail: dict[str, list[tuple[str, ...]]] = {}
        self._paths: dict[tuple[str, ...], str] = {}
        self._parsed: OrderedDict[str, ModuleNode | None] = OrderedDict()
        self.mentions: Mentions | None = None
        for path in paths:
            self._register(path)

    def _register(self, path: str) -> None:
        parts = tuple(self.name_of(path).split("."))
        if parts != ("",) and parts not in self._paths:
            self._paths[parts] = path
            self._by_tail.setdefault(parts[-1], []).append(parts)
        self._paths.setdefault(tuple(module_name(path).split(".")), path)

    def name_of(self, path: str) -> str:
        """The dotted name by which the project imports a file."""
        return self._names.get(path) or module_name(path)

    def path_of(self, name: str) -> str | None:
        """The file of a module: the one with exactly this dotted path, else the only one that ends so.

        Of several, those count that do not lie in a package: `db.models` is `backend/db/models.py` rather than
        `backend/ee/db/models.py`, whose full name is `ee.db.models`.
        """
        self.memory.note((Consulted("name", name),))
        parts = tuple(name.split("."))
        if parts in self._paths:
            return self._paths[parts]
        ending = [p for p in self._by_tail.get(parts[-1], ()) if p[-len(parts) :] == parts]
        if len(ending) > 1:
            ending = [p for p in ending if not self._is_package(p[: -len(parts)])]
        return self._paths[ending[0]] if len(ending) == 1 else None

    def _is_package(self, parts: tuple[str, ...]) -> bool:
        return self._paths.get(parts, "").endswith("__init__.py")

    def get(self, name: str) -> ModuleNode | None:
        """The module of that dotted name, or None where the project has none or it does not parse."""
        path = self.path_of(name)
        return self.at(path) if path is not None else None

    def mentioning(self, name: str) -> tuple[str, ...]:
        """The paths of the files that mention a name, where that is known."""
        self.memory.note((Consulted("mention", name),))
        return self.mentions.of(name) if self.mentions is not None else ()

    def mentioned(self, name: str) -> str:
        """What identifies the files that mention a name."""
        return self.mentions.state(name) if self.mentions is not None else ""

    def at(self, path: str) -> ModuleNode | None:
        """The module of a file."""
        module = self._at(path)
        self.memory.note((Consulted("path", path) if module is None else Consulted("part", path, PRESENT),))
        return module

    def digest(self, path: str, part: str) -> bytes:
        """What identifies the part of a file that something rested on; empty where there is no such part."""
        module = self._at(path)
        if module is None:
            return b""
        return PRESENT.encode() if part == PRESENT else module.digest(part)

    def _at(self, path: str) -> ModuleNode | None:
        if path in self._parsed:
            self._parsed.move_to_end(path)
            return self._parsed[path]
        data = self._source.read(path) if self._source is not None else None
        if data is not None:
            return self.put(path, decoded(data))
        self._parsed[path] = None
        return None

    def put(self, path: str, text: str, tree: ast.Module | None = None) -> ModuleNode | None:
        """Keep a file whose content the caller knows; None where it is no Python.

        Args:
            path: The file.
            text: Its content.
            tree: What it was parsed to, where it was.
        """
        known = self._parsed.get(path)
        if tree is None and known is not None and known.says(text):
            self._parsed.move_to_end(path)
            return known
        if known is not None:
            self.memory.parsed -= known.size
        self._register(path)
        module = None
        with suppress(ValueError):
            module = ModuleNode(self.name_of(path), path, text, self.memory, tree)
        self._parsed[path] = module
        return module

    def trim(self, most: int) -> None:
        """Forget the syntax trees that nobody asked for lately; never while questions are being answered.

        Args:
            most: How many bytes of source may be kept as trees, which take forty times as much.
        """
        if self.memory.parsed <= most:
            return
        while self._parsed and self.memory.parsed > most // 2:
            _, module = self._parsed.popitem(last=False)
            if module is not None:
                module.forget()
        self.memory.forget("class", "lineage", "calls", "heard")


def module_name(path: str) -> str:
    """The dotted name of a file from the repository root: `app/models/__init__.py` is `app.models`."""
    return ".".join(_parts(path))


def _parts(path: str) -> tuple[str, ...]:
    parts = path.removesuffix(".py").removesuffix(".pyi").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return tuple(parts)
