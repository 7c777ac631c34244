"""What every kind of change may ask while it is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from instar.changes.options import PlanOptions
from instar.schema.model import Field, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar.changes.items import FieldItem
    from instar.dialects.sqlalchemy.ddl.names import Backend

T = TypeVar("T")


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of a change.

    Attributes:
        id: The migration's id, which the names of its backfills start with.
        backend: The database; empty for a dialect that has but one.
        before: The schema that the plan starts from.
        target: The schema that it ends with.
        options: What the user said.
    """

    id: str
    backend: str
    before: Schema
    target: Schema
    options: PlanOptions

    @property
    def sql(self) -> Backend:
        """The backend, for what writes SQL."""
        return cast("Backend", self.backend)

    def table(self, name: str, namespace: str | None) -> Table:
        """A table as it is, or as it will be where it is new."""
        table = self.before.table(name, namespace) or self.target.table(name, namespace)
        assert table is not None
        return table

    def option(self, given: Mapping[str, T], item: FieldItem) -> T | None:
        """What the user said about this field, by any of its names."""
        return next((given[name] for name in names_of(item) if name in given), None)

    def is_named(self, given: Iterable[str], item: FieldItem) -> bool:
        """Whether a list of fields names this one, or everything (`*`)."""
        names = {*names_of(item), "*"}
        return any(name in names for name in given)


def names_of(item: FieldItem) -> tuple[str, ...]:
    """`table.field` by stored name and attribute, new and old, with and without the namespace."""
    fields = [field for field in (item.after, item.before) if field is not None]
    names = dict.fromkeys(name for field in fields for name in (field.name, field.code_name))
    return tuple(f"{table}.{name}" for table in dict.fromkeys((item.prefix, item.table)) for name in names)


def declared(field: Field, *, optional: bool) -> Field:
    """The field as the source declares it while the column is or is not nullable."""
    return msgspec.structs.replace(field, optional=optional)
