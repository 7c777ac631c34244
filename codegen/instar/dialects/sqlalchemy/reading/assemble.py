"""Drafts to the schema: types that follow foreign keys, names, one table for each name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.naming import convention
from instar.dialects.sqlalchemy.reading.table_parts import Parts
from instar.dialects.sqlalchemy.reading.values import Applied, LambdaValue, Member, Value
from instar.dialects.sqlalchemy.types import TypeReading
from instar.errors import InstarError
from instar.schema.model import TABLE_ARGUMENTS, Constraint, Field, Index, Opaque, Reference, Table
from instar.schema.types import AnyType, IntType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft, TableDraft
    from instar.dialects.sqlalchemy.reading.project import Project
    from instar.dialects.sqlalchemy.reading.tables import Tables

Part = TypeVar("Part", "Index", "Constraint")


class Assembly:
    """Turns the drafts of a project into its tables."""

    def __init__(self, project: Project, tables: Tables) -> None:
        self._project = project
        self._tables = tables
        self._chosen: dict[tuple[str | None, str], TableDraft] = {}
        self._sources: dict[int, tuple[TableDraft, ColumnDraft]] = {}

    def assemble(self) -> tuple[Table, ...]:
        """The tables, sorted by namespace and name.

        Raises:
            InstarError: The configuration names a class that maps no such table.
        """
        for draft in self._tables.drafts:
            self._sources.update(
                (id(c.source), (draft, c)) for c in draft.columns.values() if c.source is not None
            )
        for key, drafts in _grouped(self._tables.drafts).items():
            self._chosen[key] = self._choose(drafts)
        found = [self._table(draft) for draft in self._chosen.values()]
        return tuple(sorted(found, key=lambda table: (table.namespace or "", table.name)))

    @property
    def chosen(self) -> Iterable[TableDraft]:
        """The draft that counts for each table."""
        return self._chosen.values()

    def _choose(self, drafts: list[TableDraft]) -> TableDraft:
        """One draft for a name: the configured one, else no frozen copy, else that of the metadata with the most tables."""
        if len(drafts) == 1:
            return drafts[0]
        wanted = self._project.config.tables.get(drafts[0].name)
        if wanted is not None:
            return self._configured(drafts, wanted)
        sizes: dict[int, int] = {}
        for draft in self._tables.drafts:
            sizes[id(draft.metadata)] = sizes.get(id(draft.metadata), 0) + 1
        migrates = self._project.files.migrates
        ordered = sorted(
            drafts,
            key=lambda d: (
                migrates(d.place.path),
                -sizes[id(d.metadata)],
                d.owner is None,
                -len(d.columns),
                d.place,
            ),
        )
        best = ordered[0]
        for other in ordered[1:]:
            if other.metadata is best.metadata:
                self._contradicts(best, other)
                for column in other.columns.values():
                    best.add(column)
                best.arguments += [a for a in other.arguments if a not in best.arguments]
            elif set(other.columns) != set(best.columns):
                reason = f'another class maps "{best.name}" too, with other columns ({other.place.path}); tell which one counts in [tool.instar.tables]'
                best.opaque.append(Opaque(reason=reason, place=best.place))
                if self._application(other) not in {None, self._application(best)}:
                    for column in other.columns.values():
                        best.add(column)
        return best

    def _application(self, draft: TableDraft) -> str | None:
        """Of several applications in one repository, each with migrations of its own: the folder of this one."""
        return self._project.files.application(draft.place.path)

    def _configured(self, drafts: list[TableDraft], wanted: str) -> TableDraft:
        for draft in drafts:
            owner = draft.owner
            if owner is not None and wanted in {
                owner.qualified,
                owner.name,
                f"{owner.module.path}:{owner.name}",
            }:
                return draft
        names = ", ".join(draft.owner.qualified for draft in drafts if draft.owner is not None)
        raise InstarError(
            f'no class {wanted} maps "{drafts[0].name}" ([tool.instar.tables]). These do: {names}.'
        )

    def _contradicts(self, one: TableDraft, other: TableDraft) -> None:
        if one.owner is None or other.owner is None or one.place.path != other.place.path:
            return
        for name in one.columns.keys() & other.columns.keys():
            mine, theirs = one.columns[name].type, other.columns[name].type
            if mine is not None and theirs is not None and mine.type != theirs.type:
                one.columns[name].opaque = (
                    f'two classes map table "{one.name}" with different types for "{name}" '
                    f"({one.owner.name}, {other.owner.name}); tell which one counts in [tool.instar.tables]"
                )

    def _table(self, draft: TableDraft) -> Table:
        parts = Parts(self._project, draft, convention(draft.metadata), self.refer)
        indexes, constraints = parts.read()
        for column in draft.columns.values():
            self._settle(column, draft, set())
        opaque = list(draft.opaque)
        opaque += [
            Opaque(reason=c.opaque, place=c.place, field=c.name) for c in draft.columns.values() if c.opaque
        ]
        opaque += [
            Opaque(reason=reason, place=draft.place, field=TABLE_ARGUMENTS)
            for reason in dict.fromkeys(parts.unknown)
        ]
        numbered = _numbered(draft)
        if any(c.kind == "foreign_key" and numbered and numbered.name in c.fields for c in constraints):
            numbered = None
        return Table(
            name=draft.name,
            namespace=draft.namespace,
            fields=tuple(_field(column, numbered=column is numbered) for column in draft.columns.values()),
            indexes=tuple(_once(indexes)),
            constraints=tuple(_once(constraints)),
            opaque=tuple(opaque),
            place=draft.place,
        )

    def _settle(self, column: ColumnDraft, draft: TableDraft, seen: set[int]) -> None:
        """A column without a type has that of the column that it references."""
        if column.type is not None or column.opaque or id(column) in seen:
            return
        seen.add(id(column))
        for key in column.foreign_keys:
            target = self.refer(key.target, draft)
            table = self._chosen.get((target.namespace, target.table)) if target is not None else None
            found = table.columns.get(target.fields[0]) if table is not None and target is not None else None
            if table is not None and found is not None:
                self._settle(found, table, seen)
                column.type = found.type
        if column.type is None:
            if column.foreign_keys:
                column.opaque = "the column that it references is not known"
            else:
                column.type = TypeReading(AnyType(), "sa.types.NullType()")

    def refer(self, target: Value, draft: TableDraft) -> Reference | None:
        """What a foreign key's target means."""
        if isinstance(target, str):
            return self._written(target, draft)
        if isinstance(target, LambdaValue):
            return self.refer(self._project.evaluator.evaluate(target.body, target.scope), draft)
        if isinstance(target, Applied) and id(target) in self._sources:
            table, column = self._sources[id(target)]
            return Reference(table=table.name, fields=(column.name,), namespace=table.namespace)
        if isinstance(target, Member):
            owner = self._tables.of_reference(target.owner)
            found = (
                owner.attributes.get(target.name) or owner.columns.get(target.name)
                if owner is not None
                else None
            )
            if owner is not None and found is None and isinstance(target.owner, ClassValue):
                found = self._inherited(target.owner, target.name)
            if owner is not None:
                name = found.name if found is not None else target.name
                return Reference(table=owner.name, fields=(name,), namespace=owner.namespace)
        return None

    def _inherited(self, owner: ClassValue, name: str) -> ColumnDraft | None:
        for base in owner.ancestors:
            draft = self._tables.of_class(base)
            if draft is not None and name in draft.attributes:
                return draft.attributes[name]
        return None

    def _written(self, target: str, draft: TableDraft) -> Reference | None:
        """`users.id`, `accounts.users.id`; `users` alone means the column of the same name."""
        table, _, column = target.rpartition(".")
        if not table:
            return None
        namespace, _, name = table.rpartition(".")
        inherited = draft.metadata.keywords.get("schema") if isinstance(draft.metadata, Applied) else None
        default = inherited if isinstance(inherited, str) else None
        return Reference(table=name, fields=(column,), namespace=namespace or default)


