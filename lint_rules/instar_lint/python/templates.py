"""Jinja templates: which of their expressions read a field, by the names of their variables."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from instar.schema.model import Place
from instar_lint.facts import Fact, FieldUse
from instar_lint.python.guesses import judge
from instar_lint.python.rendering import Renderings
from instar_lint.python.values import (
    UNKNOWN,
    Dictionary,
    Instance,
    Many,
    OneOf,
    Record,
    Unknown,
    Value,
    item_of,
    joined,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jinja2 import nodes

    from instar.contracts import Confidence
    from instar.sources import Source
    from instar_lint.python.knowledge import Column, Knowledge
    from instar_lint.python.watch import Watch

SUFFIXES = (".html", ".jinja", ".jinja2", ".j2", ".txt", ".xml", ".htm", ".mako")
_MARKS = (b"{{", b"{%")
_BATCH = 500
_TOKEN = re.compile(r"([A-Za-z_][\w.]*)\s*\.\s*(\w+)")
_BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def collect_templates(
    source: Source, knowledge: Knowledge, watch: Watch
) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    """The facts of a project's templates: (path, facts) of every one that has any.

    They are `likely` where the variable's type is known from the code that renders the template or suggested by its
    name, and `possible` otherwise: what a template receives is decided when it runs.
    """
    pattern = knowledge.hot(watch)
    if watch.idle or pattern is None:
        return
    paths = [file.path for file in source.files(SUFFIXES)]
    renderings: Renderings | None = None
    for start in range(0, len(paths), _BATCH):
        batch = source.read_many(paths[start : start + _BATCH])
        for path in sorted(batch):
            data = batch[path]
            if pattern.search(data) and any(mark in data for mark in _MARKS):
                renderings = renderings or Renderings(source, knowledge)
                text = data.decode("utf-8", "replace")
                facts = template_facts(text, path, knowledge, watch, renderings.of(path))
                if facts:
                    yield path, facts


def template_facts(
    text: str, path: str, knowledge: Knowledge, watch: Watch, variables: Mapping[str, Value] | None = None
) -> tuple[Fact, ...]:
    """The facts of one template.

    Args:
        text: Its content.
        path: Its path relative to the repository root.
        knowledge: The project.
        watch: What is in flight.
        variables: What the code that renders it passes to it, as far as it is known.
    """
    reading = _Reading(text, path, knowledge, watch)
    tree = _parsed(text)
    if tree is None:
        reading.by_pattern()
    else:
        with suppress(RecursionError):
            reading.block(tree.body, dict(variables or {}))
    return tuple(sorted(reading.facts, key=lambda f: f.place))


def _parsed(text: str) -> nodes.Template | None:
    from jinja2 import Environment, TemplateError  # noqa: PLC0415 - only where a template mentions a hot word

    extensions = ["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.debug"]
    try:
        return Environment(extensions=extensions, autoescape=True).parse(text)
    except (TemplateError, RecursionError):
        return None


class _Reading:
    """The walk over one template."""

    def __init__(self, text: str, path: str, knowledge: Knowledge, watch: Watch) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.path = path
        self.knowledge = knowledge
        self.watch = watch
        self.names = knowledge.hot_names(watch)
        self.facts: dict[Fact, None] = {}
        self._seen: dict[tuple[int, str], int] = {}

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
                and argument.value in self.names
            ):
                item = item_of(base)
                self._report(item, _spelled(node.node), argument.value, argument.lineno)
            else:
                self.value(argument, variables)
        return item_of(base) if node.name in ("first", "last", "random") else base

    def _attribute(self, base: nodes.Node, name: str, line: int, variables: dict[str, Value]) -> Value:
        value = self.value(base, variables)
        if name in self.names:
            self._report(value, _spelled(base), name, line)
        if isinstance(value, Instance):
            relation = self.knowledge.attribute(value.cls, name)
            if relation is not None and relation.kind == "relationship" and relation.target is not None:
                target = Instance(relation.target)
                return Many(target) if relation.many else target
        if isinstance(value, Dictionary):
            return next((e.value for e in value.entries if e.key == name), UNKNOWN)
        return UNKNOWN

    def _report(self, value: Value, spelled: str, name: str, line: int) -> None:
        if isinstance(value, OneOf):
            for option in value.options:
                self._report(option, spelled, name, line)
        elif isinstance(value, Instance):
            self._use("likely", self.knowledge.columns(value.cls, name), spelled, name, line)
        elif isinstance(value, Unknown):
            owners = [
                (c, columns)
                for c in self.knowledge.owners(name)
                if (columns := self.knowledge.columns(c, name))
            ]
            for confidence, columns in judge(self.knowledge, spelled.rsplit(".", 1)[-1], owners):
                self._use(confidence, columns, spelled, name, line)

    def _use(
        self, confidence: Confidence, columns: Iterable[Column], spelled: str, name: str, line: int
    ) -> None:
        for column in columns:
            if not self.watch.field(column.namespace, column.table, column.name):
                continue
            place = self._place(name, line)
            fact = FieldUse(
                place=place,
                end_column=place.column + len(name),
                confidence=confidence,
                table=column.table,
                namespace=column.namespace,
                name=name,
                field=column.name,
                access="read",
                via="template",
                subject=spelled,
            )
            self.facts[fact] = None

    def _place(self, name: str, line: int) -> Place:
        """Jinja knows lines only: the n-th mention of the name on that line, in the order of evaluation."""
        nth = self._seen.get((line, name), 0)
        self._seen[line, name] = nth + 1
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        found = [m.start() for m in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]
        dotted = [start for start in found if text[:start].rstrip()[-1:] in (".", "'", '"')] or found
        column = dotted[min(nth, len(dotted) - 1)] + 1 if dotted else 1
        return Place(self.path, line, column)

    def by_pattern(self) -> None:
        """A template that Jinja cannot parse (tags of its own): the dotted names in its marks."""
        for block in _BLOCK.finditer(self.text):
            for match in _TOKEN.finditer(block[0]):
                if match[2] in self.names:
                    line = self.text.count("\n", 0, block.start() + match.start(2)) + 1
                    self._report(UNKNOWN, match[1], match[2], line)


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
