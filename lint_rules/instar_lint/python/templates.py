"""A project's templates: which of their expressions read a field."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from instar_lint.python.jinja import read_jinja
from instar_lint.python.mako import MARKS, read_mako
from instar_lint.python.rendering import Renderings
from instar_lint.python.template_reading import TemplateReading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from instar.sources import Source
    from instar_lint.facts import Fact
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.values import Value
    from instar_lint.python.watch import Watch

SUFFIXES = (".html", ".jinja", ".jinja2", ".j2", ".txt", ".xml", ".htm", ".mako", ".mak", ".tmpl")
_JINJA = re.compile(rb"\{\{|\{%")
_BATCH = 500


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
            if pattern.search(data) and (_JINJA.search(data) or MARKS.search(data)):
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
    reading = TemplateReading(text, path, knowledge, watch)
    mako = path.endswith((".mako", ".mak")) or not _JINJA.search(text.encode("utf-8", "replace"))
    with suppress(RecursionError):
        (read_mako if mako else read_jinja)(reading, variables or {})
    return tuple(sorted(reading.facts, key=lambda f: f.place))
