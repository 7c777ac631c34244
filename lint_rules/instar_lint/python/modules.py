"""The modules of a project, parsed when they are first asked for: what each name at their top stands for."""

from __future__ import annotations

import ast
import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from instar_lint.python.memory import Consulted, Memory
from instar_lint.python.older_syntax import without_type_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Reads(Protocol):
    """Where the bytes of a file come from: any `Source` does."""

    def read(self, path: str) -> bytes | None:
        """The content, or None where there is no such file."""
        ...


class ClassNode:
    """A class statement: its methods and the names that its body binds."""

    __slots__ = ("assigned", "methods", "module", "name", "node")

    def __init__(self, module: ModuleNode, name: str, node: ast.ClassDef) -> None:
        self.module = module
        self.name = name
        self.node = node
        self.methods: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.assigned: dict[str, ast.Assign | ast.AnnAssign] = {}
        for statement in _flat(node.body):
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    if not _is_overload(statement) and not _is_setter(statement):
                        self.methods[statement.name] = statement
                case ast.AnnAssign(target=ast.Name(id=target)):
                    self.assigned[target] = statement
                case ast.Assign(targets=targets):
                    self.assigned.update({t.id: statement for t in targets if isinstance(t, ast.Name)})
                case _:
                    pass

    @property
    def qualified(self) -> str:
        """The name by which values name it."""
        return f"{self.module.name}.{self.name}"


class ModuleNode:
    """One parsed module: imports, functions, classes and assignments at its top level."""

    __slots__ = ("assigned", "classes", "functions", "imports", "name", "path", "stars", "tree")

    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        self.name = name
        self.path = path
        self.tree = tree
        self.imports: dict[str, tuple[str, str | None]] = {}
        self.stars: list[str] = []
        self.functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.classes: dict[str, ClassNode] = {}
        self.assigned: dict[str, ast.Assign | ast.AnnAssign] = {}
        for statement in _flat(tree.body):
            self._bind(statement)

    def _bind(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Import() | ast.ImportFrom():
                self.bind_import(statement)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if not _is_overload(statement):
                    self.functions[statement.name] = statement
            case ast.ClassDef():
                self._bind_class(statement, "")
            case ast.AnnAssign(target=ast.Name(id=name)):
                self.assigned[name] = statement
            case ast.Assign(targets=targets):
                self.assigned.update({t.id: statement for t in targets if isinstance(t, ast.Name)})
            case _:
                pass

    def _bind_class(self, node: ast.ClassDef, prefix: str) -> None:
        name = f"{prefix}{node.name}"
        self.classes[name] = ClassNode(self, name, node)
        for inner in node.body:
            if isinstance(inner, ast.ClassDef):
                self._bind_class(inner, f"{name}.")

    def bind_import(self, statement: ast.Import | ast.ImportFrom) -> None:
        """Record what an import statement binds; also called for imports inside functions."""
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                top = alias.name if alias.asname else alias.name.split(".")[0]
                self.imports[alias.asname or top] = (top, None)
            return
        base = self.absolute(statement)
        for alias in statement.names:
            if alias.name == "*":
                self.stars.append(base)
            else:
                self.imports[alias.asname or alias.name] = (base, alias.name)

    def absolute(self, statement: ast.ImportFrom) -> str:
        """The module that a `from … import` names, with the dots of a relative one resolved."""
        if not statement.level:
            return statement.module or ""
        package = self.name.split(".")
        keep = len(package) - statement.level + (1 if self.path.endswith("__init__.py") else 0)
        return ".".join([*package[: max(keep, 0)], *([statement.module] if statement.module else [])])


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
        self._sizes: dict[str, int] = {}
        for path in paths:
            self._register(path)

    def _register(self, path: str) -> None:
        parts = tuple(self.name_of(path).split("."))
        if parts != ("",) and parts not in self._paths:
            self._paths[parts] = path
            self._by_tail.setdefault(parts[-1], []).append(parts)

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

    def at(self, path: str) -> ModuleNode | None:
        """The module of a file."""
        self.memory.note((Consulted("path", path),))
        if path in self._parsed:
            self._parsed.move_to_end(path)
            return self._parsed[path]
        data = self._source.read(path) if self._source is not None else None
        tree = parse(data) if data is not None else None
        return self.put(path, tree, len(data or b""))

    def put(self, path: str, tree: ast.Module | None, size: int) -> ModuleNode | None:
        """Keep a tree that the caller has parsed already.

        Args:
            path: Its file.
            tree: What it was parsed to; None where it is no Python.
            size: The length of its source.
        """
        self._register(path)
        module = ModuleNode(self.name_of(path), path, tree) if tree is not None else None
        self._parsed[path] = module
        self._sizes[path] = size
        return module

    def trim(self, most: int) -> None:
        """Forget the syntax trees that nobody asked for lately; never while questions are being answered.

        Args:
            most: How many bytes of source may be kept as trees, which take forty times as much.
        """
        size = sum(self._sizes.values())
        if size <= most:
            return
        while size > most // 2:
            path, module = self._parsed.popitem(last=False)
            size -= self._sizes.pop(path)
            if module is not None:
                module.classes.clear()  # a cycle would keep the tree until the next garbage collection
        self.memory.forget("class", "lineage", "calls", "heard")


def module_name(path: str) -> str:
    """The dotted name of a file from the repository root: `app/models/__init__.py` is `app.models`."""
    return ".".join(_parts(path))


def parse(data: bytes | str) -> ast.Module | None:
    """The syntax tree, or None where the text is no Python that this interpreter reads, type parameters apart."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bad escape in the user's string is not ours to report
            try:
                return ast.parse(data)
            except SyntaxError:
                text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
                older = without_type_parameters(text)
                return ast.parse(older) if older != text else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parts(path: str) -> tuple[str, ...]:
    parts = path.removesuffix(".py").removesuffix(".pyi").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return tuple(parts)


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body with those of its `if`, `try` and `with` blocks, which bind the same names."""
    for statement in body:
        yield statement
        match statement:
            case ast.If() | ast.With():
                yield from _flat(statement.body)
                yield from _flat(getattr(statement, "orelse", []))
            case ast.Try():
                for part in (statement.body, statement.orelse, statement.finalbody):
                    yield from _flat(part)
                for handler in statement.handlers:
                    yield from _flat(handler.body)
            case _:
                pass


def _is_overload(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_last_name(d) == "overload" for d in function.decorator_list)


def _is_setter(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = ("setter", "deleter", "expression", "inplace", "update_expression", "comparator")
    return any(_last_name(d) in names and isinstance(d, ast.Attribute) for d in function.decorator_list)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
