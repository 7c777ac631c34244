"""What an annotation says of a column: `Mapped[Optional[Annotated[str, mapped_column(...)]]]` taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.classes import ClassScope, ClassValue
from instar.dialects.sqlalchemy.reading.column_types import enum_values, read
from instar.dialects.sqlalchemy.reading.scopes import Scope
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    Generic,
    Member,
    Missing,
    Symbol,
    Unknown,
    Value,
)
from instar.dialects.sqlalchemy.reading.vocabulary import COLUMNS, MAPPED
from instar.dialects.sqlalchemy.types import PYTHON_TYPES, TypeReading, read_enum, read_type

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading import syntax as s
    from instar.dialects.sqlalchemy.reading.project import Project

_UNIONS = frozenset({"typing.Union", "types.UnionType", "typing_extensions.Union"})
_COLLECTIONS = frozenset({
    "list", "List", "set", "Set", "Sequence", "Collection", "Iterable", "tuple", "Tuple", "frozenset", "deque",
    "AppenderQuery", "InstrumentedList", "InstrumentedSet", "dict", "Dict", "MutableSequence", "KeyFuncDict", "AbstractSet",
})  # fmt: skip


@dataclass(slots=True)
class Annotation:
    """An annotation taken apart.

    Attributes:
        container: `Mapped` and its kin, or empty.
        type: What is inside, without None.
        optional: Whether None is allowed.
    """

    container: str
    type: Value
    optional: bool


class _AnnotationScope(Scope):
    """A class body as its annotations see it: classes and type aliases of the body, then what is outside."""

    def __init__(self, inside: ClassScope) -> None:
        self._inside = inside
        self.module = inside.module

    def lookup(self, name: str) -> Value | Missing:
        value = self._inside.owner.body.get(name)
        if isinstance(value, ClassValue | Generic):
            return value
        return self._inside.parent.lookup(name)


def take_apart(project: Project, annotation: s.Expr, owner: ClassValue) -> Annotation:
    """The parts of an annotation in the body of a class."""
    value = project.evaluator.evaluate(annotation, _AnnotationScope(owner.inside))
    container = ""
    if isinstance(value, Generic) and value.arguments:
        meaning = project.vocabulary.meaning(value.origin) or getattr(value.origin, "name", "")
        if meaning in MAPPED or meaning == "ClassVar":
            container = meaning
            value = value.arguments[0]
    elif getattr(value, "name", "") in MAPPED:
        container = "Mapped"
        value = Unknown("Mapped without a type")
    inner, optional = without_none(value)
    return Annotation(container, inner, optional)


def without_none(value: Value) -> tuple[Value, bool]:
    """A type without its None, and whether it had one."""
    members = _union(value)
    if members is None:
        return value, False
    rest = [member for member in members if member is not None and not _is_none(member)]
    if len(rest) == len(members):
        return value, False
    return (rest[0] if len(rest) == 1 else Generic(Symbol("typing.Union"), tuple(rest))), True


def _union(value: Value) -> list[Value] | None:
    """The members of a union, nested ones flattened."""
    if not (isinstance(value, Generic) and isinstance(value.origin, Symbol) and value.origin.path in _UNIONS):
        return None
    return [each for member in value.arguments for each in (_union(member) or [member])]


def _is_none(value: Value) -> bool:
    return isinstance(value, Symbol) and value.name == "NoneType"


def is_annotated(value: Value) -> bool:
    """Whether it is `Annotated[...]`."""
    return isinstance(value, Generic) and getattr(value.origin, "name", "") == "Annotated"


def carried_column(project: Project, value: Value) -> Applied | None:
    """The `mapped_column(...)` that an `Annotated` alias carries."""
    if isinstance(value, Generic) and is_annotated(value):
        for extra in value.arguments[1:]:
            if isinstance(extra, Applied) and project.vocabulary.meaning(extra.callee) in COLUMNS:
                return extra
        return carried_column(project, without_none(value.arguments[0])[0]) if value.arguments else None
    return None


def carried_type(project: Project, value: Value) -> TypeReading | None:
    """A type that an `Annotated` alias carries beside its Python type: `Annotated[str, String(50)]`."""
    if isinstance(value, Generic) and is_annotated(value):
        for extra in value.arguments[1:]:
            found = read(project, extra) if isinstance(extra, Applied | Symbol | ClassValue) else None
            if found is not None and not (
                isinstance(extra, Applied) and project.vocabulary.meaning(extra.callee) in COLUMNS
            ):
                return found
    return None


def carries_none(value: Value) -> bool:
    """Whether an alias allows None inside: `Annotated[Optional[str], ...]`."""
    return (
        isinstance(value, Generic)
        and is_annotated(value)
        and bool(value.arguments)
        and without_none(value.arguments[0])[1]
    )


def python_type(project: Project, owner: ClassValue, value: Value) -> TypeReading | None:
    """The column type that a Python type stands for in a class: by its `type_annotation_map`, else SQLAlchemy's own."""
    known = annotation_map(owner)
    seen: list[Value] = []
    candidate: Value = value
    while True:
        seen.append(candidate)
        if isinstance(candidate, Generic) and is_annotated(candidate) and candidate.arguments:
            candidate = without_none(candidate.arguments[0])[0]
        elif (
            isinstance(candidate, Applied)
            and getattr(candidate.callee, "name", "") == "NewType"
            and len(candidate.arguments) > 1
        ):
            candidate = candidate.arguments[1]
        else:
            break
    for each in seen:
        for key, found in known:
            if _equal(key, each):
                return read(project, found)
    plain = seen[-1]
    if isinstance(plain, ClassValue):
        return _enum_class(project, plain, known)
    if isinstance(plain, Generic) and getattr(plain.origin, "name", "") == "Literal":
        return read_enum([str(item) for item in plain.arguments], name=None, native=False)
    if isinstance(plain, Generic):
        return next((read(project, found) for key, found in known if _equal(key, plain.origin)), None)
    path = plain.path.removeprefix("builtins.") if isinstance(plain, Symbol) else ""
    return read_type(PYTHON_TYPES[path]) if path in PYTHON_TYPES else None


