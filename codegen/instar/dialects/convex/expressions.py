"""How each kind of expression is evaluated; one function a kind of syntax node."""

from __future__ import annotations

import operator as operators
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from instar.dialects.convex import vocabulary
from instar.dialects.convex.builtins import key_text, merge, same
from instar.dialects.convex.syntax import arguments, string_value, unescape
from instar.dialects.convex.values import (
    UNDEFINED,
    BigInt,
    Closure,
    Entry,
    JsArray,
    JsObject,
    Native,
    SchemaValue,
    Undefined,
    Unknown,
    Value,
    as_validator,
    union_validator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from instar.dialects.convex.evaluate import Evaluator, Scope


_ORDER: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


def _object(self: Evaluator, node: Node, scope: Scope) -> Value:
    file = scope.module.file
    parts: list[Value] = []
    current: dict[str, Entry] = {}
    for child in node.named_children:
        kind = child.type
        if kind == "spread_element":
            parts += [JsObject(current), self.evaluate(child.named_children[0], scope)]
            current = {}
        elif kind == "shorthand_property_identifier":
            name = file.text(child)
            current[name] = Entry(self.lookup(name, child, scope), file.place(child), name)
        elif kind == "pair":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is None or value is None:
                continue
            named = _key(self, key, scope)
            if isinstance(named, Unknown):
                parts += [JsObject(current), named]
                current = {}
            else:
                entry = Entry(self.evaluate(value, scope), file.place(key), file.text(value))
                current[named] = entry
        elif kind == "method_definition":
            key = child.child_by_field_name("name")
            if key is not None:
                current[file.text(key)] = Entry(Closure(child, scope), file.place(child), file.text(child))
        elif kind != "comment":
            parts += [JsObject(current), self.unknown(child, scope, "this member is not understood")]
            current = {}
    parts.append(JsObject(current))
    return parts[0] if len(parts) == 1 else merge(tuple(parts))


def _key(self: Evaluator, key: Node, scope: Scope) -> str | Unknown:
    file = scope.module.file
    if key.type == "property_identifier":
        return file.text(key)
    if key.type == "string":
        return string_value(file, key)
    inner = key.named_children[0] if key.type == "computed_property_name" else key
    value = self.evaluate(inner, scope)
    text = key_text(value)
    if text is not None:
        return text
    if isinstance(value, Unknown):
        return value
    return self.unknown(key, scope, "this computed key is not known")


def _array(self: Evaluator, node: Node, scope: Scope) -> Value:
    items, rest = _items(self, [c for c in node.named_children if c.type != "comment"], scope)
    return JsArray(items, rest)


def _items(self: Evaluator, nodes: list[Node], scope: Scope) -> tuple[tuple[Value, ...], Unknown | None]:
    items: list[Value] = []
    rest: Unknown | None = None
    for node in nodes:
        if node.type != "spread_element":
            items.append(self.evaluate(node, scope))
            continue
        spread = self.evaluate(node.named_children[0], scope)
        if isinstance(spread, JsArray):
            items.extend(spread.items)
            rest = rest or spread.rest
        else:
            rest = spread if isinstance(spread, Unknown) else self.unknown(node, scope, "this is no array")
    return tuple(items), rest


def _call(self: Evaluator, node: Node, scope: Scope) -> Value:
    function = node.child_by_field_name("function")
    assert function is not None
    callee = self.evaluate(function, scope)
    given, rest = _items(self, arguments(node), scope)
    if rest is not None:
        if isinstance(callee, Native) and callee.name == "v.union":
            return union_validator(tuple(as_validator(member) for member in given), rest)
        return rest
    if isinstance(callee, Native) and callee.name == "defineTable":
        return vocabulary.define_table(given, scope.module.file.place(node))
    value = self.call(callee, given)
    if isinstance(value, Unknown):
        described = value.place is None or value.place.path.startswith("<")
        return self.unknown(node, scope, value.reason) if described else value
    if isinstance(value, SchemaValue) and value.place is None:
        return replace(value, place=scope.module.file.place(node))
    return value


def _member(self: Evaluator, node: Node, scope: Scope) -> Value:
    owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    assert owner is not None
    assert name is not None
    value = self.evaluate(owner, scope)
    if isinstance(value, Undefined | None) and node.child_by_field_name("optional_chain") is not None:
        return UNDEFINED
    return self.member(value, scope.module.file.text(name), name, scope)


def _subscript(self: Evaluator, node: Node, scope: Scope) -> Value:
    owner, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    assert owner is not None
    assert index is not None
    value, key = self.evaluate(owner, scope), self.evaluate(index, scope)
    if isinstance(value, JsArray) and isinstance(key, int):
        return self.item(value, key)
    name = key_text(key)
    if name is None:
        return key if isinstance(key, Unknown) else self.unknown(node, scope, "this key is not known")
    return self.member(value, name, node, scope)


def _ternary(self: Evaluator, node: Node, scope: Scope) -> Value:
    condition = node.child_by_field_name("condition")
    assert condition is not None
    verdict = vocabulary.truthy(self.evaluate(condition, scope))
    if verdict is None:
        return self.unknown(node, scope, "which side is taken is not known")
    chosen = node.child_by_field_name("consequence" if verdict else "alternative")
    assert chosen is not None
    return self.evaluate(chosen, scope)


def _binary(self: Evaluator, node: Node, scope: Scope) -> Value:
    left_node, right_node = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    assert left_node is not None
    assert right_node is not None
    assert operator is not None
    left = self.evaluate(left_node, scope)
    if operator.type in {"&&", "||", "??"}:
        verdict = vocabulary.truthy(left)
        if operator.type == "??" and verdict is not None:
            verdict = left is not None and not isinstance(left, Undefined)
        if verdict is None:
            return self.unknown(node, scope, "the left side is not known")
        keeps_left = verdict if operator.type in {"||", "??"} else not verdict
        return left if keeps_left else self.evaluate(right_node, scope)
    right = self.evaluate(right_node, scope)
    if operator.type in {"===", "!==", "==", "!="}:
        equal = same(left, right)
        if equal is not None:
            return equal == operator.type.startswith("=")
    elif operator.type in _ORDER and isinstance(left, int | float) and isinstance(right, int | float):
        return _ORDER[operator.type](left, right)
    elif operator.type == "+":
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        if isinstance(left, int | float) and isinstance(right, int | float):
            return left + right
    elif operator.type == "*" and isinstance(left, int | float) and isinstance(right, int | float):
        return left * right
    return self.unknown(node, scope, "this operation is not evaluated")


def _unary(self: Evaluator, node: Node, scope: Scope) -> Value:
    operator, operand = node.child_by_field_name("operator"), node.child_by_field_name("argument")
    assert operator is not None
    assert operand is not None
    value = self.evaluate(operand, scope)
    if operator.type == "-" and isinstance(value, int | float) and not isinstance(value, bool):
        return -value
    if operator.type == "-" and isinstance(value, BigInt):
        return BigInt(-value.value)
    if operator.type == "!":
        verdict = vocabulary.truthy(value)
        if verdict is not None:
            return not verdict
    return self.unknown(node, scope, "this operation is not evaluated")


def _template(self: Evaluator, node: Node, scope: Scope) -> Value:
    parts: list[str] = []
    for child in node.children:
        if child.type == "template_substitution":
            value = self.evaluate(child.named_children[0], scope)
            text = key_text(value)
            if text is None:
                return (
                    value
                    if isinstance(value, Unknown)
                    else self.unknown(node, scope, "this text is not known")
                )
            parts.append(text)
        elif child.type in {"string_fragment", "escape_sequence"}:
            text = scope.module.file.text(child)
            parts.append(unescape(text) if child.type == "escape_sequence" else text)
    return "".join(parts)


def _number(self: Evaluator, node: Node, scope: Scope) -> Value:
    text = scope.module.file.text(node).replace("_", "")
    try:
        if text.endswith("n"):
            return BigInt(int(text[:-1], 0))
        if text[:2].lower() in {"0x", "0o", "0b"}:
            return int(text, 0)
        value = float(text)
    except ValueError:
        return self.unknown(node, scope, "this number is not understood")
    return int(value) if value.is_integer() else value


def _identifier(self: Evaluator, node: Node, scope: Scope) -> Value:
    return self.lookup(scope.module.file.text(node), node, scope)


EXPRESSIONS: Final[dict[str, Callable[[Evaluator, Node, Scope], Value]]] = {
    "identifier": _identifier,
    "undefined": lambda _self, _node, _scope: UNDEFINED,
    "object": _object,
    "array": _array,
    "call_expression": _call,
    "member_expression": _member,
    "subscript_expression": _subscript,
    "ternary_expression": _ternary,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "template_string": _template,
    "number": _number,
    "string": lambda _self, node, scope: string_value(scope.module.file, node),
    "true": lambda _self, _node, _scope: True,
    "false": lambda _self, _node, _scope: False,
    "null": lambda _self, _node, _scope: None,
    "arrow_function": lambda _self, node, scope: Closure(node, scope),
    "function_expression": lambda _self, node, scope: Closure(node, scope),
}
