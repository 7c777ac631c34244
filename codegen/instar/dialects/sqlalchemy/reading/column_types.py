"""A value that stands where a column's type stands, to a normalised type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.libraries import LIBRARY_TYPES
from instar.dialects.sqlalchemy.reading.calls import call_with
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    EnumMember,
    FunctionValue,
    LambdaValue,
    Member,
    Missing,
    Symbol,
    Unknown,
    Value,
)
from instar.dialects.sqlalchemy.types import Argument, TypeReading, bind, read_enum, read_type
from instar.schema.types import NativeType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from instar.dialects.sqlalchemy.reading.project import Project

_WRAPPERS = frozenset({"as_mutable", "evaluates_none", "adapt", "copy"})
_BACKENDS = {"postgresql": ("postgresql",), "mariadb": ("mariadb", "mysql"), "sqlite": ("sqlite",)}
_DECORATORS = frozenset({"TypeDecorator", "TypeEngine", "UserDefinedType", "ExternalType", "SchemaType"})


def read(project: Project, value: Value, depth: int = 0) -> TypeReading | None:
    """The type that a value means; None where it means none, or one that cannot be known."""
    if depth > 12:
        return None
    match value:
        case Symbol():
            return _symbol(value, (), {}, project, depth)
        case ClassValue():
            return _class(project, value, (), {}, depth)
        case Applied(callee=Member(owner=inner, name="with_variant"), arguments=arguments):
            return _variant(project, inner, arguments, depth)
        case Applied(callee=Member(owner=inner, name=name), arguments=arguments) if name in _WRAPPERS:
            return read(project, arguments[0] if arguments and name == "as_mutable" else inner, depth + 1)
        case Applied(callee=Symbol(path=path), arguments=[inner, *_]) if path.endswith(".as_mutable"):
            return read(project, inner, depth + 1)
        case Applied(callee=Symbol() as symbol, arguments=arguments, keywords=keywords):
            return _symbol(symbol, arguments, keywords, project, depth)
        case Applied(callee=ClassValue() as owner, arguments=arguments, keywords=keywords):
            return _class(project, owner, arguments, keywords, depth)
        case _:
            return None


def _variant(project: Project, inner: Value, arguments: Sequence[Value], depth: int) -> TypeReading | None:
    """The variant of the configured backend, else the base type."""
    wanted = _BACKENDS.get(project.config.backend or "", ())
    if len(arguments) >= 2 and any(name in wanted for name in arguments[1:] if isinstance(name, str)):
        return read(project, arguments[0], depth + 1)
    return read(project, inner, depth + 1)


def _symbol(
    symbol: Symbol, arguments: Sequence[Value], keywords: Mapping[str, Value], project: Project, depth: int
) -> TypeReading | None:
    if not _is_type(symbol):
        return None
    if symbol.name in {"Enum", "ENUM"}:
        return _enum(project, symbol, arguments, keywords)
    known = _library(symbol)
    if known is not None:
        return read_type(*known)
    if symbol.name in {"EncryptedType", "StringEncryptedType", "ChoiceType"}:
        inner = arguments[0] if symbol.name != "ChoiceType" and arguments else keywords.get("impl")
        fallback = TypeReading(read_type("Unicode").type, "sa.Unicode()")
        return (read(project, inner, depth + 1) if symbol.name == "ChoiceType" else None) or fallback
    given = [argument(project, value, depth) for value in arguments]
    named = {name: argument(project, value, depth) for name, value in keywords.items()}
    if symbol.name == "ARRAY" and given and given[0] is None:
        return None
    return read_type(symbol.path, bind(symbol.path, given, named))


def _is_type(symbol: Symbol) -> bool:
    """Types are capitalised; functions and modules of the same libraries are not."""
    return symbol.root != "builtins" and symbol.name[:1].isupper() and ".func." not in symbol.path


def _library(symbol: Symbol) -> tuple[str, dict[str, Argument]] | None:
    """A decorator of a well-known library, by the library and its name."""
    if symbol.root == "sqlalchemy":
        return None
    if symbol.path in LIBRARY_TYPES:
        return LIBRARY_TYPES[symbol.path]
    for path, found in LIBRARY_TYPES.items():
        if path.partition(".")[0] == symbol.root and path.rpartition(".")[2] == symbol.name:
            return found
    return None


def argument(project: Project, value: Value, depth: int = 0) -> Argument:
    """A type's argument: a constant, or a type; anything else counts as not given."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return read(project, value, depth + 1)


