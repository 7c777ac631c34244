"""The doors of the TypeScript frontend: the facts of one file, and of a whole project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.dialects.convex.modules import Declared, Module, read_module
from instar.dialects.convex.resolution import Resolver
from instar.dialects.convex.syntax import LARGEST_FILE, SUFFIXES, unwrap
from instar_lint.typescript.annotations import of_annotation
from instar_lint.typescript.kinds import Held, Kind, of_type
from instar_lint.typescript.report import Report
from instar_lint.typescript.scope import Scope, imported_from
from instar_lint.typescript.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.schema.model import Schema
    from instar.sources import Source
    from instar_lint.facts import Fact

SKIPPED = re.compile(
    r"(^|/)(_generated|node_modules|dist|\.next|build)/|\.d\.ts$|\.test\.tsx?$|\.config\.[cm]?[jt]s$"
)
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "function_declaration"})


class Project:
    """What is known of a project while its files are read.

    Attributes:
        names: The field names that facts are wanted of.
    """

    def __init__(self, source: Source, schemas: Iterable[Schema], names: frozenset[str]) -> None:
        self._source = source
        self._resolver = Resolver(source)
        self._modules: dict[str, Module | None] = {}
        self._returned: dict[tuple[str, str], Held] = {}
        self._kinds: dict[tuple[str, str], Kind | None] = {}
        for schema in schemas:
            for table in schema.tables:
                for field in table.fields:
                    self._kinds.setdefault((table.name, field.name), of_type(field.type))
        self.names = names

    def field_kind(self, table: str, name: str) -> Kind | None:
        """What a field of a document holds, where it is an id or a list of ids."""
        return self._kinds.get((table, name))

    def module(self, path: str, data: bytes | None = None) -> Module | None:
        """A parsed file."""
        if path not in self._modules:
            data = data if data is not None else self._source.read(path)
            usable = data is not None and len(data) <= LARGEST_FILE
            self._modules[path] = read_module(path, data) if usable and data is not None else None
        return self._modules[path]

    def returned(self, module: Module, name: str) -> Held:
        """What a function that a module declares or imports gives back; promises count as their values."""
        key = (module.file.path, name)
        if key not in self._returned:
            self._returned[key] = None
            self._returned[key] = self._find_returned(module, name)
        return self._returned[key]

    def _find_returned(self, module: Module, name: str) -> Held:
        imported = imported_from(module, name)
        if imported is not None:
            path = self._resolver.resolve(imported.specifier, module.file.path)
            if path is None or SKIPPED.search(path):
                return None
            target = self.module(path)
            if target is None:
                return None
            exported = target.exports.get(imported.name)
            return self.returned(target, exported) if isinstance(exported, str) else None
        declared = module.names.get(name)
        if not isinstance(declared, Declared) or declared.value is None:
            return None
        function = unwrap(declared.value)
        if function.type not in _FUNCTIONS:
            return None
        annotation = function.child_by_field_name("return_type")
        if annotation is not None:
            return of_annotation(module.file.text(annotation))
        walker = Walker(self, module, None)
        walker.visit_function(function, Scope(), ())
        kinds = [held for held in walker.returned if isinstance(held, Kind)]
        return kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else None


def facts_of(project: Project, path: str, data: bytes) -> tuple[Fact, ...]:
    """The facts of one TypeScript or JavaScript file; nothing for one that is too large."""
    module = project.module(path, data)
    if module is None:
        return ()
    report = Report(module.file, project.names)
    Walker(project, module, report).run()
    return report.facts()


def collect(
    source: Source, schemas: Iterable[Schema], names: Iterable[str], paths: Iterable[str] | None = None
) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    """The facts of a project, file by file.

    Args:
        source: The version to read.
        schemas: Its schemas, old and new: what the fields hold.
        names: Names of fields and indexes in flight; files that mention none of them are not parsed.
        paths: The files to look at; all of them when None.
    """
    wanted_names = frozenset(names)
    if not wanted_names:
        return
    pattern = re.compile(b"|".join(re.escape(name.encode()) for name in sorted(wanted_names)))
    project = Project(source, schemas, wanted_names)
    listed = [file.path for file in source.files(SUFFIXES)] if paths is None else list(paths)
    chosen = [path for path in listed if path.endswith(SUFFIXES) and not SKIPPED.search(path)]
    texts = source.read_many(chosen)
    for path in sorted(texts):
        if pattern.search(texts[path]):
            facts = facts_of(project, path, texts[path])
            if facts:
                yield path, facts
