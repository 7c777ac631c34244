"""The changes of the fields of one table, each field's as one item, under the stored names of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from instar.changes.in_place import in_place
from instar.changes.items import FieldItem
from instar.changes.names import versioned
from instar.changes.unplanned import title_of
from instar.changes.values import is_given, server_default
from instar.schema.change import FieldChange
from instar.schema.migration import Unplanned
from instar.schema.types import EnumType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.changes.context import Context
    from instar.schema.change import Change
    from instar.schema.model import Field, Schema, Table

Numbered: TypeAlias = "tuple[int, Change]"


class FieldItems(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of one table that change.

    Attributes:
        items: One a field.
        unplanned: What is left out.
        stored: The user's names to the stored names of the plan, where they differ.
        replaced: Old stored names to the new ones of columns that get a new column.
    """

    items: tuple[FieldItem, ...]
    unplanned: tuple[Unplanned, ...]
    stored: dict[str, str]
    replaced: dict[str, str]

    @property
    def gone(self) -> frozenset[str]:
        """The columns that are no more at the end."""
        dropped = {item.old.name for item in self.items if item.after is None}
        return frozenset(dropped | self.replaced.keys())

    @property
    def added(self) -> frozenset[str]:
        """The columns that are added and replace none."""
        return frozenset(item.new.name for item in self.items if item.before is None)


def field_items(old: Table, new: Table, changes: Sequence[Numbered], context: Context) -> FieldItems:
    """Group the field changes of one table by the field, decide which need a new column, and name it."""
    groups: dict[tuple[str, str], list[tuple[int, FieldChange]]] = {}
    for number, change in changes:
        if isinstance(change, FieldChange):
            was = change.before.name if change.before else ""
            now = change.after.name if change.after else ""
            groups.setdefault((was, now), []).append((number, change))
    items: list[FieldItem] = []
    unplanned: list[Unplanned] = []
    stored: dict[str, str] = {}
    replaced: dict[str, str] = {}
    taken = {field.name for field in (*old.fields, *new.fields)}
    for group in groups.values():
        item = _item(old, group, context, taken)
        reason = _refusal(item, context.before, old) or _not_null_by_copy(item, context)
        if reason:
            unplanned += [Unplanned(change=n, title=title_of(c), reason=reason) for n, c in group]
            continue
        wished = group[0][1].after
        if wished is not None and item.after is not None and wished.name != item.after.name:
            stored[wished.name] = item.after.name
        if item.replaced:
            replaced[item.old.name] = item.new.name
        items.append(item)
    return FieldItems(items=tuple(items), unplanned=tuple(unplanned), stored=stored, replaced=replaced)


def _item(
    old: Table, group: Sequence[tuple[int, FieldChange]], context: Context, taken: set[str]
) -> FieldItem:
    change = group[0][1]
    item = FieldItem(
        table=old.name,
        namespace=old.namespace,
        changes=tuple(number for number, _ in group),
        kinds=frozenset(each.kind for _, each in group),
        before=change.before,
        after=change.after,
    )
    replace = msgspec.structs.replace
    if item.before is None:
        return _with_server_default(item, context)
    if item.after is None:
        return item
    before, after = item.before, item.after
    widened = before.type == after.type or in_place(before.type, after.type, context.backend)
    renamed = "rename_field" in item.kinds
    if renamed and widened and context.is_named(context.options.keep_column, item):
        name = after.code_name if after.code_name != before.name else ""
        return replace(item, after=replace(_patched(before, item), attribute=name))
    if renamed:
        return replace(item, replaced=True)
    if not widened:
        name = versioned(after.name, taken)
        taken.add(name)
        return replace(item, replaced=True, after=replace(after, name=name, attribute=after.code_name))
    return replace(item, after=_patched(before, item))


def _patched(before: Field, item: FieldItem) -> Field:
    """The old field with what the changes change, and nothing else of the wanted one."""
    after, changed = item.new, dict[str, object]()
    if "change_type" in item.kinds:
        changed |= {"type": after.type, "spelling": after.spelling}
    if item.kinds & {"require_field", "relax_field"}:
        changed["optional"] = after.optional
    if "change_default" in item.kinds:
        changed |= {
            "default": after.default,
            "server_default": after.server_default,
            "onupdate": after.onupdate,
        }
    return msgspec.structs.replace(before, **changed)


def _with_server_default(item: FieldItem, context: Context) -> FieldItem:
    """A required field with a constant default has it in the database too: old writers do not know the field."""
    field = item.new
    if field.optional or field.server_default is not None or is_given(context, item):
        return item
    return msgspec.structs.replace(
        item, after=msgspec.structs.replace(field, server_default=server_default(context, item))
    )


def _not_null_by_copy(item: FieldItem, context: Context) -> str | None:
    """MariaDB refuses to make a column NOT NULL in place where its default is computed."""
    if context.backend != "mariadb" or "require_field" not in item.kinds or item.replaced:
        return None
    default = item.new.server_default
    if default is None or default.constant:
        return None
    return (
        f"MariaDB makes {item.title(item.new)} NOT NULL only by a copy that blocks writers while its default is "
        f"{default.text}: leave that default out of the models first, and declare it again afterwards"
    )


def _refusal(item: FieldItem, before: Schema, table: Table) -> str | None:
    """Why this field is not planned, as a sentence; None where it is."""
    field = item.before or item.new
    title = item.title(field)
    if (item.after and item.after.generated) or (item.before and item.before.generated):
        return f"{title} is a computed column, and those are not planned yet: write a revision of your own"
    if item.before is None and item.new.autoincrement:
        return f"{title} is numbered by the database, and such a column is not planned yet: write a revision of your own"
    if item.before is not None and item.after is not None and "change_type" in item.kinds:
        old_type, new_type = item.before.type, item.after.type
        if isinstance(old_type, EnumType) and isinstance(new_type, EnumType):
            return f"{title} gets or loses members of its enum, and that is not planned yet: write a revision of your own"
    if not item.replaced and item.after is not None:
        return None
    if field.name in table.primary_key:
        return (
            f"{title} is part of the primary key, and a key is not replaced yet; rename it with --keep-column"
        )
    if item.before is None:
        return None
    pointing = [
        other.name
        for other in before.tables
        for one in other.constraints
        if one.references
        and (one.references.namespace, one.references.table) == table.key
        and field.name in one.references.fields
    ]
    if pointing:
        return (
            f"{title} is what a foreign key of {pointing[0]} points at, and such a column is not replaced yet"
        )
    return None