def _class(
    project: Project, owner: ClassValue, arguments: Sequence[Value], keywords: Mapping[str, Value], depth: int
) -> TypeReading | None:
    """A class of the project: what it decorates, or the type that it extends."""
    names = {base.name for base in owner.foreign if isinstance(base, Symbol)}
    spec = owner.get("get_col_spec")
    if isinstance(spec, FunctionValue):
        text = call_with(project.evaluator, spec, Applied(owner, tuple(arguments), dict(keywords)))
        native = text if isinstance(text, str) else owner.name.upper()
        return TypeReading(NativeType(native.upper()), f"{owner.module.name}.{owner.name}()")
    impl = owner.get("impl")
    own = isinstance(owner.get("__init__"), FunctionValue)
    if not isinstance(impl, Missing):
        if isinstance(impl, Symbol | ClassValue) and not own and (arguments or keywords):
            return read(project, Applied(impl, tuple(arguments), dict(keywords)), depth + 1)
        return read(project, impl, depth + 1) or _decorator(owner, arguments, keywords)
    if names & _DECORATORS:
        return _decorator(owner, arguments, keywords)
    for base in owner.foreign:
        if isinstance(base, Symbol | Applied) and (
            found := _based(project, base, arguments, keywords, depth, own=own)
        ):
            return found
    return None


def _based(
    project: Project,
    base: Value,
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
    depth: int,
    *,
    own: bool,
) -> TypeReading | None:
    if isinstance(base, Symbol) and base.root in {"typing", "abc", "enum"}:
        return None
    made = base if own or isinstance(base, Applied) else Applied(base, tuple(arguments), dict(keywords))
    return read(project, made, depth + 1)


def _decorator(owner: ClassValue, arguments: Sequence[Value], keywords: Mapping[str, Value]) -> TypeReading:
    """A decorator whose `impl` cannot be known is a type of its own, by its name and arguments."""
    said = [repr(value) for value in arguments if isinstance(value, str | int)]
    said += [f"{name}={value!r}" for name, value in keywords.items() if isinstance(value, str | int)]
    text = f"{owner.name}({', '.join(said)})"
    return TypeReading(NativeType(text), f"{owner.module.name}.{text}")


def _enum(
    project: Project, symbol: Symbol, arguments: Sequence[Value], keywords: Mapping[str, Value]
) -> TypeReading | None:
    name = keywords.get("name")
    length = keywords.get("length")
    owner = arguments[0] if len(arguments) == 1 else keywords.get("enum_class") or keywords.get("enum")
    values: list[str] | None
    if isinstance(owner, ClassValue):
        values = enum_values(project, owner, keywords.get("values_callable"))
        name = owner.name.lower() if "name" not in keywords else name
    elif len(arguments) == 1 and isinstance(owner, list | tuple):
        values = [str(label(item)) for item in owner]
    else:
        values = [item for value in arguments if isinstance(item := label(value), str)]
    own_dialect = "mysql" if ".mysql" in symbol.path else "postgresql" if symbol.name == "ENUM" else None
    return read_enum(
        values or (),
        name=name if isinstance(name, str) else None,
        native=keywords.get("native_enum") is not False,
        length=length if isinstance(length, int) and not isinstance(length, bool) else None,
        dialect=own_dialect,
    )


def label(value: Value) -> Value:
    """What a member of an enum is written as, where its value stands for it."""
    return value.value if isinstance(value, EnumMember) else value


def enum_values(project: Project, owner: ClassValue, values_callable: Value = None) -> list[str] | None:
    """What the database stores for a Python enum: the names of its members, or what `values_callable` gives."""
    members = project.enums.members(owner)
    if members is None:
        return None
    if isinstance(values_callable, FunctionValue | LambdaValue):
        found = call_with(project.evaluator, values_callable, owner)
        values = project.evaluator.iterate(found)
        if values is not None and all(isinstance(value, str) for value in values):
            return [str(value) for value in values]
        inner = [label(member) for member in members.values()]
        return [str(value) for value in inner if isinstance(value, str)]
    if isinstance(values_callable, Unknown | Symbol):
        return [str(value) for member in members.values() if isinstance(value := label(member), str)]
    return list(members)
