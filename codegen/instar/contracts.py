"""The JSON that scripts read: a stable contract of the command line.

Keys that do not apply are left out. Fields may be added; none is renamed or removed.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from instar.schema.change import Change as ModelChange
from instar.schema.change import ChangeKind, ConstraintChange, FieldChange, IndexChange, TableChange
from instar.schema.model import ConstraintKind, IndexKind, Opaque, Unreadable

Access: TypeAlias = Literal["read", "write", "name", "schema"]
Confidence: TypeAlias = Literal["proven", "likely", "possible"]


class _Contract(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Shared configuration."""


class ChangeRecord(_Contract, frozen=True, rename={"from_name": "from", "to_name": "to"}):
    """One change of `instar diff --format json`."""

    kind: ChangeKind
    table: str
    narrows: bool | msgspec.UnsetType = msgspec.UNSET
    schema: str | None = None
    field: str | None = None
    from_name: str | None = None
    to_name: str | None = None
    name: str | None = None
    fields: tuple[str, ...] | None = None
    unique: bool | None = None
    index_kind: IndexKind | None = None
    staged: bool | None = None
    type: ConstraintKind | None = None
    path: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, change: ModelChange) -> ChangeRecord:
        """The record of a change of the model."""
        record = cls(
            kind=change.kind,
            table=change.table,
            schema=change.namespace,
            narrows=change.narrows,
            reason=change.reason,
        )
        replace = msgspec.structs.replace
        match change:
            case TableChange(kind="rename_table", before=before, after=after) if before and after:
                return replace(record, from_name=before.name, to_name=after.name)
            case FieldChange(kind="rename_field", before=before, after=after) if before and after:
                return replace(record, field=after.name, from_name=before.name, to_name=after.name)
            case FieldChange():
                return replace(record, field=change.field, path=change.path)
            case IndexChange():
                index = change.after or change.before
                assert index is not None
                return replace(
                    record,
                    name=index.name,
                    fields=tuple(f"{key.text}{key.order}" for key in index.keys),
                    unique=index.unique,
                    index_kind=index.kind,
                    staged=index.staged,
                )
            case ConstraintChange():
                constraint = change.after or change.before
                assert constraint is not None
                fields = constraint.fields or ((constraint.expression,) if constraint.expression else ())
                return replace(record, name=constraint.name, fields=fields, type=constraint.kind)
            case _:
                return record


class UnreadableRecord(_Contract, frozen=True):
    """A file that could not be parsed."""

    path: str
    reason: str
    line: int | None = None

    @classmethod
    def of(cls, unreadable: Unreadable) -> UnreadableRecord:
        """The record of an unreadable file of the model."""
        return cls(path=unreadable.path, reason=unreadable.reason, line=unreadable.line)


class OpaqueRecord(_Contract, frozen=True):
    """Something that a reader saw and could not understand."""

    reason: str
    table: str | None = None
    schema: str | None = None
    field: str | None = None
    path: str | None = None
    line: int | None = None
    column: int | None = None

    @classmethod
    def of(cls, opaque: Opaque, *, table: str | None = None, namespace: str | None = None) -> OpaqueRecord:
        """The record of an opaque part of the model."""
        place = opaque.place
        return cls(
            reason=opaque.reason,
            table=table,
            schema=namespace,
            field=opaque.field,
            path=place.path if place else None,
            line=place.line if place else None,
            column=place.column if place else None,
        )


class DiffDocument(
    msgspec.Struct, frozen=True, kw_only=True, rename={"from_label": "from", "to_label": "to"}
):
    """`instar diff --format json`."""

    from_label: str
    to_label: str
    dialect: str
    changes: tuple[ChangeRecord, ...]
    unreadable: tuple[UnreadableRecord, ...]
    opaque: tuple[OpaqueRecord, ...]


class UseRecord(_Contract, frozen=True):
    """One place that would feel the removal of a field."""

    path: str
    line: int
    column: int
    access: Access
    confidence: Confidence


class UsesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`instar uses --format json`. `unresolved` counts dynamic code that might name any field."""

    uses: tuple[UseRecord, ...]
    unresolved: int


class FindingRecord(_Contract, frozen=True):
    """One finding of `instar lint` and `instar check`."""

    code: str
    path: str
    line: int
    column: int
    message: str
    confidence: Confidence
    table: str | None = None
    schema: str | None = None
    field: str | None = None
    index: str | None = None


class LintDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`instar lint --format json`."""

    findings: tuple[FindingRecord, ...]
