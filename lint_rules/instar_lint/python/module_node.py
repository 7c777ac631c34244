"""One module: its imports, functions, classes and assignments, each parsed when it is first asked for.

Whatever is asked for is noted, so that it is known which statements of which modules an answer rests on: a lookup rests
on the statements that bind this name, and a name that nothing binds on that.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Generic, TypeVar

from instar_lint.python.chunks import Chunk, chunks_of
from instar_lint.python.definitions import LOOSE, AnyFunction, ClassNode, bound_names, flat, is_overload
from instar_lint.python.memory import Consulted, Memory
from instar_lint.python.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Statement = TypeVar("Statement")
STARS = "*"
"""How the part of a module is called that binds no name and is no expression: its star imports."""


class Named(Mapping[str, Statement], Generic[Statement]):
    """What a module binds in one way, by name; looking at all of it rests on the whole file."""

    __slots__ = ("_found", "_module")

    def __init__(self, module: ModuleNode) -> None:
        self._module = module
        self._found: dict[str, Statement] = {}

    def __getitem__(self, name: str) -> Statement:
        self._module.consult(name)
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        self._module.consult(str(name))
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        self._module.consult_all()
        return iter(self._found)

    def __len__(self) -> int:
        self._module.consult_all()
        return len(self._found)

    def bind(self, name: str, statement: Statement) -> None:
        """Let a name stand for a statement."""
        self._found[name] = statement

    def bound(self, name: str) -> Statement | None:
        """The statement that a name stands for as far as the module has been parsed, without a note."""
        return self._found.get(name)

    def read(self) -> list[Statement]:
        """What has been parsed so far, without a note."""
        return list(self._found.values())

    def sort(self, key: Callable[[Statement], int]) -> None:
        """Put what has been parsed in order."""
        self._found = dict(sorted(self._found.items(), key=lambda pair: key(pair[1])))

    def forget(self) -> None:
        """Let go of the syntax trees."""
        self._found.clear()


class ModuleNode:
    """One module: imports, functions, classes and assignments at its top level.

    Args:
        name: The dotted name by which the project imports it.
        path: Its file.
        text: Its content.
        memory: Takes what is consulted.
        tree: Its syntax tree, where all of it is parsed already.

    Raises:
        ValueError: It is no Python that this interpreter reads.
    """

    __slots__ = (
        "_broken",
        "_chunks",
        "_defined",
        "_loose",
        "_memory",
        "_notes",
        "_parts",
        "_stars",
        "_statements",
        "_text",
        "_unread",
        "assigned",
        "classes",
        "functions",
        "imports",
        "name",
        "path",
        "reassigned",
        "size",
    )

    def __init__(
        self, name: str, path: str, text: str, memory: Memory, tree: ast.Module | None = None
    ) -> None:
        self.name = name
        self.path = path
        self.imports: Named[tuple[str, str | None]] = Named(self)
        self.functions: Named[AnyFunction] = Named(self)
        self.classes: Named[ClassNode] = Named(self)
        self.assigned: Named[ast.Assign | ast.AnnAssign] = Named(self)
        self.reassigned: set[str] = set()
        self.size = 0
        self._text = _with_line_feeds(text)
        self._memory = memory
        self._notes: dict[str, tuple[Consulted]] = {}
        self._stars: list[str] = []
        self._unread: dict[str, list[Chunk]] = {}
        self._chunks: list[Chunk] | None = None
        self._defined: list[ast.stmt] = []
        self._broken = False
        self._parts: dict[str, list[Chunk]] | None = None
        self._grow(len(text))
        self._statements = tree.body if tree is not None else self._outlined()
        self._loose = [s for s in self._statements if isinstance(s, ast.Expr)]
        for statement in flat(self._statements):
            self._bind(statement)

    def _outlined(self) -> list[ast.stmt]:
        """The statements apart from functions and classes, which are parsed later; all where that is not possible."""
        self._chunks = chunks_of(self._text)
        if self._chunks is not None:
            later = [chunk for chunk in self._chunks if chunk.name is not None]
            rest = parse(_blanked(self._text, later))
            if rest is not None:
                for chunk in later:
                    self._unread.setdefault(str(chunk.name), []).append(chunk)
                self._grow(-sum(chunk.end - chunk.start for chunk in later))
                return rest.body
            self._chunks = None
        tree = parse(self._text)
        if tree is None:
            raise ValueError(self.path)
        return tree.body

    def _bind(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Import() | ast.ImportFrom():
                self._bind_import(statement)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if not is_overload(statement) and _is_later(statement, self.functions.bound(statement.name)):
                    self.functions.bind(statement.name, statement)
            case ast.ClassDef():
                known = self.classes.bound(statement.name)
                if _is_later(statement, known.node if known is not None else None):
                    self._bind_class(statement, "")
            case ast.AnnAssign(target=ast.Name(id=name)):
                self.assigned.bind(name, statement)
            case ast.Assign(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        self._assign(target.id, statement)
            case _:
                pass

    def _assign(self, name: str, statement: ast.Assign) -> None:
        known = self.assigned.bound(name)
        if known is not None:
            if any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(statement.value)):
                return  # `query = query.filter(…)`: the name keeps what it stood for
            self.reassigned.add(name)
        self.assigned.bind(name, statement)

    def _bind_class(self, node: ast.ClassDef, prefix: str) -> None:
        name = f"{prefix}{node.name}"
        self.classes.bind(name, ClassNode(self, name, node))
        for inner in node.body:
            if isinstance(inner, ast.ClassDef):
                self._bind_class(inner, f"{name}.")

    def _bind_import(self, statement: ast.Import | ast.ImportFrom) -> None:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                top = alias.name if alias.asname else alias.name.split(".")[0]
                self.imports.bind(alias.asname or top, (top, None))
            return
        base = self.absolute(statement)
        for alias in statement.names:
            if alias.name == "*":
                self._stars.append(base)
            else:
                self.imports.bind(alias.asname or alias.name, (base, alias.name))

    def absolute(self, statement: ast.ImportFrom) -> str:
        """The module that a `from … import` names, with the dots of a relative one resolved."""
        if not statement.level:
            return statement.module or ""
        package = self.name.split(".")
        keep = len(package) - statement.level + (1 if self.path.endswith("__init__.py") else 0)
        return ".".join([*package[: max(keep, 0)], *([statement.module] if statement.module else [])])

    @property
    def stars(self) -> Sequence[str]:
        """The modules that it imports everything from."""
        self.consult(STARS)
        return self._stars

    @property
    def loose(self) -> Sequence[ast.Expr]:
        """Its statements that are expressions."""
        self.consult(LOOSE)
        return self._loose

    def statements(self, wanted: Callable[[int, int], bool]) -> list[ast.stmt] | None:
        """Its statements in order; functions and classes where they are wanted; None where one does not parse.

        Args:
            wanted: Whether those between two lines are.
        """
        line, last = 1, 0
        for chunk in self._chunks or () if self._unread else ():
            line += self._text.count("\n", last, chunk.start)
            last = chunk.start
            if chunk.name in self._unread and wanted(line, line + self._text.count("\n", last, chunk.end)):
                self._read(chunk.name)
        if self._broken:
            return None
        return sorted((*self._statements, *self._defined), key=lambda statement: statement.lineno)

    def says(self, text: str) -> bool:
        """Whether this is its content."""
        return self._text == _with_line_feeds(text)

    def holding(self, word: str) -> list[tuple[str | None, AnyFunction]]:
        """The functions and methods that may mention a word, by place, each with the qualified name of its class."""
        self._memory.note((Consulted("path", self.path),))
        for name, chunks in list(self._unread.items()):
            if any(self._text.find(word, chunk.start, chunk.end) >= 0 for chunk in chunks):
                self._read(name)
        found: list[tuple[str | None, AnyFunction]] = [(None, one) for one in self.functions.read()]
        for cls in self.classes.read():
            found += [(cls.qualified, method) for method in cls.methods.values()]
        return sorted(found, key=lambda pair: pair[1].lineno)

    def consult(self, name: str) -> None:
        """Note that something rests on what binds a name, and parse that."""
        top = name.partition(".")[0]
        note = self._notes.get(top)
        if note is None:
            note = self._notes[top] = (Consulted("part", self.path, top),)
        self._memory.note(note)
        if top in self._unread:
            self._read(top)

    def consult_all(self) -> None:
        """Note that something rests on the whole file, and parse it."""
        self._memory.note((Consulted("path", self.path),))
        for name in list(self._unread):
            self._read(name)
        self.functions.sort(lambda function: function.lineno)
        self.classes.sort(lambda cls: cls.node.lineno)

    def _read(self, name: str) -> None:
        for chunk in self._unread.pop(name):
            above = "\n" * self._text.count("\n", 0, chunk.start)
            tree = parse(f"{above}{self._text[chunk.start : chunk.end]}\n")
            self._broken = self._broken or tree is None
            for statement in tree.body if tree is not None else ():
                self._defined.append(statement)
                self._bind(statement)
            self._grow(chunk.end - chunk.start)

    def _grow(self, parsed: int) -> None:
        self.size += parsed
        self._memory.parsed += parsed

    def digest(self, part: str) -> bytes:
        """What identifies the text that binds a name; empty where nothing does.

        Where it stands in the file does not matter, nor do comments in the first column behind it.
        """
        if self._parts is None:
            self._parts = self._found_parts()
        found = self._parts.get(part, ())
        if not found:
            return b""
        hashed = blake2b(digest_size=8)
        for chunk in found:
            text = self._text[chunk.start : chunk.end].rstrip()
            hashed.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return hashed.digest()

    def _found_parts(self) -> dict[str, list[Chunk]]:
        chunks = self._chunks if self._chunks is not None else chunks_of(self._text)
        if chunks is None:
            chunks = [Chunk(0, len(self._text), None)]
        parts: dict[str, list[Chunk]] = {}
        lines, line, last = [], 1, 0
        for chunk in chunks:
            line += self._text.count("\n", last, chunk.start)
            last = chunk.start
            lines.append(line)
            if chunk.name is not None:
                parts.setdefault(chunk.name, []).append(chunk)
        for statement in self._statements:
            chunk = chunks[max(bisect_right(lines, statement.lineno) - 1, 0)]
            if chunk.name is None:
                for name in bound_names([statement]):
                    kept = parts.setdefault(name, [])
                    if chunk not in kept:
                        kept.append(chunk)
        return {name: sorted(found) for name, found in parts.items()}

    def forget(self) -> None:
        """Let go of the syntax trees, which would otherwise wait for the next garbage collection."""
        self._grow(-self.size)
        for named in (self.imports, self.functions, self.classes, self.assigned):
            named.forget()
        self._statements, self._loose, self._defined = [], [], []


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _blanked(text: str, chunks: Sequence[Chunk]) -> str:
    """A text without some of its parts; what is left stands on the same lines."""
    kept, last = [], 0
    for chunk in chunks:
        kept.append(text[last : chunk.start])
        kept.append("\n" * text.count("\n", chunk.start, chunk.end))
        last = chunk.end
    kept.append(text[last:])
    return "".join(kept)


def _is_later(statement: AnyFunction | ast.ClassDef, known: AnyFunction | ast.ClassDef | None) -> bool:
    return known is None or statement.lineno >= known.lineno
