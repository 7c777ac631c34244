"""`Column(...)`, `mapped_column(...)` and `Mapped[...]` to a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import column_types
from instar.dialects.sqlalchemy.reading.annotated import (
    Annotation,
    carried_column,
    carried_type,
    carries_none,
    python_type,
)
from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft, ForeignKeyDraft
from instar.dialects.sqlalchemy.reading.render import render
from instar.dialects.sqlalchemy.reading.sql_text import SqlText
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    EnumMember,
    Symbol,
    Unknown,
    Value,
    is_constant,
)
from instar.schema.model import Default

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading import syntax as s
    from instar.dialects.sqlalchemy.reading.classes import ClassValue
    from instar.dialects.sqlalchemy.reading.project import Project
    from instar.schema.model import Place

_SERVER_VALUES = frozenset(
    {"FetchedValue", "Computed", "Identity", "Sequence", "DefaultClause", "ColumnDefault"}
)


def column_of(
    project: Project,
    attribute: str,
    call: Applied | None,
    annotation: Annotation | None,
    *,
    owner: ClassValue | None,
    place: Place,
) -> ColumnDraft:
    """The column that an attribute declares.

    Args:
        project: The project.
        attribute: Its name in code; empty in a Core table.
        call: The call of `Column` or `mapped_column`; None where the annotation stands alone.
        annotation: What its annotation says, if it has one.
        owner: The class whose table it belongs to, for its `type_annotation_map`.
        place: Where it is declared.
    """
    draft = ColumnDraft(name=attribute, attribute=attribute, place=place, source=call)
    carried = carried_column(project, annotation.type) if annotation is not None else None
    nullable: Value = None
    for source in (carried, call):
        if source is not None:
            said = _apply(project, draft, source)
            nullable = nullable if said is None else said
    if call is not None and isinstance(call.keywords.get("name"), str):
        draft.name = str(call.keywords["name"])
    if draft.type is None and annotation is not None and draft.opaque is None and not draft.foreign_keys:
        _type_from(project, draft, annotation, owner)
    draft.optional = _optional(draft, nullable, annotation)
    if draft.identity and nullable is None and annotation is None:
        draft.optional = False
    return draft


def _type_from(
    project: Project, draft: ColumnDraft, annotation: Annotation, owner: ClassValue | None
) -> None:
    if owner is None:
        return
    draft.type = python_type(project, owner, annotation.type) or carried_type(project, annotation.type)
    if draft.type is None:
        draft.opaque = "the type of its annotation is not known"


def _optional(draft: ColumnDraft, nullable: Value, annotation: Annotation | None) -> bool:
    if isinstance(nullable, bool):
        return nullable
    if isinstance(nullable, Unknown):
        draft.opaque = draft.opaque or f"nullable {nullable.reason}"
    if draft.primary_key:
        return False
    if annotation is not None and annotation.container:
        return annotation.optional or carries_none(annotation.type)
    return True


def _apply(project: Project, draft: ColumnDraft, call: Applied) -> Value:
    """Take over what a call says; gives its `nullable`."""
    arguments = list(call.arguments)
    if arguments and isinstance(arguments[0], str):
        draft.name = str(arguments.pop(0))
    elif (
        arguments
        and isinstance(arguments[0], Unknown)
        and len(arguments) > 1
        and _is_type(project, arguments[1])
    ):
        draft.opaque = "its name is computed"
        arguments.pop(0)
    elif arguments and arguments[0] is None:
        arguments.pop(0)
    for argument in arguments:
        _positional(project, draft, argument)
    if "type_" in call.keywords:
        _positional(project, draft, call.keywords["type_"])
    _keywords(project, draft, call)
    if not call.complete:
        draft.opaque = draft.opaque or "some of its arguments are computed"
    return call.keywords.get("nullable")


def _is_type(project: Project, value: Value) -> bool:
    return column_types.read(project, value) is not None


def _positional(project: Project, draft: ColumnDraft, value: Value) -> None:
    meaning = project.vocabulary.meaning(value.callee) if isinstance(value, Applied) else ""
    match meaning:
        case "ForeignKey" if isinstance(value, Applied):
            draft.foreign_keys.append(_foreign_key(value))
            return
        case "CheckConstraint" if isinstance(value, Applied):
            draft.checks.append(value)
            return
        case "Computed" if isinstance(value, Applied):
            first = value.arguments[0] if value.arguments else value.keywords.get("sqltext")
            draft.generated = (
                SqlText(project, lambda _: None).render(first) if not isinstance(first, str) else first
            )
            draft.generated = draft.generated or "?"
            return
        case "Identity":
            draft.identity = True
            return
        case "Sequence" if isinstance(value, Applied):
            name = value.arguments[0] if value.arguments else value.keywords.get("name")
            draft.default = Default(text=f"Sequence({name!r})" if isinstance(name, str) else "Sequence(…)")
            return
        case "FetchedValue" | "DefaultClause" | "ColumnDefault":
            return
        case _:
            pass
    found = column_types.read(project, value)
    if found is not None:
        draft.type, draft.opaque = found, None
    elif isinstance(value, Unknown):
        draft.opaque = value.reason
    elif not (isinstance(value, Symbol) and value.name in _SERVER_VALUES) and value is not None:
        draft.opaque = "its type is not known"


def _foreign_key(value: Applied) -> ForeignKeyDraft:
    def text(name: str) -> str | None:
        found = value.keywords.get(name)
        return found if isinstance(found, str) else None

    target = value.arguments[0] if value.arguments else value.keywords.get("column")
    return ForeignKeyDraft(
        target, value.place, value.keywords.get("name"), text("ondelete"), text("onupdate")
    )


def _keywords(project: Project, draft: ColumnDraft, call: Applied) -> None:
    given = call.keywords
    for flag in ("primary_key", "index", "unique"):
        if flag in given and isinstance(given[flag], bool | None):
            setattr(draft, flag, bool(given[flag]))
    if isinstance(given.get("key"), str):
        draft.key = str(given["key"])
    if isinstance(given.get("comment"), str):
        draft.comment = str(given["comment"])
    draft.autoincrement = given.get("autoincrement", draft.autoincrement)
    draft.deferred = draft.deferred or given.get("deferred") is True
    name = "insert_default" if "insert_default" in given else "default"
    if name in given:
        draft.default = _sql_default(project, given[name]) or client_default(
            given[name], call.sources.get(name)
        )
    if "onupdate" in given:
        value = given["onupdate"]
        draft.onupdate = _sql_default(project, value) or client_default(value, call.sources.get("onupdate"))
    if "server_default" in given:
        draft.server_default = server_default(
            project, given["server_default"], call.sources.get("server_default")
        )


def _sql_default(project: Project, value: Value) -> Default | None:
    """`default=func.now()`, which the application sends as SQL."""
    text = SqlText(project, lambda _: None).render(value) if isinstance(value, Applied) else None
    return Default(text=text) if text is not None else None


def client_default(value: Value, source: s.Expr | None) -> Default | None:
    """A default that the application applies: a literal by its value, anything else by its source."""
    if value is None:
        return None
    if isinstance(value, EnumMember):
        return Default(text=repr(value.name), constant=True)
    if is_constant(value):
        return Default(text=repr(value), constant=True)
    if isinstance(value, list | tuple | dict) and not value:
        return Default(text=repr(value), constant=True)
    return Default(text=render(source) if source is not None else "…")


def server_default(project: Project, value: Value, source: s.Expr | None) -> Default | None:
    """A default that the database applies, as SQL; None where the value only says that there is one."""
    if value is None:
        return None
    if isinstance(value, Applied) and project.vocabulary.meaning(value.callee) in {
        "FetchedValue",
        "Identity",
        "Sequence",
        "Computed",
    }:
        return None
    if isinstance(value, EnumMember):
        value = value.value if isinstance(value.value, str) else value.name
    if isinstance(value, str):
        return Default(text="'" + value.replace("'", "''") + "'", constant=True)
    text = SqlText(project, lambda _: None).render(value)
    if text is None:
        return Default(text=render(source) if source is not None else "?")
    word = text.lower()
    constant = is_constant(value) or word in {"true", "false", "null"} or _is_literal(word)
    return Default(text=text, constant=constant)


def _is_literal(word: str) -> bool:
    quoted = len(word) > 1 and word[0] == word[-1] == "'" and "'" not in word[1:-1].replace("''", "")
    return quoted or word.lstrip("-").replace(".", "", 1).isdigit()
