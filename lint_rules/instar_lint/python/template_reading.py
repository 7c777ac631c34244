"""What every template language shares: whose field a name is, and where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.schema.model import Place
from instar_lint.facts import Fact, FieldUse
from instar_lint.python.guesses import judge
from instar_lint.python.values import (
    UNKNOWN,
    Dictionary,
    Instance,
    Many,
    OneOf,
    Unknown,
    Value,
    most_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.contracts import Confidence
    from instar_lint.python.knowledge import Column, Knowledge
    from instar_lint.python.watch import Watch


class TemplateReading:
    """The walk over one template: collects the facts."""

    def __init__(self, text: str, path: str, knowledge: Knowledge, watch: Watch) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.path = path
        self.knowledge = knowledge
        self.watch = watch
        self.names = knowledge.hot_names(watch)
        self.facts: dict[Fact, None] = {}
        self._seen: dict[tuple[int, str], int] = {}

    def attribute(self, value: Value, spelled: str, name: str, line: int) -> Value:
        """What `value.name` holds; a field that it reads is reported."""
        if name in self.names:
            self.report(value, spelled, name, line)
        return self._member(value, name)

    def _member(self, value: Value, name: str) -> Value:
        match value:
            case Instance(cls=cls):
                relation = self.knowledge.attribute(cls, name)
                if relation is not None and relation.kind == "relationship" and relation.target is not None:
                    target = Instance(relation.target)
                    return Many(target) if relation.many else target
                return UNKNOWN
            case Dictionary(entries=entries):
                return next((e.value for e in entries if e.key == name), UNKNOWN)
            case OneOf(options=options):
                return most_of([self._member(option, name) for option in options])
            case _:
                return UNKNOWN

    def report(self, value: Value, spelled: str, name: str, line: int) -> None:
        """Report that a line reads `name` of a value."""
        if isinstance(value, OneOf):
            for option in value.options:
                self.report(option, spelled, name, line)
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
        """Only the line is known: the n-th mention of the name on that line, in the order of evaluation."""
        nth = self._seen.get((line, name), 0)
        self._seen[line, name] = nth + 1
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        found = [m.start() for m in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]
        dotted = [start for start in found if text[:start].rstrip()[-1:] in (".", "'", '"')] or found
        column = dotted[min(nth, len(dotted) - 1)] + 1 if dotted else 1
        return Place(self.path, line, column)
