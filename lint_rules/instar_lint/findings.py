"""What the linter reports: one finding of one rule at one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar.contracts import Confidence, FindingRecord
from instar.schema.model import Place

if TYPE_CHECKING:
    from instar.schema.change import Change
    from instar_lint.facts import FieldUse, Query

FixKind: TypeAlias = Literal["read", "filter", "write", "rename"]


class FixHint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How `instar fix` can mend a finding.

    Attributes:
        kind: A read or a filter becomes the accessor; a write gets the other side of its pair; a renamed attribute
            gets its new name.
        name: The name in code that stands there now.
        accessor: The accessor function in place of it, by its name in the accessor module of the table.
        partner: The name in code of the other side, for a write or a rename.
    """

    kind: FixKind
    name: str
    accessor: str = ""
    partner: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line that the deployed schema cannot serve, or soon cannot serve any more.

    Attributes:
        code: The rule, such as `INS101`.
        place: The first character of the name that it is about, 1-based, in characters.
        message: What is wrong, since when, and what to do next, on one line.
        end_column: The 1-based column behind the last character of the name, 0 where unknown.
        confidence: A `proven` one is a finding; the others are shown on request.
        table: The stored name of the table.
        namespace: The table's namespace where it is not the default one.
        field: The stored name of the field, where it is about one.
        index: The name of the index, where it is about one.
        scope: The qualified name of the enclosing function or class, for baselines.
        fix: How to mend it, where that can be done mechanically.
    """

    code: str
    place: Place
    message: str
    end_column: int = 0
    confidence: Confidence = "proven"
    table: str | None = None
    namespace: str | None = None
    field: str | None = None
    index: str | None = None
    scope: str = ""
    fix: FixHint | None = None

    @property
    def subject(self) -> str:
        """What it is about: `table`, `table.field` or `table.index`, with a namespace where there is one."""
        parts = (self.namespace, self.table, self.field or self.index)
        return ".".join(part for part in parts if part)

    def record(self) -> FindingRecord:
        """The finding as the JSON contract shows it."""
        return FindingRecord(
            code=self.code,
            path=self.place.path,
            line=self.place.line,
            column=self.place.column,
            message=self.message,
            confidence=self.confidence,
            table=self.table,
            schema=self.namespace,
            field=self.field,
            index=self.index,
        )


def at_fact(
    fact: FieldUse | Query, code: str, message: str, *, field: str | None = None, index: str | None = None
) -> Finding:
    """A finding where a fact stands, as sure as the fact is."""
    return Finding(
        code=code,
        place=fact.place,
        end_column=fact.end_column,
        message=message,
        confidence=fact.confidence,
        table=fact.table,
        namespace=fact.namespace,
        field=field,
        index=index,
        scope=fact.scope,
    )


def at_declaration(
    place: Place,
    code: str,
    message: str,
    change: Change,
    *,
    field: str | None = None,
    index: str | None = None,
) -> Finding:
    """A finding where the schema declares what a change is about."""
    return Finding(
        code=code,
        place=place,
        message=message,
        table=change.table,
        namespace=change.namespace,
        field=field,
        index=index,
    )


def at_statement(
    place: Place,
    code: str,
    message: str,
    *,
    table: str | None = None,
    confidence: Confidence = "proven",
) -> Finding:
    """A finding at an operation or a data statement of a revision."""
    return Finding(
        code=code, place=place, message=message, table=table, scope="upgrade", confidence=confidence
    )


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sorted by path, line, column and code; each said once."""
    unique = {(f.place, f.code, f.subject): f for f in findings}
    return tuple(sorted(unique.values(), key=lambda f: (f.place, f.code, f.subject)))
