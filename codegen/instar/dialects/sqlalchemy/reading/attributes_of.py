"""The attributes of a class that map something: what each name is, in the order of SQLAlchemy's own scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.annotated import Annotation, take_apart
from instar.dialects.sqlalchemy.reading.calls import call_with
from instar.dialects.sqlalchemy.reading.columns import column_of
from instar.dialects.sqlalchemy.reading.sqlmodel import field_column, is_field
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    FunctionValue,
    LambdaValue,
    Missing,
    Unknown,
    Value,
)
from instar.dialects.sqlalchemy.reading.vocabulary import COLUMNS, MAPPED, PROPERTIES, RELATIONSHIPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.dialects.sqlalchemy.reading.classes import ClassValue
    from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft
    from instar.dialects.sqlalchemy.reading.project import Project
    from instar.schema.model import Place

_HELPERS = ("column", "foreign_key", "fk", "pk", "_key")


@dataclass(slots=True)
class Declared:
    """One attribute of a mapped class.

    Attributes:
        giver: The class that binds it.
        kind: As in `mapping.AttributeKind`.
        value: What it is bound to, `declared_attr` called.
        columns: The columns that it declares: one for a column, several for a composite.
    """

    name: str
    giver: ClassValue
    kind: str
    value: Value
    annotation: Annotation | None
    columns: list[ColumnDraft]
    place: Place


def own_attributes(project: Project, owner: ClassValue) -> Iterator[Declared]:
    """What a mapped class maps itself: its own attributes, and those of bases that are not mapped."""
    for giver, name in _names(project, owner):
        found = declared(project, owner, giver, name)
        if found is not None:
            yield found


def all_attributes(project: Project, owner: ClassValue) -> Iterator[Declared]:
    """All attributes of a class, inherited ones included."""
    seen: set[str] = set()
    for giver in owner.ancestors:
        for name in list(giver.body.names):
            if name not in seen and not giver.body.typing_only(name):
                seen.add(name)
                found = declared(project, owner, giver, name)
                if found is not None:
                    yield found


def _names(
    project: Project, owner: ClassValue, below: tuple[ClassValue, ...] = ()
) -> Iterator[tuple[ClassValue, str]]:
    """Each name once, with the first class in order that binds it; not those that a mapped parent has."""
    seen: set[str] = set()
    for giver in owner.ancestors:
        inherited = giver is not owner and project.declared.mapped(giver)
        for name in list(giver.body.names):
            if giver.body.typing_only(name) or name in seen:
                continue
            seen.add(name)
            if not inherited or _cascades(giver, name):
                yield giver, name
        if inherited and giver not in below:  # a mapped class has copies of what its mixins bring
            seen |= {name for _, name in _names(project, giver, (*below, owner))}


def _cascades(giver: ClassValue, name: str) -> bool:
    statement = giver.body.definition(name)
    return isinstance(statement, s.Function) and any(
        isinstance(decorator, s.Attr) and decorator.name == "cascading" for decorator in statement.decorators
    )


def own_primary_key(project: Project, owner: ClassValue) -> bool:
    """Whether a class declares a primary key column itself."""
    return any(column.primary_key for each in own_attributes(project, owner) for column in each.columns)


def declared(project: Project, owner: ClassValue, giver: ClassValue, name: str) -> Declared | None:
    """What one name of a class is; None where it maps nothing and is nothing that a linter must know."""
    if name.startswith("__"):
        return None
    statement = giver.body.definition(name)
    place = project.evaluator.place(statement, giver.scope) if statement is not None else giver.place
    annotation = _annotation(project, giver, name)
    value = giver.body.get(name)
    if isinstance(value, FunctionValue) and isinstance(statement, s.Function):
        binding = project.declared.binding(value)
        if binding != "declared":
            kind = {"hybrid": "hybrid", "property": "property"}.get(binding, "method")
            return None if binding == "expression" else Declared(name, giver, kind, value, None, [], place)
        if annotation is None and statement.returns is not None:
            annotation = take_apart(project, statement.returns, giver)
            annotation = annotation if annotation.container in MAPPED else None
        value = project.declared.value_for(owner, name, value)
    value = _of_dataclass(project, owner, value)
    result = Declared(
        name, giver, "property", None if isinstance(value, Missing) else value, annotation, [], place
    )
    sqlmodel = "sqlmodel" in project.declared.roots(owner)
    if sqlmodel and name.startswith("_"):
        return None  # Pydantic's private attributes
    if sqlmodel and is_field(project, value, annotation):
        _sqlmodel(project, result, giver, value)
    elif isinstance(value, Applied):
        _call(project, result, value, owner, name)
    elif isinstance(value, Missing):
        if annotation is None or annotation.container not in MAPPED:
            return None
        mixin = _mixin(project, owner, name) if giver is owner else None
        if mixin is not None:
            return declared(project, owner, mixin, name)  # an annotation alone hides no column of a mixin
        result.kind = "column"
        result.columns = [column_of(project, name, None, annotation, owner=owner, place=place)]
    elif isinstance(value, Unknown) and annotation is not None and annotation.container in MAPPED:
        _guess(project, result, owner, value.reason)
    return result


def _of_dataclass(project: Project, owner: ClassValue, value: Value | Missing) -> Value | Missing:
    """`field(metadata={"sa": Column(...)})` under `__sa_dataclass_metadata_key__ = "sa"`."""
    if not isinstance(value, Applied) or getattr(value.callee, "path", "") != "dataclasses.field":
        return value
    metadata, key = value.keywords.get("metadata"), owner.get("__sa_dataclass_metadata_key__")
    if not isinstance(metadata, dict) or not isinstance(key, str) or key not in metadata:
        return value
    found = metadata[key]
    return call_with(project.evaluator, found) if isinstance(found, LambdaValue) else found


def _mixin(project: Project, owner: ClassValue, name: str) -> ClassValue | None:
    """The first base that is not mapped itself and declares a name."""
    for base in owner.ancestors:
        if base is not owner and name in base.body.names and not base.body.typing_only(name):
            return None if project.declared.mapped(base) else base
    return None


def _annotation(project: Project, giver: ClassValue, name: str) -> Annotation | None:
    found = giver.body.annotation(name)
    return take_apart(project, found[0], giver) if found is not None else None


def _sqlmodel(project: Project, result: Declared, giver: ClassValue, value: Value | Missing) -> None:
    if isinstance(value, Applied) and project.vocabulary.meaning(value.callee) in RELATIONSHIPS:
        result.kind = "relationship"
        return
    result.kind = "column"
    found = giver.body.annotation(result.name)
    given = found[1] if found is not None else None
    source = given.value if given is not None else None
    assert result.annotation is not None
    result.columns = [
        field_column(
            project, result.name, value, source, annotation=result.annotation, owner=giver, place=result.place
        )
    ]


def _call(project: Project, result: Declared, value: Applied, owner: ClassValue, name: str) -> None:
    meaning = project.vocabulary.meaning(value.callee)
    mapped = (
        result.annotation if result.annotation is not None and result.annotation.container in MAPPED else None
    )
    if meaning in COLUMNS:
        result.kind = "column"
        mapped = mapped if meaning != "Column" else None  # it says all itself, whatever its annotation
        result.columns = [column_of(project, name, value, mapped, owner=owner, place=result.place)]
    elif meaning in RELATIONSHIPS:
        result.kind = "relationship"
    elif meaning in {"association_proxy", "AssociationProxy"}:
        result.kind = "proxy"
    elif meaning == "synonym":
        result.kind = "synonym"
    elif meaning in PROPERTIES:
        _wrapped(project, result, value, meaning, owner)
    elif _is_opaque_column(value, mapped):
        _guess(project, result, owner, "it is made by a function that is not followed")


def _wrapped(project: Project, result: Declared, value: Applied, meaning: str, owner: ClassValue) -> None:
    """`deferred(Column(…))`, `column_property(Column(…))`, `composite(Point, mapped_column("x"), …)`."""
    inner = [
        each
        for each in value.arguments
        if isinstance(each, Applied) and project.vocabulary.meaning(each.callee) in COLUMNS
    ]
    mapped = (
        result.annotation
        if meaning == "deferred" and result.annotation and result.annotation.container
        else None
    )
    result.columns = [
        column_of(
            project,
            result.name if meaning != "composite" else "",
            each,
            mapped,
            owner=owner,
            place=each.place or result.place,
        )
        for each in inner
    ]
    result.kind = {"composite": "composite", "deferred": "column"}.get(
        meaning, "column" if inner else "column_property"
    )
    for column in result.columns:
        column.deferred = column.deferred or meaning == "deferred"
        if meaning == "composite":
            column.attribute = column.name
    result.columns = [column for column in result.columns if column.name]


def _is_opaque_column(value: Applied, mapped: Annotation | None) -> bool:
    if mapped is not None:
        return True
    name = getattr(value.callee, "name", "") or ""
    return isinstance(value.callee, Unknown) is False and name.lower().endswith(_HELPERS)


def _guess(project: Project, result: Declared, owner: ClassValue, reason: str) -> None:
    """A column that is there, and of which only the annotation can be known."""
    result.kind = "column"
    annotation = result.annotation if result.annotation and result.annotation.container in MAPPED else None
    column = column_of(project, result.name, None, annotation, owner=owner, place=result.place)
    column.opaque = reason
    result.columns = [column]
