"""A deployment from two schema versions: the old one counts as deployed, the new one is what the code declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.mapping import MappedAttribute
from instar.schema.change import FieldChange, TableChange
from instar.schema.model import Field, Table
from instar_lint.deployment import Deployment, Environment, FieldInFlight, Origin, TableKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar.dialects.sqlalchemy.mapping import MappedClass, Models
    from instar.schema.change import Change
    from instar.schema.migration import Migration
    from instar.schema.model import Schema


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What code calls stored fields, beyond what the schema model itself says.

    Attributes:
        attributes: Per table and stored name, every attribute of every class that maps it in the old version.
        surviving: Per table, every name that its classes still have in the new version, whatever it is there: a
            hybrid, a property, a relationship or another column.
    """

    attributes: Mapping[TableKey, Mapping[str, frozenset[str]]] = {}
    surviving: Mapping[TableKey, frozenset[str]] = {}

    def of(self, key: TableKey, field: Field) -> frozenset[str]:
        """What code calls a field and no longer can."""
        known = self.attributes.get(key, {}).get(field.name, frozenset()) | {field.code_name}
        return known - self.surviving.get(key, frozenset())


class Labels(msgspec.Struct, frozen=True):
    """How a user names the two versions."""

    before: str
    after: str


def between(
    before: Schema, after: Schema, changes: Sequence[Change], labels: Labels, names: Names | None = None
) -> Deployment:
    """What the change from `before` to `after` means for the code at `after`.

    Args:
        before: What counts as deployed.
        after: What the linted code declares.
        changes: Their difference, renames included as they were told.
        labels: How messages name the two.
        names: What code calls the fields; from the schemas alone where it is absent.
    """
    origin = Origin(before=labels.before, after=labels.after)
    return Deployment(
        declared=after,
        environments=(Environment(name=labels.before, schema=before, recorded=False),),
        target=after,
        origin=origin,
        base=before,
        fields=tuple(removed_fields(changes, after, origin, names or Names())),
        changes=tuple(changes),
    )


def removed_fields(
    changes: Sequence[Change], after: Schema, origin: Origin, names: Names
) -> Iterator[FieldInFlight]:
    """The fields that some changes take out of the code: dropped, renamed, or gone with their table."""
    for change in changes:
        key = (change.namespace, change.table)
        match change:
            case FieldChange(kind="drop_field" | "rename_field", path=None, before=Field() as field):
                gone = names.of(key, field)
                table = after.table(change.table, change.namespace)
                if table:
                    gone -= {other.code_name for other in table.fields}
                yield FieldInFlight(
                    table=change.table,
                    namespace=change.namespace,
                    field=field,
                    state="removed",
                    names=gone,
                    origin=origin,
                    successor=change.after,
                    convertible=change.after is not None,
                )
            case TableChange(kind="drop_table", before=Table() as table):
                for field in table.fields:
                    yield FieldInFlight(
                        table=table.name,
                        namespace=table.namespace,
                        field=field,
                        state="removed",
                        names=names.of(key, field),
                        origin=origin,
                    )
            case _:
                pass


def with_former_fields(models: Models, migrations: Sequence[Migration]) -> Models:
    """Models with the fields that unfinished migrations take out, also where no version at hand maps them any more."""
    former = {
        (table.key, field.name): field
        for migration in migrations
        for table in migration.before.tables
        for field in table.fields
        if (final := migration.target.table(table.name, table.namespace)) and not final.field(field.name)
    }
    if not former:
        return models

    def completed(mapped: MappedClass) -> MappedClass:
        columns = {attribute.column for attribute in mapped.attributes}
        names = {attribute.name for attribute in mapped.attributes}
        more = tuple(
            MappedAttribute(name=field.code_name, kind="column", column=field.name)
            for (key, name), field in former.items()
            if key == (mapped.namespace, mapped.table)
            and name not in columns
            and field.code_name not in names
        )
        return msgspec.structs.replace(mapped, attributes=(*mapped.attributes, *more)) if more else mapped

    return msgspec.structs.replace(models, classes=tuple(map(completed, models.classes)))


def names_of(before: Models, after: Models) -> Names:
    """What code calls the stored fields of two versions."""
    attributes: dict[TableKey, dict[str, frozenset[str]]] = {}
    surviving: dict[TableKey, frozenset[str]] = {}
    for mapped in before.classes:
        for attribute in mapped.attributes:
            if mapped.table is None or attribute.kind != "column" or attribute.column is None:
                continue
            key = (mapped.namespace, attribute.table or mapped.table)
            names = attributes.setdefault(key, {})
            names[attribute.column] = names.get(attribute.column, frozenset()) | {attribute.name}
    for mapped in after.classes:
        if mapped.table is not None:
            key = (mapped.namespace, mapped.table)
            names_here = frozenset(attribute.name for attribute in mapped.attributes)
            surviving[key] = surviving.get(key, frozenset()) | names_here
    return Names(attributes=attributes, surviving=surviving)
