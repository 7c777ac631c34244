"""SQLModel's fields: columns by annotation and `Field(...)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import column_types
from instar.dialects.sqlalchemy.reading.annotated import is_annotated, python_type
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.columns import client_default, column_of
from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft, ForeignKeyDraft
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    FunctionValue,
    Generic,
    Missing,
    Symbol,
    Unknown,
    Value,
)
from instar.dialects.sqlalchemy.reading.vocabulary import COLUMNS, RELATIONSHIPS
from instar.dialects.sqlalchemy.types import TypeReading, read_enum, read_type
from instar.schema.types import StringType

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading import syntax as s
    from instar.dialects.sqlalchemy.reading.annotated import Annotation
    from instar.dialects.sqlalchemy.reading.project import Project
    from instar.schema.model import Place

_STRINGS = frozenset({
    "EmailStr", "IPv4Address", "IPv4Network", "IPv6Address", "IPv6Network", "Path", "AnyUrl", "HttpUrl", "constr",
})  # fmt: skip
_MOMENTS = {"AwareDatetime": "DateTime", "NaiveDatetime": "DateTime"}


def is_field(project: Project, value: Value | Missing, annotation: Annotation | None) -> bool:
    """Whether an attribute of a SQLModel class is a field: annotated, and no class variable."""
    if annotation is None or annotation.container == "ClassVar" or isinstance(value, FunctionValue):
        return False
    if annotation.container and isinstance(value, Applied):
        return project.vocabulary.meaning(value.callee) in RELATIONSHIPS
    return True


def field_column(
    project: Project,
    name: str,
    value: Value | Missing,
    source: s.Expr | None,
    *,
    annotation: Annotation,
    owner: ClassValue,
    place: Place,
) -> ColumnDraft:
    """The column of a field, as SQLModel's `get_column_from_field` makes it."""
    made = value if isinstance(value, Applied) and getattr(value.callee, "name", "") == "Field" else None
    made = made or _carried_field(annotation.type)
    given = made.keywords if made is not None else {}
    column = given.get("sa_column")
    if isinstance(column, Applied) and project.vocabulary.meaning(column.callee) in COLUMNS:
        return column_of(project, name, column, None, owner=None, place=place)
    draft = ColumnDraft(name=name, attribute=name, place=place, source=made)
    draft.primary_key = given.get("primary_key") is True
    draft.index = given.get("index") is True
    draft.unique = given.get("unique") is True
    _type(project, draft, given, annotation, owner)
    nullable = given.get("nullable")
    draft.optional = nullable if isinstance(nullable, bool) else annotation.optional and not draft.primary_key
    if isinstance(given.get("foreign_key"), str):
        on_delete = given.get("ondelete")
        key = ForeignKeyDraft(
            given["foreign_key"], place, on_delete=on_delete if isinstance(on_delete, str) else None
        )
        draft.foreign_keys.append(key)
    _default(draft, made, value, source)
    _extra(project, draft, given)
    return draft


def _carried_field(value: Value) -> Applied | None:
    """`Annotated[str, Field(...)]`."""
    if isinstance(value, Generic) and is_annotated(value):
        return next(
            (
                v
                for v in value.arguments[1:]
                if isinstance(v, Applied) and getattr(v.callee, "name", "") == "Field"
            ),
            None,
        )
    return None


def _type(
    project: Project, draft: ColumnDraft, given: dict[str, Value], annotation: Annotation, owner: ClassValue
) -> None:
    if "sa_type" in given:
        draft.type = column_types.read(project, given["sa_type"])
    else:
        draft.type = _annotated_type(project, annotation.type, given, owner)
    if draft.type is None:
        draft.opaque = "its type is not known"


def _annotated_type(
    project: Project, value: Value, given: dict[str, Value], owner: ClassValue
) -> TypeReading | None:
    plain = value
    while isinstance(plain, Generic) and is_annotated(plain) and plain.arguments:
        plain = plain.arguments[0]
    if isinstance(plain, Generic) and getattr(plain.origin, "name", "") == "Literal":
        plain = Symbol("builtins.str")
    if isinstance(plain, ClassValue):
        values = column_types.enum_values(project, plain)
        if values is not None:
            return read_enum(values, name=plain.name.lower())
        base = next(
            (each for each in plain.foreign if isinstance(each, Symbol) and each.path != "builtins.object"),
            None,
        )
        return _annotated_type(project, base, given, owner) if base is not None else None
    if not isinstance(plain, Symbol):
        return None
    if plain.path == "builtins.str" or plain.name in _STRINGS:
        length = given.get("max_length")
        size = length if isinstance(length, int) and length else None
        return TypeReading(StringType(length=size), f"sa.String(length={size})" if size else "sa.String()")
    if plain.name == "Decimal":
        digits, places = given.get("max_digits"), given.get("decimal_places")
        return read_type("sqlalchemy.Numeric", {"precision": _whole(digits), "scale": _whole(places)})
    if plain.name in _MOMENTS:
        return read_type(f"sqlalchemy.{_MOMENTS[plain.name]}")
    return python_type(project, owner, plain)


def _whole(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _default(draft: ColumnDraft, made: Applied | None, value: Value | Missing, source: s.Expr | None) -> None:
    if made is None:
        if not isinstance(value, Missing | Unknown):
            draft.default = client_default(value, source)
        return
    if "default_factory" in made.keywords:
        draft.default = client_default(made.keywords["default_factory"], made.sources.get("default_factory"))
    elif "default" in made.keywords:
        draft.default = client_default(made.keywords["default"], made.sources.get("default"))
    elif made.arguments and not isinstance(made.arguments[0], Symbol):
        draft.default = client_default(made.arguments[0], None)
    elif made is not value and not isinstance(value, Missing | Unknown):
        draft.default = client_default(value, source)


def _extra(project: Project, draft: ColumnDraft, given: dict[str, Value]) -> None:
    """`sa_column_args` and `sa_column_kwargs` go to the column as they are."""
    extra = Applied(Symbol("sqlalchemy.Column"))
    arguments, keywords = given.get("sa_column_args"), given.get("sa_column_kwargs")
    if isinstance(arguments, list | tuple):
        extra.arguments = tuple(arguments)
    if isinstance(keywords, dict):
        extra.keywords = {key: value for key, value in keywords.items() if isinstance(key, str)}
    if extra.arguments or extra.keywords:
        added = column_of(project, draft.name, extra, None, owner=None, place=draft.place)
        draft.name = added.name
        draft.foreign_keys += added.foreign_keys
        draft.default = added.default or draft.default
        draft.server_default, draft.onupdate, draft.comment = (
            added.server_default,
            added.onupdate,
            added.comment,
        )
        draft.generated, draft.identity = added.generated, added.identity
        draft.type = added.type or draft.type
        if isinstance(extra.keywords.get("nullable"), bool):
            draft.optional = bool(extra.keywords["nullable"])
        draft.index = added.index or draft.index
        draft.unique = added.unique or draft.unique
        draft.primary_key = added.primary_key or draft.primary_key
        draft.opaque = None if draft.type else draft.opaque
