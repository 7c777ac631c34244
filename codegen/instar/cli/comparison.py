"""Two versions of the schema side by side: what differs, and what of it may be a rename."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.cli.project import SchemaVersion
from instar.contracts import ChangeRecord, DiffDocument, OpaqueRecord, UnreadableRecord
from instar.errors import InstarError
from instar.schema.change import Change
from instar.schema.diff import diff
from instar.schema.renames import RenameCandidate, candidates, parse_rename

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.schema.model import Schema


class Comparison(msgspec.Struct, frozen=True):
    """What differs between two versions.

    Attributes:
        before: The old version, in the terms that both were compared in.
        after: The new version, likewise.
        changes: The differences.
        questions: Pairs that look like a rename and were not told to be one.
        empty: The titles of the sides that declare no models.
    """

    before: SchemaVersion
    after: SchemaVersion
    changes: tuple[Change, ...]
    questions: tuple[RenameCandidate, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        """Whether a side was read from a database, so that a difference is drift."""
        return self.before.schema.backend is not None or self.after.schema.backend is not None


def compare(before: SchemaVersion, after: SchemaVersion, renames: Sequence[str] = ()) -> Comparison:
    """Compare two versions; where one is a live database, in the terms of that database.

    Args:
        before: The old version.
        after: The new version.
        renames: As the user typed them.

    Raises:
        InstarError: A rename does not fit, or neither side declares any model.
    """
    told = [parse_rename(text) for text in renames]
    empty = tuple(side.title for side in (before, after) if _without_models(side.schema))
    if len(empty) == 2:
        raise InstarError(
            f"neither {before.title} nor {after.title} declares any model. Name the files that do with --schema PATH, "
            "or in [tool.instar] schema."
        )
    before, after = _same_terms(before, after)
    old, new = before.schema, after.schema
    try:
        changes = diff(old, new, told)
    except InstarError as error:
        if not told or diff(old, new):
            raise
        raise InstarError(
            f"{error} {before.title} and {after.title} declare the same. Where the change is committed already, name "
            "the version before it, as in --from HEAD~1."
        ) from None
    return Comparison(before, after, changes, candidates(old, new, told), empty)


def document(comparison: Comparison) -> DiffDocument:
    """The comparison in the JSON contract."""
    schemas = (comparison.before.schema, comparison.after.schema)
    dialect = next((one.dialect for one in reversed(schemas) if one.tables), schemas[1].dialect)
    return DiffDocument(
        from_label=comparison.before.label,
        to_label=comparison.after.label,
        dialect=dialect,
        changes=tuple(ChangeRecord.of(change) for change in comparison.changes),
        unreadable=unreadable(comparison),
        opaque=opaque(comparison),
    )


def unreadable(comparison: Comparison) -> tuple[UnreadableRecord, ...]:
    """The files of either side that could not be read, once each."""
    found = [UnreadableRecord.of(one) for side in _sides(comparison) for one in side.unreadable]
    return tuple(dict.fromkeys(found))


def opaque(comparison: Comparison) -> tuple[OpaqueRecord, ...]:
    """What could not be understood on either side, once each; the new version's place where both have it."""
    found: dict[tuple[object, ...], OpaqueRecord] = {}
    for side in _sides(comparison):
        for record in _opaque_of(side):
            key = (record.schema, record.table, record.field, record.reason, record.path)
            found[key] = record
    return tuple(found.values())


def _opaque_of(schema: Schema) -> Iterator[OpaqueRecord]:
    for part in schema.opaque:
        yield OpaqueRecord.of(part)
    for table in schema.tables:
        for part in table.opaque:
            yield OpaqueRecord.of(part, table=table.name, namespace=table.namespace)


def _sides(comparison: Comparison) -> tuple[Schema, Schema]:
    return comparison.before.schema, comparison.after.schema


def _without_models(schema: Schema) -> bool:
    """A live database may be empty; a source that declares nothing may be the wrong folder."""
    return schema.backend is None and not (schema.tables or schema.unreadable or schema.opaque)


def _same_terms(before: SchemaVersion, after: SchemaVersion) -> tuple[SchemaVersion, SchemaVersion]:
    """Say a live side in the words of the other one."""
    if before.schema.backend is None and after.schema.backend is None:
        return before, after
    from instar.dialects.sqlalchemy.alignment import align

    if before.schema.backend is not None:
        return msgspec.structs.replace(before, schema=align(before.schema, after.schema)), after
    return before, msgspec.structs.replace(after, schema=align(after.schema, before.schema))
