"""The doors of the TypeScript frontend: the facts of one file, and of a whole project."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from instar.dialects.convex.modules import Declared, Imported, Module, read_module
from instar.dialects.convex.resolution import Resolver
from instar.dialects.convex.syntax import LARGEST_FILE, SUFFIXES, arguments, unwrap
from instar_lint.typescript.annotations import Annotations
from instar_lint.typescript.cache import FactsCache
from instar_lint.typescript.expressions import FUNCTIONS
from instar_lint.typescript.kinds import Held, Kind, ObjectLiteral, for_reading, joined, of_type
from instar_lint.typescript.report import Report
from instar_lint.typescript.scope import Scope, imported_from
from instar_lint.typescript.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node

    from instar.dialects.convex.syntax import SyntaxFile
    from instar.schema.model import Schema, Table
    from instar.sources import Source
    from instar_lint.facts import Fact

SKIPPED = re.compile(
    r"(^|/)(_generated|node_modules|dist|\.next|build)/|\.d\.ts$|\.test\.tsx?$|\.config\.[cm]?[jt]s$"
)

_SCHEMA = re.compile(r"(^|/)schema\.[cm]?[jt]s$")
_FUNCTIONS_FOLDER = re.compile(
    r"(.*?)/(?:_generated/.*|convex\.config\.[jt]s|(?<=convex/)schema\.[cm]?[jt]s)$"
)


class Project:
    """What is known of a project while its files are read.

    Attributes:
        names: The field names that facts are wanted of.
        touched: The files that were asked for something, for whoever empties it before.
    """

    def __init__(self, source: Source, schemas: Iterable[Schema], names: frozenset[str]) -> None:
        self._source = source
        self._resolver = Resolver(source)
        self._modules: dict[str, Module | None] = {}
        self._returned: dict[tuple[str, str], tuple[Held, frozenset[str]]] = {}
        self._contexts: dict[tuple[str, str], tuple[Held, frozenset[str]]] = {}
        self._kinds: dict[tuple[str, str], Kind | None] = {}
        self._annotations: dict[str, Annotations] = {}
        self._folders: list[str] = []
        for schema in schemas:
            for table in schema.tables:
                self._note_folder(table)
                for field in table.fields:
                    self._kinds.setdefault((table.name, field.name), of_type(field.type))
        self.names = names
        self.touched: set[str] = set()

    def _note_folder(self, table: Table) -> None:
        """The folder of a schema's file, and those around it: functions stand in one of them."""
        folder = posixpath.dirname(table.place.path) if table.place is not None else ""
        while folder and folder not in self._folders:
            self._folders.append(folder)
            folder = posixpath.dirname(folder)

    def others(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The folders, with their slash, of functions that another schema stands beside: components, other projects."""
        schemas = {posixpath.dirname(path) for path in paths if _SCHEMA.search(path)}
        functions = {found[1] for path in paths if (found := _FUNCTIONS_FOLDER.match(path))}
        beside, ours = schemas & functions, set(self._folders)
        # Where all tables come from elsewhere, it is not known which of the schemas is ours.
        return tuple(sorted(f"{one}/" for one in beside - ours)) if beside & ours else ()

    def field_kind(self, table: str, name: str) -> Kind | None:
        """What a field of a document holds, where it is an id or a list of ids."""
        return self._kinds.get((table, name))

    def module(self, path: str, data: bytes | None = None) -> Module | None:
        """A parsed file."""
        self.touched.add(path)
        if path not in self._modules:
            data = data if data is not None else self._source.read(path)
            usable = data is not None and len(data) <= LARGEST_FILE
            self._modules[path] = read_module(path, data) if usable and data is not None else None
        return self._modules[path]

    def returned(self, module: Module, name: str) -> Held:
        """What a function that a module declares or imports gives back; promises count as their values."""
        key = (module.file.path, name)
        if key not in self._returned:
            around, self.touched = self.touched, {module.file.path}
            self._returned[key] = (None, frozenset())
            self._returned[key] = (self._find_returned(module, name), frozenset(self.touched))
            self.touched = around
        held, rests = self._returned[key]
        self.touched |= rests
        return held

    def returned_from(self, module: Module, imported: Imported, name: str) -> Held:
        """What a function that another module exports gives back."""
        target = self._imported_module(module, imported)
        return self._exported(target, name) if target is not None else None

    def function_returned(self, reference: Sequence[str]) -> Held:
        """What the Convex function behind `api.folder.module.name`, split at its dots, gives back."""
        if len(reference) < 2:
            return None
        *path, name = [part.strip() for part in reference]
        for folder in self._folders:
            for suffix in SUFFIXES:
                module = self.module(posixpath.join(folder, *path) + suffix)
                if module is not None:
                    return self._exported(module, name)
        return None

    def context(self, module: Module, builder: str) -> Held:
        """What functions that are made with a builder get first: `ctx`, with what `customQuery` puts into it."""
        key = (module.file.path, builder)
        if key not in self._contexts:
            around, self.touched = self.touched, {module.file.path}
            self._contexts[key] = (Kind("context"), frozenset())
            self._contexts[key] = (self._find_context(module, builder), frozenset(self.touched))
            self.touched = around
        held, rests = self._contexts[key]
        self.touched |= rests
        return held

    def _find_context(self, module: Module, builder: str) -> Held:
        imported = imported_from(module, builder)
        if imported is not None:
            target = self._imported_module(module, imported)
            exported = target.exports.get(imported.name) if target is not None else None
            if target is None or not isinstance(exported, str):
                return Kind("context")
            return self.context(target, exported)
        declared = module.names.get(builder)
        value = unwrap(declared.value) if isinstance(declared, Declared) and declared.value else None
        given = arguments(value) if value is not None and value.type == "call_expression" else []
        if value is None or len(given) < 2 or not module.file.text(value).startswith("custom"):
            return Kind("context")
        return customized(Walker(self, module, None), module.file, unwrap(given[1]))

    def annotations(self, module: Module) -> Annotations:
        """The reader of a module's types."""
        path = module.file.path
        if path not in self._annotations:
            self._annotations[path] = Annotations(self, module)
        return self._annotations[path]

    def imported_type(self, module: Module, imported: Imported, depth: int) -> Held:
        """What a type of another module holds."""
        target = self._imported_module(module, imported)
        return self.annotations(target).exported(imported.name, depth) if target is not None else None

    def _imported_module(self, module: Module, imported: Imported) -> Module | None:
        path = self._resolver.resolve(imported.specifier, module.file.path)
        return None if path is None or SKIPPED.search(path) else self.module(path)

    def _exported(self, module: Module, name: str) -> Held:
        exported = module.exports.get(name)
        if isinstance(exported, Imported):
            return self.returned_from(module, exported, exported.name)
        return self.returned(module, exported) if isinstance(exported, str) else None

    def _find_returned(self, module: Module, name: str) -> Held:
        imported = imported_from(module, name)
        if imported is not None:
            return self.returned_from(module, imported, imported.name)
        declared = module.names.get(name)
        if not isinstance(declared, Declared) or declared.value is None:
            return None
        function = unwrap(declared.value)
        handled = _handler(module, function)
        builder = function.child_by_field_name("function") if handled is not None else None
        if handled is not None:
            function = handled
        if function.type not in FUNCTIONS:
            return None
        annotation = function.child_by_field_name("return_type")
        if annotation is not None:
            said = self.annotations(module).held(annotation)
            if said is not None:
                return said
        context = (self.context(module, module.file.text(builder)),) if builder is not None else ()
        return for_reading(joined(Walker(self, module, None).visit_function(function, Scope(), context)))


def customized(walker: Walker, file: SyntaxFile, custom: Node) -> Held:
    """The context of `customCtx(async (ctx) => ({ … }))`, or of `{ args, input: async (ctx) => ({ ctx, args }) }`."""
    if custom.type == "call_expression":
        made = [unwrap(one) for one in arguments(custom)]
        function = made[0] if made else None
    else:
        named = {_key(file, child): child for child in custom.named_children}
        pair = named.get("input")
        function = unwrap(pair.child_by_field_name("value") or pair) if pair is not None else None
    if function is None or function.type not in FUNCTIONS:
        return Kind("context")
    held = joined(walker.visit_function(function, Scope(), (Kind("context"),)))
    if custom.type != "call_expression" and isinstance(held, ObjectLiteral):
        held = held.values.get("ctx")
    if not isinstance(held, ObjectLiteral):
        return Kind("context")
    added = for_reading(held)
    return ObjectLiteral(
        values=added.values if isinstance(added, ObjectLiteral) else {}, complete=False, base=Kind("context")
    )


def _key(file: SyntaxFile, pair: Node) -> str:
    key = pair.child_by_field_name("key") or pair.child_by_field_name("name")
    return file.text(key) if key is not None else ""


def _handler(module: Module, node: Node) -> Node | None:
    """The handler of `query({ args, handler })`."""
    given = [unwrap(one) for one in arguments(node)] if node.type == "call_expression" else []
    definition = next((one for one in given if one.type == "object"), None)
    for child in definition.named_children if definition is not None else ():
        key = child.child_by_field_name("key") or child.child_by_field_name("name")
        if key is not None and module.file.text(key) == "handler":
            value = child.child_by_field_name("value")
            return unwrap(value) if value is not None else child
    return None


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
    schemas = tuple(schemas)
    blobs = {file.path: file.blob for file in source.files((*SUFFIXES, ".json"))}
    cache = FactsCache(schemas, wanted_names, blobs)
    project = Project(source, schemas, wanted_names)
    listed = blobs if paths is None else paths
    others = project.others(blobs)
    chosen = sorted(
        path
        for path in listed
        if path.endswith(SUFFIXES) and not SKIPPED.search(path) and not path.startswith(others)
    )
    kept = {path: facts for path in chosen if (facts := cache.get(path)) is not None}
    texts = source.read_many([path for path in chosen if path not in kept])
    for path in chosen:
        facts = kept.get(path, ())
        if path in texts:
            project.touched = set()
            facts = facts_of(project, path, texts[path]) if pattern.search(texts[path]) else ()
            cache.put(path, facts, project.touched - {path})
        if facts:
            yield path, facts
    cache.save()
