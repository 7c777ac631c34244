"""What an expression evaluates to, as far as it can be known without running anything.

Plain Python values stand for themselves; containers hold values. What belongs to a library stays symbolic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading.classes import ClassValue
    from instar.dialects.sqlalchemy.reading.scopes import ModuleScope, Scope
    from instar.dialects.sqlalchemy.reading.syntax import Expr, Function
    from instar.schema.model import Place


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that cannot be known, and why."""

    reason: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something of a library or of Python, by its dotted path: `sqlalchemy.Column`, `builtins.int`."""

    path: str

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.rpartition(".")[2]

    @property
    def root(self) -> str:
        """The library."""
        return self.path.partition(".")[0]


@dataclass(eq=False, slots=True)
class Applied:
    """A call that is not followed: of a library's function, class or method. Equal only to itself.

    Attributes:
        callee: What is called.
        arguments: Positional, with stars spread.
        keywords: By name; `complete` is false where a mapping could not be spread.
        place: Where the call stands.
        sources: The expression of each keyword, for the text of defaults.
    """

    callee: Value
    arguments: tuple[Value, ...] = ()
    keywords: dict[str, Value] = field(default_factory=dict)
    place: Place | None = None
    sources: dict[str, Expr] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """An attribute of something that is known and not followed: `User.id`, `users.c.id`, `db.Model`."""

    owner: Value
    name: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Generic:
    """A subscripted type: `Mapped[int]`, `Annotated[str, 50]`; unions are `typing.Union`."""

    origin: Value
    arguments: tuple[Value, ...]

    def __hash__(self) -> int:
        return hash((Generic, len(self.arguments)))


@dataclass(frozen=True, slots=True, eq=False)
class SqlOperation:
    """An operator on things of which one is symbolic: `User.age > 3`, `a | b` of types."""

    operator: str
    operands: tuple[Value, ...]
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue:
    """A function of the project, with the scope that it was defined in."""

    definition: Function
    scope: Scope
    module: ModuleScope

    @property
    def name(self) -> str:
        """Its name."""
        return self.definition.name


@dataclass(frozen=True, slots=True, eq=False)
class LambdaValue:
    """An anonymous function with its scope."""

    parameters: tuple[str, ...]
    body: Expr
    scope: Scope
    source: Expr


@dataclass(frozen=True, slots=True, eq=False)
class BoundMethod:
    """A function of a class, and what it is bound to; `function` may be a name of a built-in method."""

    function: FunctionValue | str
    owner: Value


@dataclass(frozen=True, slots=True, eq=False)
class EnumMember:
    """A member of an enum of the project."""

    owner: ClassValue
    name: str
    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Super:
    """`super()` in a class, seen from `owner`."""

    after: ClassValue
    owner: ClassValue


class Missing:
    """No value at all."""


MISSING = Missing()

Constant: TypeAlias = "bool | int | float | str | None"
Value: TypeAlias = (
    "bool | int | float | str | list[Value] | tuple[Value, ...] | dict[Value, Value] | frozenset[Value] | Unknown | Symbol | Applied"
    " | Member | Generic | SqlOperation | FunctionValue | LambdaValue | BoundMethod | EnumMember | Super | ClassValue | ModuleScope"
    " | None"
)


def is_constant(value: Value) -> bool:
    """Whether it is a literal."""
    return value is None or isinstance(value, bool | int | float | str)


def is_known(value: Value) -> bool:
    """Whether nothing in it is unknown, as far as one level down."""
    if isinstance(value, Unknown):
        return False
    if isinstance(value, list | tuple):
        return not any(isinstance(item, Unknown) for item in value)
    return True
