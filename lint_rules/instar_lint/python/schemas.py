"""Schema classes beside the models: pydantic, marshmallow and form classes whose fields mirror a model's."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from instar_lint.python.conditions import quiet
from instar_lint.python.factories import factory_entity
from instar_lint.python.guesses import words
from instar_lint.python.members import external_bases
from instar_lint.python.values import Entity, Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.contracts import Confidence
    from instar_lint.python.frame import Frame

_SCHEMA_BASES = frozenset(
    [
        "BaseModel",
        "Schema",
        "SQLAlchemyAutoSchema",
        "SQLAlchemySchema",
        "ModelSchema",
        "Form",
        "FlaskForm",
        "ModelForm",
        "BaseForm",
        "SecureForm",
        "SQLModel",
        "BaseSchema",
        "Serializer",
        "ModelSerializer",
        "ModelView",
        "SQLAlchemyObjectType",
        "ObjectType",
        "ModelConverter",
    ]
)
_LISTS = frozenset(
    [
        "fields",
        "exclude",
        "only",
        "include",
        "read_only_fields",
        "load_only",
        "dump_only",
        "only_fields",
        "exclude_fields",
        "column_list",
        "column_searchable_list",
        "column_sortable_list",
        "column_filters",
        "column_editable_list",
        "column_exclude_list",
        "form_columns",
        "form_excluded_columns",
        "search_columns",
        "list_columns",
        "show_columns",
        "edit_columns",
        "add_columns",
        "order_columns",
    ]
)


class _Field(msgspec.Struct, frozen=True):
    """A field that a schema class declares or lists: its name and the node that spells it."""

    name: str
    node: ast.expr
    listed: bool


def run_schema(frame: Frame, node: ast.ClassDef) -> None:
    """Report the fields of a class that mirrors a model.

    The model is what `Meta.model` (or `model`) says: such a use is `proven`. Else it is the model whose name stands
    in the class's name, `likely` where the class reads from attributes and `possible` otherwise.
    """
    if frame.report is None or frame.cls is None:
        return
    factory = factory_entity(frame.knowledge, frame.cls)
    if factory is None and not _is_schema(frame, node):
        return
    told = factory.cls if factory is not None else _told_model(frame, node)
    named = [told] if told is not None else _named_models(frame, node.name)
    confidence: Confidence = "proven" if told else "likely" if _reads_attributes(node) else "possible"
    for field in _fields(node):
        if not frame.report.wants(field.name):
            continue
        for cls in named if told is not None else _meant(frame, node, field.name, named):
            columns = frame.knowledge.columns(cls, field.name)
            token = frame.report.name_token(field.node, field.name)
            sure = confidence if told is None or field.listed or factory is not None else "likely"
            access = "write" if factory is not None else "read"
            frame.report.fields(
                frame, token, field.name, columns, access=access, via="schema", confidence=sure
            )


def _meant(frame: Frame, node: ast.ClassDef, name: str, named: list[str]) -> list[str]:
    """The models named by the class that have the field; else the only one that has it, where its words are named."""
    having = [cls for cls in named if frame.knowledge.columns(cls, name)]
    spelled = words(node.name)
    return having or [
        cls
        for cls in _only_owner(frame, name)
        if not named or all(word in spelled for word in words(cls.rsplit(".", 1)[-1]))
    ]


def _is_schema(frame: Frame, node: ast.ClassDef) -> bool:
    if not node.bases or frame.cls is None:
        return False
    return any(
        base.rsplit(".", 1)[-1].split("[")[0] in _SCHEMA_BASES
        for base in external_bases(frame.knowledge, frame.cls)
    )


def _told_model(frame: Frame, node: ast.ClassDef) -> str | None:
    """`class Meta: model = User`, or `model = User` in an admin view."""
    bodies = [
        node.body,
        *(inner.body for inner in node.body if isinstance(inner, ast.ClassDef) and inner.name == "Meta"),
    ]
    for statement in (s for body in bodies for s in body):
        match statement:
            case ast.Assign(targets=[ast.Name(id="model" | "sqla_model")], value=value):
                found = quiet(frame, value)
                if isinstance(found, Entity | Instance):
                    return found.cls
            case _:
                pass
    return None


def _named_models(frame: Frame, name: str) -> list[str]:
    """The models whose name stands in a class's name, the longest first: `UserProfileOut` is of `UserProfile`."""
    spelled = words(name)
    found: list[tuple[int, str]] = []
    for qualified in frame.knowledge.classes():
        wanted = words(qualified.rsplit(".", 1)[-1])
        starts = range(len(spelled) - len(wanted) + 1)
        if wanted and any(spelled[at : at + len(wanted)] == wanted for at in starts):
            found.append((len(wanted), qualified))
    longest = max((length for length, _ in found), default=0)
    return [qualified for length, qualified in found if length == longest]


def _only_owner(frame: Frame, name: str) -> list[str]:
    owners = frame.knowledge.owners(name)
    tables = {column for cls in owners for column in frame.knowledge.columns(cls, name)}
    return owners if len(tables) == 1 else []


def _reads_attributes(node: ast.ClassDef) -> bool:
    """`from_attributes=True` (pydantic 2), `orm_mode = True` (pydantic 1)."""
    return any(
        (isinstance(inner, ast.keyword) and inner.arg in ("from_attributes", "orm_mode"))
        or (isinstance(inner, ast.Constant) and inner.value in ("from_attributes", "orm_mode"))
        or (isinstance(inner, ast.Name) and inner.id in ("from_attributes", "orm_mode"))
        for inner in ast.walk(node)
    )


def _fields(node: ast.ClassDef) -> Iterator[_Field]:
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name) as target):
                yield _Field(name, target, listed=False)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _LISTS or isinstance(
                value, ast.Dict | ast.List | ast.Tuple | ast.Set
            ):
                yield from _listed(value)
            case ast.Assign(targets=[ast.Name(id=name) as target], value=ast.Call() | ast.Constant()):
                yield _Field(name, target, listed=False)
            case ast.ClassDef(name="Meta", body=body):
                for inner in body:
                    if isinstance(inner, ast.Assign) and getattr(inner.targets[0], "id", "") in _LISTS:
                        yield from _listed(inner.value)
            case _:
                pass


def _listed(value: ast.expr) -> Iterator[_Field]:
    for inner in ast.walk(value):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield _Field(inner.value, inner, listed=True)
