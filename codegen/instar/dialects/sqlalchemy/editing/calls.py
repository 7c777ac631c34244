"""Calls and annotations of declarations, read and changed an argument at a time."""

from __future__ import annotations

import libcst as cst


def argument(call: cst.Call, keyword: str) -> cst.BaseExpression | None:
    """What a keyword argument is given."""
    return next((one.value for one in call.args if _is(one, keyword)), None)


def has(call: cst.Call, keyword: str) -> bool:
    """Whether a call gives a keyword argument."""
    return any(_is(one, keyword) for one in call.args)


def _is(argument: cst.Arg, keyword: str) -> bool:
    return argument.keyword is not None and argument.keyword.value == keyword


def without(call: cst.Call, keyword: str) -> cst.Call:
    """The call without a keyword argument."""
    kept = [a for a in call.args if a.keyword is None or a.keyword.value != keyword]
    return call if len(kept) == len(call.args) else closed(call.with_changes(args=kept))


def with_argument(
    call: cst.Call, keyword: str, value: cst.BaseExpression, *, first: bool = False
) -> cst.Call:
    """The call with a keyword argument: in its place where it is given already, else as the first or the last."""
    if has(call, keyword):
        args = [a.with_changes(value=value) if _is(a, keyword) else a for a in call.args]
        return call.with_changes(args=args)
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    added = cst.Arg(value, keyword=cst.Name(keyword), equal=equal)
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if not call.args:
        return call.with_changes(args=[added])
    if first:
        return call.with_changes(args=[added.with_changes(comma=comma), *call.args])
    last = call.args[-1]
    if isinstance(last.comma, cst.MaybeSentinel):
        last = last.with_changes(comma=comma)
    return call.with_changes(args=[*call.args[:-1], last, added])


def closed(call: cst.Call) -> cst.Call:
    """The call without a comma left over at the end of one line."""
    if not call.args:
        return call.with_changes(whitespace_before_args=cst.SimpleWhitespace(""))
    last = call.args[-1]
    if isinstance(last.comma, cst.Comma) and isinstance(last.comma.whitespace_after, cst.SimpleWhitespace):
        last = last.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return call.with_changes(args=[*call.args[:-1], last])


def without_none(value: cst.BaseExpression) -> cst.BaseExpression:
    """A type without its None."""
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.BitOr):
        if isinstance(value.right, cst.Name) and value.right.value == "None":
            return without_none(value.left)
        if isinstance(value.left, cst.Name) and value.left.value == "None":
            return without_none(value.right)
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
