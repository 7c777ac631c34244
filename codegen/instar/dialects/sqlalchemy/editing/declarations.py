"""One field's declaration as a statement: read from the source, written anew, and changed in what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

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
    call = _named(call, field)
    for keyword, allowed in (("index", index), ("unique", unique)):
        if not allowed:
            call = _without(call, keyword)
    if field.server_default is None:
        call = _without(call, "server_default")
    name = cst.Name(identifier(field.code_name))
    if isinstance(node, cst.AnnAssign):
        annotation = node.annotation.annotation
        call = _without(call, "nullable")
        if by_keyword:
            call = _with(call, "nullable", "True") if field.optional else call
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
    call = _without(call, "nullable")
    if not field.optional and not _has(call, "primary_key"):
        call = _with(call, "nullable", "False")
    target = node.targets[0].with_changes(target=name)
    return statement.with_changes(body=[node.with_changes(targets=[target], value=call), *statement.body[1:]])


def _named(call: cst.Call, field: Field) -> cst.Call:
    """The call with the column's name first where it differs from the attribute's."""
    arguments = list(call.args)
    if arguments and isinstance(arguments[0].value, cst.SimpleString) and arguments[0].keyword is None:
        arguments.pop(0)
    call = _without(call.with_changes(args=arguments), "name")
    if field.name == field.code_name:
        return _closed(call)
    first = cst.Arg(cst.SimpleString(string(field.name)))
    if call.args:
        first = first.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
    return _closed(call.with_changes(args=[first, *call.args]))


def _has(call: cst.Call, keyword: str) -> bool:
    return any(argument.keyword is not None and argument.keyword.value == keyword for argument in call.args)


def _without(call: cst.Call, keyword: str) -> cst.Call:
    kept = [a for a in call.args if a.keyword is None or a.keyword.value != keyword]
    return call if len(kept) == len(call.args) else _closed(call.with_changes(args=kept))


def _with(call: cst.Call, keyword: str, value: str) -> cst.Call:
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    added = cst.Arg(cst.parse_expression(value), keyword=cst.Name(keyword), equal=equal)
    if not call.args:
        return call.with_changes(args=[added])
    last = call.args[-1]
    if isinstance(last.comma, cst.MaybeSentinel):
        last = last.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
    return call.with_changes(args=[*call.args[:-1], last, added])


def _closed(call: cst.Call) -> cst.Call:
    """The call without a comma left over at the end of one line."""
    if not call.args:
        return call.with_changes(whitespace_before_args=cst.SimpleWhitespace(""))
    last = call.args[-1]
    if isinstance(last.comma, cst.Comma) and isinstance(last.comma.whitespace_after, cst.SimpleWhitespace):
        last = last.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return call.with_changes(args=[*call.args[:-1], last])


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
    plain = _plain(element.slice.value)
    operator = cst.BitOr(cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
    value = cst.BinaryOperation(plain, operator, _NONE) if optional else plain
    changed = element.with_changes(slice=element.slice.with_changes(value=value))
    return annotation.with_changes(slice=[changed])


def _plain(value: cst.BaseExpression) -> cst.BaseExpression:
    """A type without its None."""
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.BitOr):
        if isinstance(value.right, cst.Name) and value.right.value == "None":
            return _plain(value.left)
        if isinstance(value.left, cst.Name) and value.left.value == "None":
            return _plain(value.right)
    if (
        isinstance(value, cst.Subscript)
        and isinstance(value.value, (cst.Name, cst.Attribute))
        and _last_name(value.value) == "Optional"
        and isinstance(value.slice[0].slice, cst.Index)
    ):
        return value.slice[0].slice.value
    return value


def _last_name(node: cst.Name | cst.Attribute) -> str:
    return node.value if isinstance(node, cst.Name) else node.attr.value
