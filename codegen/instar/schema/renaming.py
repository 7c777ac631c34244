"""Told renames held against two versions, and what the old version looks like under them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from instar.errors import InstarError
from instar.schema.renames import Rename
from instar.schema.sql_text import renamed as renamed_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from instar.schema.model import Constraint, Index, IndexKey, Schema, Table

TableKey: TypeAlias = tuple[str | None, str]


class Renames(msgspec.Struct, frozen=True):
    """Renames held against two versions: what each old name is called in the new one.

    Attributes:
        tables: Old table to its new name.
        fields: Old table to its renamed fields, old stored name to new.
    """

    tables: dict[TableKey, str] = {}
    fields: dict[TableKey, dict[str, str]] = {}

    def table(self, key: TableKey) -> TableKey:
        """What the new version calls a table of the old one."""
        return (key[0], self.tables.get(key, key[1]))

    def field(self, key: TableKey, name: str) -> str:
        """What the new version calls a field of the table that the old version knows as `key`."""
        return self.fields.get(key, {}).get(name, name)

    def index(self, key: TableKey, index: Index) -> Index:
        """An index of the old version in the new version's names."""
        names = self.fields.get(key)
        if not names:
            return index
        return msgspec.structs.replace(
            index,
            keys=tuple(_key(part, names) for part in index.keys),
            include=tuple(names.get(name, name) for name in index.include),
            predicate=renamed_sql(index.predicate, names),
        )

    def constraint(self, key: TableKey, constraint: Constraint) -> Constraint:
        """A constraint of the old version in the new version's names."""
        names = self.fields.get(key, {})
        to = constraint.references
        if to is not None:
            target = (to.namespace, to.table)
            to = msgspec.structs.replace(
                to,
                table=self.table(target)[1],
                fields=tuple(self.field(target, name) for name in to.fields),
            )
        return msgspec.structs.replace(
            constraint,
            fields=tuple(names.get(name, name) for name in constraint.fields),
            expression=renamed_sql(constraint.expression, names),
            references=to,
        )


def resolve(renames: Sequence[Rename], before: Schema, after: Schema) -> Renames:
    """Hold the told renames against the two versions.

    Raises:
        InstarError: A name is not there, is still there, was already there, or is told twice.
    """
    told = [_as_table_rename(rename, before) for rename in renames]
    tables = _tables([rename for rename in told if rename.table is None], before, after)
    partial = Renames(tables=tables)
    back = {partial.table(table.key): table.key for table in before.tables}
    grouped: dict[TableKey, list[Rename]] = {}
    for rename in told:
        if rename.table is not None:
            grouped.setdefault(_old_key(rename, before, back), []).append(rename)
    fields = {}
    for key, group in grouped.items():
        old, new = before.table(key[1], key[0]), after.table(partial.table(key)[1], key[0])
        assert old is not None
        if new is None:
            raise InstarError(
                f'cannot rename {group[0]}: the new version has no table "{partial.table(key)[1]}".'
            )
        fields[key] = _fields(group, old, new)
    return Renames(tables=tables, fields=fields)


def _as_table_rename(rename: Rename, before: Schema) -> Rename:
    """`auth.users=accounts` renames a table where `auth` is a namespace and no table."""
    if rename.table is None or rename.namespace is not None or before.table(rename.table) is not None:
        return rename
    if before.table(rename.old, rename.table) is None:
        return rename
    return Rename(None, rename.table, rename.old, rename.new)


def _tables(renames: Iterable[Rename], before: Schema, after: Schema) -> dict[TableKey, str]:
    grouped: dict[str | None, list[Rename]] = {}
    for rename in renames:
        grouped.setdefault(rename.namespace, []).append(rename)
    found: dict[TableKey, str] = {}
    for namespace, group in grouped.items():
        old = {table.name for table in before.tables if table.namespace == namespace}
        new = {table.name for table in after.tables if table.namespace == namespace}
        for rename, (was, now) in zip(group, _pairs(group, old, new, "table"), strict=True):
            found[rename.namespace, was] = now
    return found


def _old_key(rename: Rename, before: Schema, back: Mapping[TableKey, TableKey]) -> TableKey:
    """The table that a field rename speaks of, under either of its names."""
    assert rename.table is not None
    key = (rename.namespace, rename.table)
    if before.table(rename.table, rename.namespace) is not None:
        return key
    if key in back:
        return back[key]
    places = [table.key for table in before.tables if table.name == rename.table]
    if rename.namespace is None and len(places) == 1:
        return places[0]
    names = [".".join(filter(None, table.key)) for table in before.tables]
    raise InstarError(
        f'cannot rename {rename}: the old version has no table "{rename.table}".{_near(rename.table, names)}'
    )


def _fields(group: Sequence[Rename], old: Table, new: Table) -> dict[str, str]:
    """Attribute names are understood too, where no field is stored under them."""
    stored = [
        msgspec.structs.replace(rename, old=_stored(old, rename.old), new=_stored(new, rename.new))
        for rename in group
    ]
    known_old = {field.name for field in old.fields}
    known_new = {field.name for field in new.fields}
    return dict(_pairs(stored, known_old, known_new, "field"))


def _stored(table: Table, name: str) -> str:
    field = table.field(name) or table.attribute(name)
    return field.name if field else name


def _pairs(group: Sequence[Rename], old: set[str], new: set[str], what: str) -> list[tuple[str, str]]:
    """Check one group of renames among the names of one scope.

    A name may be taken over in a chain (`a=b` with `c=a`), but every old name goes to one new name and back.
    """
    sources = [rename.old for rename in group]
    targets = [rename.new for rename in group]
    for rename in group:
        if sources.count(rename.old) > 1:
            raise InstarError(
                f'"{rename.old}" is renamed twice ({_listed(group)}); one {what} becomes one {what}.'
            )
        if targets.count(rename.new) > 1:
            raise InstarError(
                f'two renames give "{rename.new}" ({_listed(group)}); one {what} becomes one {what}.'
            )
        if rename.old not in old:
            raise InstarError(
                f"cannot rename {rename}: the old version has no such {what}.{_near(rename.old, old)}"
            )
        if rename.new not in new:
            raise InstarError(
                f"cannot rename {rename}: the new version has no such {what}.{_near(rename.new, new)}"
            )
        if rename.old in new and rename.old not in targets:
            raise InstarError(
                f'cannot rename {rename}: the new version still has "{rename.old}"; that is an added {what}.'
            )
        if rename.new in old and rename.new not in sources:
            raise InstarError(
                f'cannot rename {rename}: the old version already has "{rename.new}"; that would merge two.'
            )
    return list(zip(sources, targets, strict=True))


def _key(key: IndexKey, names: Mapping[str, str]) -> IndexKey:
    text = renamed_sql(key.text, names) if key.expression else names.get(key.text, key.text)
    return msgspec.structs.replace(key, text=text)


def _listed(group: Sequence[Rename]) -> str:
    return ", ".join(map(str, group))


def _near(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f" Did you mean {near[0]}?" if near else ""
