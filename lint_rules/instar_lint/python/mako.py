"""Mako templates: the Python expressions in `${…}`, control lines and blocks, by the names of their variables."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from instar_lint.python.parsing import parse
from instar_lint.python.values import UNKNOWN, Record, Value, item_of, most_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from instar_lint.python.template_reading import TemplateReading

_PARTS = re.compile(
    r"\$\{(?P<expression>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}"
    r"|^[ \t]*%[ \t]*(?P<control>(?:if|elif|while|for)\b.*?):[ \t]*(?:\#.*)?$"
    r"|<%!?\s(?P<block>.*?)%>",
    re.MULTILINE | re.DOTALL,
)
_FILTERS = re.compile(r"\|\s*[\w.]+(?:\s*,\s*[\w.]+)*\s*$")
MARKS = re.compile(rb"\$\{|^[ \t]*%[ \t]*(?:if|for|while)\b|<%", re.MULTILINE)


def read_mako(reading: TemplateReading, variables: Mapping[str, Value]) -> None:
    """Walk a template, given what its variables hold."""
    known = dict(variables)
    for start, code in _code(reading.text):
        tree = parse(code)
        if tree is not None:
            for statement in tree.body:
                _statement(reading, known, statement, start - 1)


def _code(text: str) -> Iterator[tuple[int, str]]:
    """Each piece of Python in a template, as statements, and the line on which it begins."""
    for match in _PARTS.finditer(text):
        kind = match.lastgroup or ""
        code = match[kind]
        line = text.count("\n", 0, match.start(kind)) + 1
        if kind == "expression":
            yield line, f"({_FILTERS.sub('', code)})"
        elif kind == "control":
            yield line, f"{code.removeprefix('el')}: pass"
        else:
            yield line, _dedented(code)


def _dedented(code: str) -> str:
    lines = code.split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
    return "\n".join([lines[0].strip(), *(line[margin:] for line in lines[1:])])


def _statement(reading: TemplateReading, known: dict[str, Value], node: ast.stmt, above: int) -> None:
    match node:
        case ast.For(target=target, iter=iterated):
            _bind(known, target, item_of(_value(reading, known, iterated, above)))
        case ast.Assign(targets=[target], value=value):
            _bind(known, target, _value(reading, known, value, above))
        case _:
            _children(reading, known, node, above)


def _bind(known: dict[str, Value], target: ast.expr, value: Value) -> None:
    if isinstance(target, ast.Name):
        known[target.id] = value
    elif isinstance(target, ast.Tuple):
        items = value.items if isinstance(value, Record) else (UNKNOWN,) * len(target.elts)
        for part, item in zip(target.elts, items, strict=False):
            _bind(known, part, item)


def _value(reading: TemplateReading, known: dict[str, Value], node: ast.expr, above: int) -> Value:
    match node:
        case ast.Name(id=name):
            return known.get(name, UNKNOWN)
        case ast.Attribute(value=base, attr=name):
            value = _value(reading, known, base, above)
            return reading.attribute(value, ast.unparse(base), name, above + (node.end_lineno or node.lineno))
        case ast.BoolOp(values=values):
            return most_of([_value(reading, known, part, above) for part in values])
        case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner) | ast.SetComp(elt=inner):
            scope = dict(known)
            for generator in node.generators:
                _bind(scope, generator.target, item_of(_value(reading, scope, generator.iter, above)))
                for condition in generator.ifs:
                    _value(reading, scope, condition, above)
            _value(reading, scope, inner, above)
            return UNKNOWN
        case _:
            _children(reading, known, node, above)
            return UNKNOWN


def _children(reading: TemplateReading, known: dict[str, Value], node: ast.AST, above: int) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            _value(reading, known, child, above)
        elif isinstance(child, ast.stmt):
            _statement(reading, known, child, above)
        else:
            _children(reading, known, child, above)
