"""Where names are looked up: a module, a class body, a function call. Bindings are evaluated when they are asked for."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.values import MISSING, FunctionValue, Missing, Symbol, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator

_BUILTINS = frozenset(dir(builtins))
_NORMAL, _FALLBACK, _TYPING = 0, 1, 2


class Binding(NamedTuple):
    """A statement that binds a name, and how much it counts: 0 as it is meant, 1 a fallback, 2 for type checkers only."""

    statement: s.Statement
    rank: int


class Scope(ABC):
    """Something that names are looked up in."""

    module: ModuleScope

    @abstractmethod
    def lookup(self, name: str) -> Value | Missing:
        """The value of a name, from here outwards."""


class LocalScope(Scope):
    """The variables of one call."""

    def __init__(self, parent: Scope, variables: dict[str, Value]) -> None:
        self.parent = parent
        self.module = parent.module
        self.variables = variables

    def lookup(self, name: str) -> Value | Missing:
        """A local variable, or what the enclosing scope has."""
        if name in self.variables:
            return self.variables[name]
        return self.parent.lookup(name)


class Bindings:
    """The names that a body binds, evaluated once each in `scope`."""

    def __init__(self, body: Iterable[s.Statement], scope: Scope, evaluator: Evaluator) -> None:
        self.names: dict[str, list[Binding]] = {}
        self.stars: list[s.ImportFrom] = []
        self.effects: list[s.Statement] = []
        self._scope = scope
        self._evaluator = evaluator
        self._values: dict[str, Value] = {}
        self._busy: dict[str, int] = {}
        self._asking: list[int] = []
        self._index(body, _NORMAL)

    def get(self, name: str) -> Value | Missing:
        """The value bound to a name here; MISSING where it is not bound, or only annotated, or asks for itself."""
        if name in self._values:
            return self._values[name]
        bindings = self.names.get(name)
        if bindings is None:
            return MISSING
        if name in self._busy:  # `kind = kind.with_variant(…)` means the one before
            return self._earlier(name, bindings)
        try:
            value = self._best(name, bindings)
        finally:
            self._busy.pop(name, None)
        if not isinstance(value, Missing):
            self._values[name] = value
        return value

    def set(self, name: str, value: Value) -> None:
        """Bind a name to a value."""
        self._values[name] = value
        self.names.setdefault(name, [])

    def mangle(self, owner: str) -> None:
        """Let the private functions of a class (`__name`) be found as Python names them outside it, too."""
        for name in list(self.names):
            private = name.startswith("__") and not name.endswith("__")
            if private and isinstance(self.definition(name), s.Function):
                self.names.setdefault(f"_{owner.lstrip('_')}{name}", self.names[name])

    def comes_later(self, name: str) -> bool:
        """Whether the statement that is being evaluated stands before every one that binds the name."""
        bindings = self.names.get(name)
        if not bindings or not self._asking:
            return False
        return all(getattr(binding.statement, "line", 0) > self._asking[-1] for binding in bindings)

    def busy(self, name: str) -> bool:
        """Whether the name is being evaluated."""
        return name in self._busy

    def definition(self, name: str) -> s.Statement | None:
        """The statement that counts for a name."""
        bindings = self.names.get(name)
        return min(reversed(bindings), key=lambda binding: binding.rank).statement if bindings else None

    def annotation(self, name: str) -> tuple[s.Expr, s.Bind] | None:
        """The annotation of a name, from any statement that has one, those for type checkers last."""
        for binding in _in_order(self.names.get(name, [])):
            if isinstance(binding.statement, s.Bind) and binding.statement.annotation is not None:
                return binding.statement.annotation, binding.statement
        return None

    def typing_only(self, name: str) -> bool:
        """Whether only a type checker sees the name."""
        return (
            all(binding.rank == _TYPING for binding in self.names.get(name, [])) and name not in self._values
        )

    def _earlier(self, name: str, bindings: list[Binding]) -> Value | Missing:
        position = self._busy[name]
        try:
            return self._best(name, bindings[:position])
        finally:
            self._busy[name] = position

    def _best(self, name: str, bindings: list[Binding]) -> Value | Missing:
        best: Value | Missing = MISSING
        for binding in _in_order(bindings):
            self._busy[name] = next(i for i, each in enumerate(bindings) if each is binding)
            value = self._evaluate(name, binding.statement, bindings)
            if isinstance(value, Missing):
                continue
            if self._evaluator.is_found(value):
                return value
            best = value if isinstance(best, Missing) else best
        return best

    def _evaluate(self, name: str, statement: s.Statement, bindings: list[Binding]) -> Value | Missing:
        if isinstance(statement, s.Bind) and statement.operator is not None and statement.value is not None:
            position = next((i for i, binding in enumerate(bindings) if binding.statement is statement), 0)
            before = self._best(name, bindings[:position]) if position else MISSING
            if isinstance(before, Missing):
                return MISSING
            return self._evaluator.augmented(statement.operator, before, statement.value, self._scope)
        self._asking.append(getattr(statement, "line", 0))
        try:
            return self._evaluator.bound(statement, name, self._scope)
        finally:
            self._asking.pop()

    def _index(self, body: Iterable[s.Statement], rank: int) -> None:
        for statement in body:
            match statement:
                case s.Bind(name=name) | s.Function(name=name) | s.Class(name=name):
                    self._add(name, statement, rank)
                case s.Import(module=module, alias=alias):
                    self._add(alias or module.partition(".")[0], statement, rank)
                case s.ImportFrom(names=names):
                    for original, alias in names:
                        if original == "*":
                            self.stars.append(statement)
                        else:
                            self._add(alias, statement, rank)
                case s.If():
                    first, second = _ranks(statement.test, rank)
                    self._index(statement.body, first)
                    self._index(statement.other, second)
                case s.Try(body=tried, handlers=handlers):
                    self._index(tried, rank)
                    self._index(handlers, max(rank, _FALLBACK))
                case s.For() | s.Evaluate() | s.BindAttribute():
                    self.effects.append(statement)
                case _:
                    pass

    def _add(self, name: str, statement: s.Statement, rank: int) -> None:
        self.names.setdefault(name, []).append(Binding(statement, rank))


def _in_order(bindings: list[Binding]) -> list[Binding]:
    """Those that count most first, later ones before earlier ones."""
    return [b for rank in (_NORMAL, _FALLBACK, _TYPING) for b in reversed(bindings) if b.rank == rank]


def _ranks(test: s.Expr, rank: int) -> tuple[int, int]:
    """How much the two branches of an `if` count."""
    match test:
        case s.Name(id="TYPE_CHECKING") | s.Attr(name="TYPE_CHECKING"):
            return _TYPING, rank
        case s.Operation(
            operator="not", operands=[s.Name(id="TYPE_CHECKING") | s.Attr(name="TYPE_CHECKING")]
        ):
            return rank, _TYPING
        case s.Operation(operands=[s.Attr(name="version_info"), *_]):
            return rank, max(rank, _FALLBACK)
        case s.Const(value=True):
            return rank, _TYPING
        case s.Operation(operator="==", operands=[s.Name(id="__name__"), *_]) | s.Const(value=False):
            return _TYPING, rank
        case _:
            return rank, rank


class ModuleScope(Scope):
    """One module of the project.

    Attributes:
        path: Its file.
        package: Whether it is an `__init__.py`.
    """

    def __init__(self, path: str, tree: s.Module, evaluator: Evaluator) -> None:
        self.path = path
        self.package = path.endswith("__init__.py")
        self.module = self
        self.bindings = Bindings(tree.body, self, evaluator)
        self._evaluator = evaluator
        self._starring: set[str] = set()

    @property
    def name(self) -> str:
        """How the project imports it, such as `app.models`."""
        return self._evaluator.project.dotted(self.path)

    def lookup(self, name: str) -> Value | Missing:
        """A name of the module, of its star imports, or of Python."""
        value = self.member(name)
        if isinstance(value, Missing):
            if name in {"__name__", "__module__"}:
                return self.name
            return Symbol(f"builtins.{name}") if name in _BUILTINS else MISSING
        return value

    def member(self, name: str) -> Value | Missing:
        """What `module.name` is: a name of the module, of its star imports, or a module below it."""
        value = self.bindings.get(name)
        if not isinstance(value, Missing):
            return value
        if name not in self._starring and not name.startswith("__"):
            self._starring.add(name)
            try:
                for statement in self.bindings.stars:
                    found = self._evaluator.import_from(statement, name, self)
                    if not isinstance(found, Missing):
                        return found
            finally:
                self._starring.discard(name)
        return self._evaluator.submodule(self, name)

    def functions(self) -> Iterator[FunctionValue]:
        """The module's own functions."""
        for name in list(self.bindings.names):
            if isinstance(self.bindings.definition(name), s.Function):
                value = self.bindings.get(name)
                if isinstance(value, FunctionValue):
                    yield value
