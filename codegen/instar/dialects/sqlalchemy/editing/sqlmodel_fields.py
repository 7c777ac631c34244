"""One field's declaration in a SQLModel class: annotated with its plain type, a `Field(...)` where it says more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from instar.dialects.sqlalchemy.editing.calls import argument, has, with_argument, without, without_none
from instar.dialects.sqlalchemy.editing.declarations import named
from instar.dialects.sqlalchemy.editing.statements import parsed_statement
from instar.dialects.sqlalchemy.python_text import identifier, string
from instar.schema import types

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.editing.style import Style
    from instar.schema.model import Field

_EXTRA = "sa_column_kwargs"


def is_sqlmodel(owner: cst.ClassDef) -> bool:
    """Whether a class is a table of SQLModel's: `class Hero(SQLModel, table=True)`."""
    return any(one.keyword is not None and one.keyword.value == "table" for one in owner.keywords)


def written(field: Field, style: Style) -> cst.SimpleStatementLine:
    """A declaration of a field in a SQLModel class."""
    arguments: list[str] = []
    if field.default is not None:
        arguments.append(f"default={field.default.text}")
    elif field.optional:
        arguments.append("default=None")
    if isinstance(field.type, types.StringType) and field.type.length:
        arguments.append(f"max_length={field.type.length}")
    elif field.spelling != "sa.String()" and not style.understood(field):
        arguments.append(f"sa_type={style.type_of(field)}")
    if field.server_default is not None:
        value = style.server_default(field.server_default.text)
        arguments.append(f'{_EXTRA}={{"server_default": {value}}}')
    annotation = f"{style.python_type(field)}{' | None' if field.optional else ''}"
    call = f"{style.callee}({', '.join(arguments)})"
    return parsed_statement(f"{identifier(field.code_name)}: {annotation} = {call}")


def adjusted(
    statement: cst.SimpleStatementLine,
    field: Field,
    *,
    callee: str,
    by_keyword: bool,
    index: bool,
    unique: bool,
) -> cst.SimpleStatementLine:
    """A declaration changed to say what a field is at one point of a migration.

    Args:
        statement: The declaration as it stands somewhere, an annotated one.
        field: What it has to say: its name in code, its column, whether it is nullable, whether it has a default.
        callee: How the module reaches `Field`.
        by_keyword: Whether a nullable column is written `nullable=True` and its annotation left as it is.
        index: Whether the column may keep `index=True`.
        unique: Whether the column may keep `unique=True`.
    """
    node = statement.body[0]
    assert isinstance(node, cst.AnnAssign)
    call = node.value
    if not isinstance(call, cst.Call):
        plain = call
        call = cst.ensure_type(cst.parse_expression(f"{callee}()"), cst.Call)
        call = call if plain is None else with_argument(call, "default", plain, first=True)
    for keyword, allowed in (("index", index), ("unique", unique)):
        call = call if allowed else without(call, keyword)
    column, annotation = argument(call, "sa_column"), node.annotation.annotation
    if isinstance(column, cst.Call):
        call = with_argument(call, "sa_column", _column(column, field))
        annotation = _annotation(annotation, optional=field.optional and not by_keyword)
    else:
        call = _extra(call, "server_default", None) if field.server_default is None else call
        call = _extra(
            call, "name", None if field.name == field.code_name else cst.SimpleString(string(field.name))
        )
    if column is None and not has(call, "primary_key"):
        call, annotation = _nullable(call, annotation, optional=field.optional, by_keyword=by_keyword)
    changed = node.with_changes(
        target=cst.Name(identifier(field.code_name)),
        annotation=node.annotation.with_changes(annotation=annotation),
        value=_shortest(call),
        equal=node.equal if isinstance(node.equal, cst.AssignEqual) else cst.MaybeSentinel.DEFAULT,
    )
    return statement.with_changes(body=[changed, *statement.body[1:]])


def _nullable(
    call: cst.Call, annotation: cst.BaseExpression, *, optional: bool, by_keyword: bool
) -> tuple[cst.Call, cst.BaseExpression]:
    call = without(call, "nullable")
    if by_keyword and optional:
        call, annotation = _nullable(call, annotation, optional=False, by_keyword=False)
        return with_argument(call, "nullable", cst.Name("True")), annotation
    if not optional:
        given = argument(call, "default")
        empty = isinstance(given, cst.Name) and given.value == "None"
        return without(call, "default") if empty else call, _annotation(annotation, optional=False)
    if not has(call, "default") and not has(call, "default_factory") and not _positional(call):
        call = with_argument(call, "default", cst.Name("None"), first=True)
    return call, _annotation(annotation, optional=True)


def _annotation(annotation: cst.BaseExpression, *, optional: bool) -> cst.BaseExpression:
    """`X` or `X | None`; one that says so already stays as it is written."""
    bare = without_none(annotation)
    if not optional or bare is not annotation:
        return annotation if optional else bare
    operator = cst.BitOr(cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
    return cst.BinaryOperation(bare, operator, cst.Name("None"))


def _column(call: cst.Call, field: Field) -> cst.Call:
    """The `Column(...)` that a field was given, changed likewise."""
    call = without(named(call, field), "nullable")
    call = without(call, "server_default") if field.server_default is None else call
    plain = not field.optional and not has(call, "primary_key")
    return with_argument(call, "nullable", cst.Name("False")) if plain else call


def _positional(call: cst.Call) -> bool:
    return any(one.keyword is None for one in call.args)


def _shortest(call: cst.Call) -> cst.BaseExpression | None:
    """What is left to the right of the annotation: a call, a default alone, or nothing."""
    if not call.args:
        return None
    given = argument(call, "default")
    return given if given is not None and len(call.args) == 1 else call


def _extra(call: cst.Call, key: str, value: cst.BaseExpression | None) -> cst.Call:
    """The call with one entry of what it hands to the column, or without it."""
    given = argument(call, _EXTRA)
    entries = list(given.elements) if isinstance(given, cst.Dict) else []
    kept = [one for one in entries if not (isinstance(one, cst.DictElement) and _text(one.key) == key)]
    if value is not None:
        kept.append(cst.DictElement(cst.SimpleString(string(key)), value))
    if not kept:
        return without(call, _EXTRA) if entries else call
    if len(kept) == len(entries) and value is None:
        return call
    return with_argument(
        call, _EXTRA, cst.Dict([one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in kept])
    )


def _text(node: cst.BaseExpression) -> str | None:
    return str(node.evaluated_value) if isinstance(node, cst.SimpleString) else None
