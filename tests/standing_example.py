"""The application that every rule's example is about, half way through a change, and facts written by hand."""

from __future__ import annotations

from instar.schema.model import Constraint, Field, Index, IndexKey, Place, Schema, Table
from instar.schema.types import IntType, StringType
from instar_lint.deployment import Deployment, Environment, FieldInFlight, Origin
from instar_lint.facts import FieldUse, Filter, OrderKey, Query

STRING = StringType(length=50)


def index(name: str, *fields: str, **more: object) -> Index:
    keys = tuple(IndexKey(text=f.removeprefix("-"), descending=f.startswith("-")) for f in fields)
    return Index(name=name, keys=keys, **more)


def posts(*indexes: Index) -> Table:
    names = ("id", "title", "status", "published_at", "author_id")
    return Table(
        name="posts",
        fields=tuple(Field(name=name, type=IntType() if name.endswith("id") else STRING) for name in names),
        indexes=indexes,
        constraints=(Constraint(kind="primary_key", fields=("id",)),),
    )


def schema(*tables: Table) -> Schema:
    return Schema(dialect="sqlalchemy", tables=tables)


BY_AUTHOR = index("by_author", "author_id")
BY_STATUS = index("by_status_and_published", "status", "published_at")
ORIGIN = Origin(before="main (3f2c1a9)", after="WORKTREE", migration="display-names", deploy=1)
DISPLAY_NAME = Field(name="display_name", type=STRING)


def in_flight(table: str, name: str, state: str, **more: object) -> FieldInFlight:
    return FieldInFlight(
        table=table,
        field=Field(name=name, type=STRING),
        state=state,
        names=frozenset({name}),
        origin=ORIGIN,
        **more,
    )


DEPLOYMENT = Deployment(
    declared=schema(posts(BY_AUTHOR, BY_STATUS)),
    environments=(Environment(name="production", schema=schema(posts(BY_AUTHOR))),),
    target=schema(posts(BY_AUTHOR, BY_STATUS)),
    origin=ORIGIN,
    fields=(
        in_flight("posts", "legacy_field", "removed"),
        in_flight("posts", "legacy_note", "leaving"),
        in_flight(
            "users",
            "user_name",
            "leaving",
            successor=DISPLAY_NAME,
            synced=True,
            accessor="app.accessors.users.display_name",
        ),
    ),
)


def at(line: int = 1, column: int = 1, path: str = "app/views.py") -> Place:
    return Place(path, line, column)


def use(name: str, access: str = "read", table: str | None = "posts", **more: object) -> FieldUse:
    return FieldUse(place=at(), name=name, access=access, table=table, **({"via": "attribute"} | more))


def query(*filters: str, order: str = "", table: str = "posts", **more: object) -> Query:
    """`query("status", "published_at:range", order="-id")`."""
    parsed = (f.partition(":") for f in filters)
    keys = [OrderKey(k.removeprefix("-"), descending=k.startswith("-")) for k in order.split(",") if k]
    return Query(
        place=at(),
        table=table,
        filters=tuple(Filter(field, operator or "eq") for field, _, operator in parsed),
        order=tuple(keys),
        **more,
    )
