"""What the code that renders a template passes to it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from instar_lint.python.functions import run_function
from instar_lint.python.members import decorator_name
from instar_lint.python.values import (
    UNKNOWN,
    Dictionary,
    Entity,
    Instance,
    Many,
    Object,
    Statement,
    Value,
    join,
    row_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.sources import Source
    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode

_NAMES = re.compile(rb"[\"']([\w./:-]+\.(?:html?|jinja2?|j2|txt|xml|mako?))[\"']")
_TEMPLATED = ("template", "templated", "aiohttp_template", "render_with")
_ENDINGS = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".txt", ".xml", ".mako", ".mak")
_BATCH = 500
Rendered = tuple[str, dict[str, Value]]


class Renderings:
    """Which templates the project's code names, and with what; read when the first template asks."""

    def __init__(self, source: Source, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._files: dict[str, set[str]] = {}
        self._read: dict[str, list[Rendered]] = {}
        paths = [file.path for file in source.files((".py",))]
        for start in range(0, len(paths), _BATCH):
            for path, data in source.read_many(paths[start : start + _BATCH]).items():
                for match in _NAMES.finditer(data):
                    self._files.setdefault(_base(match[1].decode()), set()).add(path)

    def of(self, template: str) -> dict[str, Value]:
        """The variables of a template, joined over everything that renders it."""
        found: dict[str, Value] = {}
        for path in sorted(self._files.get(_base(template), ())):
            for name, variables in self._renderings(path):
                if f"/{template}".endswith(f"/{name.split(':')[-1].lstrip('/')}"):
                    for variable, value in variables.items():
                        found[variable] = join(found[variable], value) if variable in found else value
        return found

    def _renderings(self, path: str) -> list[Rendered]:
        if path not in self._read:
            module = self._knowledge.modules.at(path)
            self._read[path] = list(_module(self._knowledge, module)) if module is not None else []
        return self._read[path]


def _base(name: str) -> str:
    return name.rsplit(":", maxsplit=1)[-1].rsplit("/", 1)[-1]


def _module(knowledge: Knowledge, module: ModuleNode) -> Iterator[Rendered]:
    for function in module.functions.values():
        declared = list(_declared(function.decorator_list))
        yield from _function(knowledge, module, function, declared, None)
    for cls in module.classes.values():
        mapped = knowledge.mapped(cls.qualified) is not None
        receiver = Instance(cls.qualified) if mapped else Object(cls.qualified)
        for method in cls.methods.values():
            declared = list(_declared([*method.decorator_list, *cls.node.decorator_list]))
            yield from _function(knowledge, module, method, declared, receiver)


def _function(
    knowledge: Knowledge,
    module: ModuleNode,
    node: AnyFunction,
    declared: list[str],
    receiver: Instance | Object | None,
) -> Iterator[Rendered]:
    if not declared and not _renders(node):
        return
    sink: list[Rendered] = []
    knowledge.rendered, before = sink, knowledge.rendered
    cls = receiver.cls if receiver is not None else None
    frame = run_function(knowledge, module, node, None, scope=node.name, receiver=receiver, cls=cls, depth=1)
    knowledge.rendered = before
    yield from sink
    if isinstance(frame.returned, Dictionary):
        for name in declared:
            yield name, {entry.key: passed(entry.value) for entry in frame.returned.entries}


def _declared(decorators: list[ast.expr]) -> Iterator[str]:
    """The templates that decorators name: Pyramid's `renderer=`, or the first argument of `@templated`."""
    for decorator in decorators:
        if not isinstance(decorator, ast.Call):
            continue
        given = [k.value for k in decorator.keywords if k.arg in ("renderer", "template")]
        if decorator_name(decorator) in _TEMPLATED:
            given += decorator.args[:1]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def _renders(node: AnyFunction) -> bool:
    literals = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant))
    return any(isinstance(value, str) and value.endswith(_ENDINGS) for value in literals)


def passed(value: Value) -> Value:
    """What a template sees of a value: a query is iterated."""
    if isinstance(value, Statement):
        return Many(row_of(value))
    return UNKNOWN if isinstance(value, Entity) else value
