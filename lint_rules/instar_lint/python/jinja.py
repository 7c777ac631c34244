"""Jinja templates, by Jinja's own parser: which of their expressions read a field, by the names of their variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar_lint.python.values import UNKNOWN, Many, Record, Value, item_of, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import nodes

    from instar_lint.python.template_reading import TemplateReading

_TOKEN = re.compile(r"([A-Za-z_][\w.]*)\s*\.\s*(\w+)")
_BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def read_jinja(reading: TemplateReading, variables: Mapping[str, Value]) -> None:
    """Walk a template, given what its variables hold."""
    tree = _parsed(reading.text)
    if tree is None:
        _by_pattern(reading)
    else:
        _Walk(reading).block(tree.body, dict(variables))


def _parsed(text: str) -> nodes.Template | None:
    from jinja2 import Environment, TemplateError  # noqa: PLC0415 - only where a template mentions a hot word

    extensions = ["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.debug"]
    try:
        return Environment(extensions=extensions, autoescape=True).parse(text)
    except (TemplateError, RecursionError):
        return None


def _by_pattern(reading: TemplateReading) -> None:
    """A template that Jinja cannot parse (tags of its own): the dotted names in its marks."""
    for block in _BLOCK.finditer(reading.text):
        for match in _TOKEN.finditer(block[0]):
            if match[2] in reading.names:
                line = reading.text.count("\n", 0, block.start() + match.start(2)) + 1
                reading.report(UNKNOWN, match[1], match[2], line)


class _Walk:
    def __init__(self, reading: TemplateReading) -> None:
        self._reading = reading

    def block(self, body: Iterable[nodes.Node], variables: dict[str, Value]) -> None:
        """Walk statements in order: `set` and `for` bind variables."""
        from jinja2 import nodes  # noqa: PLC0415 - loaded already

        for node in body:
            match node:
                case nodes.For():
                    inner = dict(variables)
                    self._bind(node.target, item_of(self.value(node.iter, variables)), inner)
                    if node.test is not None:
                        self.value(node.test, inner)
                    self.block(node.body, inner)
                    self.block(node.else_, dict(variables))
                case nodes.Assign():
                    self._bind(node.target, self.value(node.node, variables), variables)
                case nodes.Macro() | nodes.CallBlock():
                    inner = {**variables, **{a.name: UNKNOWN for a in node.args}}
                    self._children(node, inner, skip=("args",))
                case nodes.With():
                    inner = dict(variables)
                    for target, value in zip(node.targets, node.values, strict=True):
                        self._bind(target, self.value(value, variables), inner)
                    self.block(node.body, inner)
                case nodes.Expr():
                    self.value(node, variables)
                case _:
                    self._children(node, variables)

    def _children(self, node: nodes.Node, variables: dict[str, Value], skip: tuple[str, ...] = ()) -> None:
        from jinja2 import nodes  # noqa: PLC0415 - loaded already

        for child in node.iter_child_nodes(exclude=skip):
            if isinstance(child, nodes.Expr):
                self.value(child, variables)
            else:
                self.block([child], variables)

    def _bind(self, target: nodes.Node, value: Value, variables: dict[str, Value]) -> None:
        from jinja2 import nodes  # noqa: PLC0415 - loaded already

        if isinstance(target, nodes.Name):
            variables[target.name] = value
        elif isinstance(target, nodes.Tuple):
            items = value.items if isinstance(value, Record) else (UNKNOWN,) * len(target.items)
            for part, item in zip(target.items, items, strict=False):
                self._bind(part, item, variables)

    def value(self, node: nodes.Node, variables: dict[str, Value]) -> Value:
        """What an expression holds; a field that it reads is reported."""
        from jinja2 import nodes  # noqa: PLC0415 - loaded already

        match node:
            case nodes.Name():
                return variables.get(node.name, UNKNOWN)
            case nodes.Getattr():
                return self._attribute(node.node, node.attr, node.lineno, variables)
            case nodes.Getitem() if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                return self._attribute(node.node, node.arg.value, node.lineno, variables)
            case nodes.Getitem():
                self.value(node.arg, variables)
                return item_of(self.value(node.node, variables))
            case nodes.Filter():
                return self._filter(node, variables)
            case nodes.CondExpr():
                self.value(node.test, variables)
                other = self.value(node.expr2, variables) if node.expr2 is not None else UNKNOWN
                return joined([self.value(node.expr1, variables), other])
            case nodes.Call() if isinstance(node.node, nodes.Getattr) and node.node.attr in (
                "all",
                "items",
                "values",
            ):
                found = self.value(node.node.node, variables)
                return found if isinstance(found, Many) else UNKNOWN
            case _:
                self._children(node, variables)
                return UNKNOWN

    def _filter(self, node: nodes.Filter, variables: dict[str, Value]) -> Value:
        from jinja2 import nodes  # noqa: PLC0415 - loaded already

        base = self.value(node.node, variables) if node.node is not None else UNKNOWN
        for argument in (*node.args, *(k.value for k in node.kwargs)):
            if (
                isinstance(argument, nodes.Const)
                and isinstance(argument.value, str)
                and argument.value in self._reading.names
            ):
                item = item_of(base)
                self._reading.report(item, _spelled(node.node), argument.value, argument.lineno)
            else:
                self.value(argument, variables)
        return item_of(base) if node.name in ("first", "last", "random") else base

    def _attribute(self, base: nodes.Node, name: str, line: int, variables: dict[str, Value]) -> Value:
        return self._reading.attribute(self.value(base, variables), _spelled(base), name, line)


def _spelled(node: nodes.Node | None) -> str:
    from jinja2 import nodes  # noqa: PLC0415 - loaded already

    match node:
        case nodes.Name():
            return str(node.name)
        case nodes.Getattr():
            return f"{_spelled(node.node)}.{node.attr}"
        case nodes.Getitem() | nodes.Call():
            return _spelled(node.node)
        case _:
            return ""
