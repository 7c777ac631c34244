"""One field's declaration as a statement: read from the source, written anew, and changed in what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from instar.dialects.sqlalchemy.editing.calls import closed, has, with_argument, without, without_none
from instar.dialects.sqlalchemy.editing.statements import parsed_statement
from instar.dialects.sqlalchemy.python_text import identifier, string

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.editing.style import Style
    from instar.schema.model import Field

_NONE = cst.Name("None")


def written(field: Field, style: Style) -> cst.SimpleStatementLine:
    """A declaration of a field in the style of its class."""
    arguments = [string(field.name)] if field.name != field.code_name else []
    spelled = style.type_of(field)
    if spelled is not None:
        arguments.append(spelled)
    if field.default is not None:
        arguments.append(f"default={field.default.text}")
    if field.server_default is not None:
        arguments.append(f"server_default={style.server_default(field.server_default.text)}")
    if not style.annotated and not field.optional:
        arguments.append("nullable=False")
    call = f"{style.callee}({', '.join(arguments)})"
    name = identifier(field.code_name)
    if not style.annotated:
        return parsed_statement(f"{name} = {call}")
    inner = style.python_type(field)
    annotation = f"Mapped[{inner} | None]" if field.optional else f"Mapped[{inner}]"
    return parsed_statement(f"{name}: {annotation} = {call}" if arguments else f"{name}: {annotation}")


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
        statement: The declaration as it stands somewhere.
        field: What it has to say: its name in code, its column, whether it is nullable, whether it has a default.
        callee: What makes a column, where the statement is a bare annotation.
        by_keyword: Whether a nullable column is written `nullable=True` and its annotation left as it is.
        index: Whether the column may keep `index=True`.
        unique: Whether the column may keep `unique=True`.
    """
    node = statement.body[0]
    value = node.value if isinstance(node, (cst.Assign, cst.AnnAssign)) else None
    call = value if isinstance(value, cst.Call) else cst.parse_expression(f"{callee}()")
    assert isinstance(call, cst.Call)
    call = named(call, field)
    for keyword, allowed in (("index", index), ("unique", unique)):
        if not allowed:
            call = without(call, keyword)
    if field.server_default is None:
        call = without(call, "server_default")
    name = cst.Name(identifier(field.code_name))
    if isinstance(node, cst.AnnAssign):
        annotation = node.annotation.annotation
        call = without(call, "nullable")
        if by_keyword:
            call = with_argument(call, "nullable", cst.Name("True")) if field.optional else call
        annotation = _optional(annotation, optional=field.optional and not by_keyword)
        bare = not call.args and not isinstance(value, cst.Call)
        changed: cst.BaseSmallStatement = node.with_changes(
            target=name,
            annotation=node.annotation.with_changes(annotation=annotation),
            value=None if bare else call,
            equal=cst.MaybeSentinel.DEFAULT
            if bare or not isinstance(node.equal, cst.AssignEqual)
            else node.equal,
        )
        return statement.with_changes(body=[changed, *statement.body[1:]])
    assert isinstance(node, cst.Assign)
    call = without(call, "nullable")
    if not field.optional and not has(call, "primary_key"):
        call = with_argument(call, "nullable", cst.Name("False"))
    target = node.targets[0].with_changes(target=name)
    return statement.with_changes(body=[node.with_changes(targets=[target], value=call), *statement.body[1:]])


def named(call: cst.Call, field: Field) -> cst.Call:
    """The call of a column with its name first where it differs from the attribute's."""
    arguments = list(call.args)
    if arguments and isinstance(arguments[0].value, cst.SimpleString) and arguments[0].keyword is None:
        arguments.pop(0)
    call = without(call.with_changes(args=arguments), "name")
    if field.name == field.code_name:
        return closed(call)
    first = cst.Arg(cst.SimpleString(string(field.name)))
    if call.args:
        first = first.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
    return closed(call.with_changes(args=[first, *call.args]))


def _optional(annotation: cst.BaseExpression, *, optional: bool) -> cst.BaseExpression:
    """`Mapped[X]` and `Mapped[X | None]`, also in quotes, also as `Optional[X]`."""
    if isinstance(annotation, cst.SimpleString):
        inner = _optional(cst.parse_expression(str(annotation.evaluated_value)), optional=optional)
        return cst.SimpleString(string(cst.Module([]).code_for_node(inner)))
    if not isinstance(annotation, cst.Subscript) or not annotation.slice:
        return annotation
    element = annotation.slice[0]
    if not isinstance(element.slice, cst.Index):
        return annotation
    plain = without_none(element.slice.value)
    operator = cst.BitOr(cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
    value = cst.BinaryOperation(plain, operator, _NONE) if optional else plain
    changed = element.with_changes(slice=element.slice.with_changes(value=value))
    return annotation.with_changes(slice=[changed])