def _equal(one: Value, other: Value) -> bool:
    if isinstance(one, Symbol) and isinstance(other, Symbol):
        return one.path == other.path or (
            one.name == other.name
            and {one.root, other.root} <= {"builtins", "typing"}
            and one.name.lower() == other.name.lower()
        )
    return one is other or one == other


def _enum_class(project: Project, owner: ClassValue, known: list[tuple[Value, Value]]) -> TypeReading | None:
    """An enum: by the `enum.Enum` of the map, whose arguments it takes over, else by the names of its members."""
    if not project.enums.is_enum(owner):
        return None
    for key, found in known:
        if (isinstance(key, Symbol) and key.root == "enum") or (
            isinstance(key, ClassValue) and key in list(owner.ancestors)
        ):
            made = found if isinstance(found, Applied) else Applied(found)
            if project.vocabulary.meaning(made.callee) != "Enum":
                return read(project, found)
            keywords = {name: value for name, value in made.keywords.items() if name not in {"name", "enum"}}
            values = made.keywords.get("values_callable")
            native = made.keywords.get("native_enum") is not False
            name = (
                made.keywords.get("name")
                if isinstance(made.keywords.get("name"), str)
                else owner.name.lower()
            )
            length = keywords.get("length")
            return read_enum(
                enum_values(project, owner, values) or (),
                name=name if isinstance(name, str) else None,
                native=native,
                length=length if isinstance(length, int) else None,
            )
    return read_enum(enum_values(project, owner) or (), name=owner.name.lower())


def annotation_map(owner: ClassValue) -> list[tuple[Value, Value]]:
    """The entries of the `type_annotation_map` that holds for a class."""
    found: list[tuple[Value, Value]] = []
    sources: list[Value] = [
        value
        for base in owner.ancestors
        if not isinstance(value := base.body.get("type_annotation_map"), Missing)
    ]
    for holder in (owner.get("registry"), *owner.foreign):
        inner: Value = None if isinstance(holder, Missing) else holder
        while isinstance(inner, Applied | Member):
            if isinstance(inner, Applied):
                sources.append(inner.keywords.get("type_annotation_map"))
                inner = inner.callee
            else:
                inner = inner.owner
    for source in sources:
        if isinstance(source, dict):
            found += list(source.items())
    return found


def relationship_target(annotation: Annotation) -> tuple[Value, bool]:
    """The class inside a relationship's annotation, and whether there are many of them."""
    value: Value = annotation.type
    many = annotation.container in {"DynamicMapped", "WriteOnlyMapped"}
    while isinstance(value, Generic) and value.arguments:
        name = getattr(value.origin, "name", "")
        if name in _COLLECTIONS:
            many = True
        elif not is_annotated(value) and name != "Union":
            break
        value = without_none(value.arguments[-1 if name in {"dict", "Dict", "KeyFuncDict"} else 0])[0]
    return value, many
