"""The schema source as it is, to what it has to say at one point of a migration.

The editor looks at what the source declares now and at what the plan declares at that point, and changes the
difference in the fields and indexes of the migration, nothing else. It does not matter how the source came to be
as it is: the user may have written the target already, or the edit of an earlier deploy may be there.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.base import Edited
from instar.dialects.sqlalchemy.editing.fields import FieldEdits
from instar.dialects.sqlalchemy.editing.indexes import IndexEdits
from instar.dialects.sqlalchemy.editing.statements import parsed
from instar.dialects.sqlalchemy.editing.table_args import edit_rules
from instar.dialects.sqlalchemy.editing.texts import touched_fields
from instar.errors import InstarError
from instar.schema.virtual import declared_after

if TYPE_CHECKING:
    from instar.schema.migration import Migration
    from instar.schema.model import Place, Schema, Table
    from instar.sources import Source


def edit_to(source: Source, schema: Schema, migration: Migration, point: int | str) -> tuple[Edited, ...]:
    """The files that differ from what the plan declares, as they should be.

    Args:
        source: The files as they are.
        schema: What they declare, with the place of each field.
        migration: The plan; its `declarations` are how the user wrote each field.
        point: A deploy by its number, or a step by its id.

    Raises:
        InstarError: A declaration that has to change cannot be found, or other tables share it.
    """
    wanted = declared_after(migration, point)
    texts: dict[str, str] = {}
    for (namespace, name), names in sorted(touched_fields(migration).items(), key=str):
        now, then = schema.table(name, namespace), wanted.table(name, namespace)
        if then is None:
            continue
        if now is None or now.place is None:
            raise InstarError(
                f'the class of the table "{name}" is not in the source any more; the migration '
                f"{migration.name} was planned with it. Put it back, or plan again with instar plan."
            )
        path = now.place.path
        original = (source.read(path) or b"").decode()
        text = texts.get(path, original)
        placed = _moved(now, original, text)
        text = FieldEdits(parsed(text, path), migration, placed, then, schema).apply(names)
        rules = edit_rules(parsed(text, path), migration, _moved(now, original, text), then)
        placed = _moved(rules.now, text, rules.text)
        edits = IndexEdits(parsed(rules.text, path), placed, then, by_keyword=_by_keyword(migration))
        texts[path] = edits.apply(_touched_indexes(migration, now))
    return tuple(
        Edited(path, text)
        for path, text in sorted(texts.items())
        if text.encode() != (source.read(path) or b"")
    )


def _by_keyword(migration: Migration) -> bool:
    """Whether a field that the migration touches was declared with its index."""
    return any(re.search(r"\bindex\s*=\s*True", one.text) for one in migration.declarations.values())


def _touched_indexes(migration: Migration, table: Table) -> set[str | None]:
    """The names of the indexes that a migration's edits are about, in one table."""
    return {
        index.name
        for step in migration.steps
        for edit in step.edits
        if (edit.namespace, edit.table) == table.key
        for index in (edit.before_index, edit.after_index)
        if index is not None
    }


def _moved(table: Table, original: str, text: str) -> Table:
    """The table with its places in a text that has been edited above or below it."""
    if original == text:
        return table
    lines = _line_map(original, text)

    def moved(place: Place | None) -> Place | None:
        if place is None or table.place is None or place.path != table.place.path:
            return place
        return msgspec.structs.replace(place, line=lines.get(place.line, place.line))

    fields = tuple(msgspec.structs.replace(f, place=moved(f.place)) for f in table.fields)
    indexes = tuple(msgspec.structs.replace(i, place=moved(i.place)) for i in table.indexes)
    return msgspec.structs.replace(table, fields=fields, indexes=indexes, place=moved(table.place))


def _line_map(original: str, text: str) -> dict[int, int]:
    """Where each unchanged line of one text stands in the other."""
    matcher = difflib.SequenceMatcher(a=original.splitlines(), b=text.splitlines(), autojunk=False)
    return {
        block.a + offset + 1: block.b + offset + 1
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    }
