"""What differs between the fields of one table in two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from instar.schema.change import FieldChange, FieldChangeKind
from instar.schema.narrowing import narrowing
from instar.schema.nesting import nested_path
from instar.schema.sql_text import canonical
from instar.schema.unseen import hides_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.schema.model import Default, Field, Table
    from instar.schema.renaming import Renames


def field_changes(old: Table, new: Table, names: Renames) -> Iterator[FieldChange]:
    """The changes in the declared order of the new fields, then the dropped ones in their old order."""
    before = {names.field(old.key, field.name): field for field in old.fields}
    unclear_before = {names.field(old.key, part.field) for part in old.opaque if part.field is not None}
    unclear_after = {part.field for part in new.opaque if part.field is not None}
    for field in new.fields:
        was = before.get(field.name)
        if was is None:
            if field.name not in unclear_before:
                yield _added(new, field)
            continue
        if was.name != field.name:
            yield _change("rename_field", new, was, field)
        if field.name not in unclear_before | unclear_after:
            yield from _altered(new, was, field)
    kept = {field.name for field in new.fields} | unclear_after
    if not hides_fields(old, new):
        for name, field in before.items():
            if name not in kept:
                yield _change("drop_field", new, field, None, "its values are lost")


def _added(table: Table, field: Field) -> FieldChange:
    """A field that existing rows need a value for, and the database has none to give, narrows."""
    filled = field.server_default is not None or field.generated is not None or field.autoincrement
    reason = None if field.optional or filled else "existing rows have none"
    return _change("add_field", table, None, field, reason)


def _altered(table: Table, old: Field, new: Field) -> Iterator[FieldChange]:
    if old.type != new.type:
        path = nested_path(new.name, old.type, new.type)
        yield _change("change_type", table, old, new, narrowing(old.type, new.type), path=path)
    elif canonical(old.generated) != canonical(new.generated):
        yield _change("change_type", table, old, new, "stored values are computed in another way")
    if old.optional and not new.optional:
        yield _change("require_field", table, old, new, "existing rows may have none")
    if new.optional and not old.optional:
        yield _change("relax_field", table, old, new)
    if not (_same(old.server_default, new.server_default, "sql") and _same(old.default, new.default, "code")):
        yield _change("change_default", table, old, new)


def _same(old: Default | None, new: Default | None, language: Literal["sql", "code"]) -> bool:
    if old is None or new is None:
        return old is new
    if language == "sql":
        return canonical(old.text) == canonical(new.text)
    if old.constant or new.constant:
        return (old.constant, old.text) == (new.constant, new.text)
    return canonical(old.text) == canonical(new.text) or _same_function(old.text, new.text)


def _same_function(old: str, new: str) -> bool:
    """An imported function knows its own name only, `now` for `datetime.now`; a lambda has none."""
    names = {old, new}
    if "<lambda>" in names:
        return all(name == "<lambda>" or name.startswith("lambda") for name in names)
    shorter, longer = sorted(names, key=len) if len(names) == 2 else (old, new)
    return "." not in shorter and longer.endswith(f".{shorter}")


def _change(
    kind: FieldChangeKind,
    table: Table,
    before: Field | None,
    after: Field | None,
    reason: str | None = None,
    *,
    path: str | None = None,
) -> FieldChange:
    return FieldChange(
        kind=kind,
        table=table.name,
        namespace=table.namespace,
        before=before,
        after=after,
        narrows=reason is not None,
        reason=reason,
        path=path,
    )
