"""Classes of the project: their bodies, bases and order of resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.scopes import Bindings, Scope
from instar.dialects.sqlalchemy.reading.values import (
    MISSING,
    Applied,
    Generic,
    Member,
    Missing,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.dialects.sqlalchemy.reading import syntax as s
    from instar.dialects.sqlalchemy.reading.evaluate import Evaluator
    from instar.schema.model import Place


class ClassScope(Scope):
    """The body of a class, while it is being evaluated."""

    def __init__(self, owner: ClassValue, parent: Scope) -> None:
        self.owner = owner
        self.parent = parent
        self.module = parent.module

    def lookup(self, name: str) -> Value | Missing:
        """A name of the body; a name that is being bound or is bound later, and any other, is looked up outside."""
        value = MISSING if self.owner.body.comes_later(name) else self.owner.body.get(name)
        if isinstance(value, Missing):
            if name == "__qualname__":
                return self.owner.name
            return self.parent.lookup(name)
        return value


class ClassValue:
    """A class, defined by a statement or by `type(name, bases, namespace)`.

    Attributes:
        name: Its name.
        scope: Where it is defined.
        place: Where it stands.
        body: What it binds itself, later assignments included.
        definition: The statement; None for a call of `type`.
    """

    def __init__(
        self,
        name: str,
        scope: Scope,
        place: Place,
        evaluator: Evaluator,
        *,
        definition: s.Class | None = None,
        bases: Sequence[Value] | None = None,
    ) -> None:
        self.name = name
        self.scope = scope
        self.module = scope.module
        self.place = place
        self.definition = definition
        self.inside = ClassScope(self, scope)
        self.body = Bindings(definition.body if definition else (), self.inside, evaluator)
        self.body.mangle(name)
        self._evaluator = evaluator
        self._bases = list(bases) if bases is not None else None
        self._mro: list[Value] | None = None
        self._keywords: dict[str, Value] | None = None
        self._decorators: list[Value] | None = None

    def __repr__(self) -> str:
        return f"<class {self.qualified}>"

    @property
    def qualified(self) -> str:
        """Module and name."""
        return f"{self.module.name}.{self.name}"

    @property
    def bases(self) -> list[Value]:
        """Its direct bases; subscripted ones as their origin."""
        if self._bases is None:
            self._bases = []  # a base that leads back here finds none
            expressions = self.definition.bases if self.definition else []
            found = self._evaluator.spread(expressions, self.scope)
            self._bases = [each for base in found for each in _expanded(base)]
            self._bases += self._decorated_base()
        return self._bases

    @property
    def keywords(self) -> dict[str, Value]:
        """The keywords of its statement: `table=True`."""
        if self._keywords is None:
            self._keywords = {
                name: self._evaluator.evaluate(value, self.scope)
                for name, value in (self.definition.keywords if self.definition else [])
                if name is not None
            }
        return self._keywords

    def given_keywords(self, keywords: dict[str, Value]) -> None:
        """The keywords of a call of `type`."""
        self._keywords = dict(keywords)

    @property
    def decorators(self) -> list[Value]:
        """What decorates it."""
        if self._decorators is None:
            self._decorators = []
            written = self.definition.decorators if self.definition else []
            self._decorators = [self._evaluator.evaluate(decorator, self.scope) for decorator in written]
        return self._decorators

    def _decorated_base(self) -> list[Value]:
        """`@as_declarative()` and `@reg.as_declarative_base()` make the class a declarative base."""
        for decorator in self.decorators:
            callee = decorator.callee if isinstance(decorator, Applied) else decorator
            name = getattr(callee, "name", None)
            if name in {"as_declarative", "as_declarative_base"}:
                return [decorator]
        return []

    @property
    def mro(self) -> list[Value]:
        """The class, then what it inherits from, in Python's order; values that are no project class stand in it too."""
        if self._mro is None:
            self._mro = [self]
            self._mro = [self, *_linearised(self.bases)]
        return self._mro

    @property
    def ancestors(self) -> Iterator[ClassValue]:
        """The classes of the project in its order of resolution, itself first."""
        return (base for base in self.mro if isinstance(base, ClassValue))

    @property
    def foreign(self) -> list[Value]:
        """The bases that are no classes of the project."""
        return [base for base in self.mro if not isinstance(base, ClassValue)]

    def find(self, name: str, *, after: ClassValue | None = None) -> tuple[ClassValue, Value] | None:
        """The first class in order that binds a name, and the value."""
        skipping = after is not None
        for owner in self.ancestors:
            if not skipping and not owner.body.typing_only(name):
                value = owner.body.get(name)
                if not isinstance(value, Missing):
                    return owner, value
            if owner is after:
                skipping = False
        return None

    def get(self, name: str) -> Value | Missing:
        """The value of an attribute as it is bound, functions not called."""
        found = self.find(name)
        return found[1] if found else MISSING


def _expanded(base: Value) -> list[Value]:
    """A base and the class that it builds on: `declarative_base(cls=Base)`, `SQLAlchemy(model_class=Base).Model`."""
    if isinstance(base, Generic):
        return _expanded(base.origin)
    made = base.owner if isinstance(base, Member) else base
    if isinstance(made, Applied):
        inner = made.keywords.get("cls") or made.keywords.get("model_class") or made.keywords.get("base")
        if isinstance(inner, ClassValue):
            return [base, inner]
    return [base]


def _linearised(bases: list[Value]) -> list[Value]:
    """C3, and depth first where the bases contradict each other."""
    sequences = [list(base.mro) if isinstance(base, ClassValue) else [base] for base in bases] + [list(bases)]
    result: list[Value] = []
    while any(sequences):
        sequences = [sequence for sequence in sequences if sequence]
        for sequence in sequences:
            head = sequence[0]
            if not any(_holds(other[1:], head) for other in sequences):
                break
        else:
            head = sequences[0][0]
        if not _holds(result, head):
            result.append(head)
        sequences = [[item for item in sequence if not _same(item, head)] for sequence in sequences]
    return result


def _same(one: Value, other: Value) -> bool:
    return one is other or (not isinstance(one, ClassValue | Applied | Unknown) and one == other)


def _holds(values: Sequence[Value], wanted: Value) -> bool:
    return any(_same(value, wanted) for value in values)
