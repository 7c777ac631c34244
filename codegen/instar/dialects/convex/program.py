"""The modules of one source, read when they are needed, and what their names and exports stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.convex.builtins import GLOBALS, merge
from instar.dialects.convex.evaluate import Evaluator, Scope
from instar.dialects.convex.known_packages import evaluated_package, known_module
from instar.dialects.convex.modules import Declared, Imported, Module, read_module, stray_error
from instar.dialects.convex.resolution import Resolver
from instar.dialects.convex.syntax import LARGEST_FILE
from instar.dialects.convex.values import Closure, Entry, JsObject, Unknown, Value
from instar.schema.model import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from instar.sources import Source


class Program:
    """Names to values, over all modules of one source; each name is evaluated once.

    Attributes:
        unreadable: Files that do not parse, or are too large, and were asked for a name.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._resolver = Resolver(source)
        self._modules: dict[str, Module | None] = {}
        self._values: dict[tuple[str, str], Value] = {}
        self._open: set[tuple[str, str]] = set()
        self._scopes: dict[str, Scope] = {}
        self._evaluator = Evaluator(self)
        self.unreadable: dict[str, Unreadable] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that were read so far."""
        return tuple(sorted(path for path, module in self._modules.items() if module is not None))

    @property
    def consulted(self) -> tuple[str, ...]:
        """Those, and the configuration files that say where imports lead."""
        return tuple(sorted({*self._modules, *self._resolver.configurations}))

    def module(self, path: str) -> Module | None:
        """The module at a path; None where there is no such file or it cannot be read."""
        if path not in self._modules:
            self._modules[path] = self._read(path)
        return self._modules[path]

    def _read(self, path: str) -> Module | None:
        data = self._source.read(path)
        if data is None or len(data) > LARGEST_FILE:
            self.unreadable[path] = Unreadable(path=path, reason="larger than 2 MB, so it is not evaluated")
            return None
        module = read_module(path, data)
        error = stray_error(module)
        if error is not None and error.parent == module.file.root:
            self.note_error(module, error)
        return module

    def note_error(self, module: Module, node: Node) -> None:
        """Record that a module does not parse at `node`."""
        place = module.file.place(node)
        self.unreadable.setdefault(
            module.file.path,
            Unreadable(
                path=place.path,
                reason=f"this is not valid TypeScript (column {place.column})",
                line=place.line,
            ),
        )

    def export(self, path: str, name: str) -> Value:
        """What a module exports under a name."""
        module = self.module(path)
        if module is None:
            return Unknown(f"{path} cannot be read", syntax=path in self.unreadable)
        return self.export_of(module, name)

    def export_of(self, module: Module, name: str) -> Value:
        """What a module that was read exports under a name."""
        return self._memo(module, f"export {name}", lambda: self._export(module, name))

    def value_of(self, module: Module, name: str) -> Value:
        """What a name means at the top level of a module."""
        if name not in module.names:
            return GLOBALS.get(name, Unknown(f"{name} is not defined here"))
        return self._memo(module, name, lambda: self._top_level(module, name))

    def scope(self, module: Module) -> Scope:
        """The top-level scope of a module."""
        return self._scopes.setdefault(module.file.path, Scope(module))

    def evaluate(self, node: Node, module: Module) -> Value:
        """The value of an expression at the top level of a module."""
        return self._evaluator.evaluate(node, self.scope(module))

    def _memo(self, module: Module, name: str, compute: Callable[[], Value]) -> Value:
        key = (module.file.path, name)
        if key not in self._values:
            if key in self._open:
                return Unknown(f"{name.removeprefix('export ')} is defined by itself")
            self._open.add(key)
            try:
                self._values[key] = compute()
            finally:
                self._open.discard(key)
        return self._values[key]

    def _export(self, module: Module, name: str) -> Value:
        found = module.exports.get(name)
        if isinstance(found, str):
            return self.value_of(module, found)
        if isinstance(found, Imported):
            return self._imported(module, found)
        if isinstance(found, Declared):
            return self._declared(module, found, name)
        if name != "default":
            for specifier in module.stars:
                value = self._imported(module, Imported(specifier, name, module.file.root))
                if not isinstance(value, Unknown) or not value.reason.endswith("is not exported"):
                    return value
        return Unknown(f"{name} is not exported")

    def _top_level(self, module: Module, name: str) -> Value:
        found = module.names[name]
        if name in module.changed:
            return Unknown(f"{name} is changed after its definition")
        if isinstance(found, Imported):
            return self._imported(module, found)
        return self._declared(module, found, name)

    def _imported(self, module: Module, imported: Imported) -> Value:
        specifier, name = imported.specifier, imported.name
        builtin = evaluated_package(specifier)
        if builtin is not None:
            if name == "*":
                return JsObject({key: Entry(value) for key, value in builtin.items()}, Unknown(specifier))
            return builtin.get(name, Unknown(f"{name} of {specifier} is no part of a schema"))
        target: Module | None = known_module(specifier)
        if target is None:
            path = self._resolver.resolve(specifier, module.file.path)
            if path is None:
                return Unknown(f'{name} comes from the package "{specifier}"', text=f"{specifier}#{name}")
            target = self.module(path)
            if target is None:
                return Unknown(f"{path} cannot be read", syntax=path in self.unreadable)
        if name == "*":
            return self._namespace(target)
        return self.export_of(target, name)

    def _namespace(self, module: Module) -> Value:
        """`import * as ns`."""
        own = {name: Entry(self.export_of(module, name)) for name in module.exports}
        parts = [
            self._imported(module, Imported(specifier, "*", module.file.root)) for specifier in module.stars
        ]
        # A package is described in part, so it may export more.
        rest = Unknown(f"this part of {module.file.path} is not known") if module.described else None
        return merge((*parts, JsObject(own, rest))) if parts else JsObject(own, rest)

    def _declared(self, module: Module, declared: Declared, name: str) -> Value:
        statement, value = declared.statement, declared.value
        scope = self.scope(module)
        if statement.has_error:
            error = stray_error(module)
            if error is not None:
                self.note_error(module, error)
            return Unknown("this does not parse", module.file.place(statement), text=name, syntax=True)
        if value is None:
            return Unknown(f"{name} has no value", module.file.place(declared.pattern))
        if value.type == "function_declaration":
            return Closure(value, scope)
        if value.type == "enum_declaration":
            return self._enum(module, value)
        if value.type in {"class_declaration", "generator_function_declaration"}:
            return self._evaluator.unknown(value, scope, "a class is not evaluated")
        result = self._evaluator.evaluate(value, scope)
        if declared.pattern.type == "identifier" or declared.pattern == value:
            return result
        bound = Scope(module, parent=scope)
        self._evaluator.bind(declared.pattern, result, bound)
        return bound.names.get(name, Unknown(f"{name} is not in this pattern"))

    def _enum(self, module: Module, node: Node) -> Value:
        """`enum E { A = "a" }` as an object; numbered members are left unknown beyond their own value."""
        body = node.child_by_field_name("body")
        entries: dict[str, Entry] = {}
        numbered = 0
        for child in body.named_children if body is not None else ():
            key = child.child_by_field_name("name") or child
            value_node = child.child_by_field_name("value")
            value: Value = numbered
            if value_node is not None:
                value = self._evaluator.evaluate(value_node, self.scope(module))
            if isinstance(value, int):
                numbered = value + 1
            text = module.file.text(key).strip("\"'")
            entries[text] = Entry(value, module.file.place(key), text)
        return JsObject(entries)