def _once(parts: Iterable[Part]) -> Iterable[Part]:
    """Each once: a table that two classes or files declare has what they both say one time."""
    found: dict[Part, Part] = {}
    for part in parts:
        found.setdefault(msgspec.structs.replace(part, place=None), part)
    return found.values()


def _grouped(drafts: list[TableDraft]) -> dict[tuple[str | None, str], list[TableDraft]]:
    groups: dict[tuple[str | None, str], list[TableDraft]] = {}
    for draft in drafts:
        groups.setdefault(draft.key, []).append(draft)
    return groups


def _numbered(draft: TableDraft) -> ColumnDraft | None:
    """The column that the database numbers: SQLAlchemy's rule of `autoincrement="auto"`."""
    keys = [column for column in draft.columns.values() if column.primary_key]
    for column in keys:
        if column.autoincrement is True or column.autoincrement == "ignore_fk" or column.identity:
            return column
    if len(keys) != 1:
        return None
    only = keys[0]
    whole = only.type is not None and isinstance(only.type.type, IntType)
    return (
        only
        if whole
        and only.autoincrement == "auto"
        and not only.foreign_keys
        and not only.default
        and not only.server_default
        else None
    )


def _field(column: ColumnDraft, *, numbered: bool) -> Field:
    return Field(
        name=column.name,
        attribute=column.attribute if column.attribute != column.name else "",
        type=column.type.type if column.type is not None else AnyType(),
        spelling=column.type.spelling if column.type is not None else "",
        optional=column.optional,
        default=column.default,
        server_default=column.server_default,
        onupdate=column.onupdate,
        generated=column.generated,
        autoincrement=numbered or column.identity,
        comment=column.comment,
        place=column.place,
    )
