"""Schemas for tests: short constructors, and Hypothesis strategies for whole schema versions."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from instar.schema import types as t
from instar.schema.model import (
    Constraint,
    Default,
    Field,
    Index,
    IndexKey,
    Opaque,
    Place,
    Reference,
    Schema,
    Table,
    Unreadable,
)

TEXT = t.StringType(length=50)
INT = t.IntType()


def field(name: str, type_: t.FieldType = TEXT, **more: object) -> Field:
    """A required text field, or what is said."""
    return msgspec.structs.replace(Field(name=name, type=type_), **more)


def index(name: str | None, *keys: str, **more: object) -> Index:
    """An index over columns."""
    return msgspec.structs.replace(Index(name=name, keys=tuple(IndexKey(key) for key in keys)), **more)


def unique(*fields: str, name: str | None = None) -> Constraint:
    """A unique constraint."""
    return Constraint(kind="unique", fields=fields, name=name)


def points_at(table: str, *fields: str, to: str = "id", **more: str) -> Constraint:
    """A foreign key."""
    return Constraint(
        kind="foreign_key", fields=fields, references=Reference(table=table, fields=(to,), **more)
    )


def table(name: str, *parts: Field | Index | Constraint | Opaque, **more: object) -> Table:
    """A table of these parts, each put where it belongs."""

    def of(kind: type) -> tuple:
        return tuple(part for part in parts if isinstance(part, kind))

    made = Table(
        name=name, fields=of(Field), indexes=of(Index), constraints=of(Constraint), opaque=of(Opaque)
    )
    return msgspec.structs.replace(made, **more)


def schema(*parts: Table | Unreadable, dialect: str = "sqlalchemy") -> Schema:
    """A schema of these tables and unreadable files."""
    tables = sorted(
        (one for one in parts if isinstance(one, Table)), key=lambda one: (one.namespace or "", one.name)
    )
    unreadable = tuple(one for one in parts if isinstance(one, Unreadable))
    return Schema(dialect=dialect, tables=tuple(tables), unreadable=unreadable)


NAMES = st.sampled_from(
    ["a", "b", "c", "d", "e", "id", "name", "user_name", "display_name", "is_active", "is_deleted", "status"]
)
TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)
SMALL = st.integers(min_value=1, max_value=200)

SCALARS = st.one_of(
    st.builds(t.StringType, length=st.none() | SMALL, text=st.booleans(), fixed=st.booleans()),
    st.builds(t.IntType, bits=st.sampled_from([16, 32, 64]), unsigned=st.booleans()),
    st.builds(t.FloatType, bits=st.sampled_from([None, 32, 64])),
    st.builds(t.DecimalType, precision=st.none() | SMALL, scale=st.none() | st.integers(0, 10)),
    st.builds(t.BytesType, length=st.none() | SMALL),
    st.builds(t.DateTimeType, timezone=st.booleans()),
    st.builds(t.JsonType, binary=st.booleans()),
    st.builds(t.IdType, table=NAMES),
    st.builds(t.EnumType, values=st.lists(TEXTS, unique=True, max_size=4).map(tuple), native=st.booleans()),
    st.builds(t.NativeType, text=TEXTS),
    st.builds(
        t.LiteralType,
        value=st.one_of(
            TEXTS,
            st.booleans(),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
    ),
    st.sampled_from([t.BoolType(), t.DateType(), t.UuidType(), t.NullType(), t.AnyType()]),
)


def _nested(inner: st.SearchStrategy[t.FieldType]) -> st.SearchStrategy[t.FieldType]:
    members = st.lists(
        st.builds(t.Member, name=NAMES, type=inner, optional=st.booleans()),
        max_size=3,
        unique_by=lambda m: m.name,
    )
    return st.one_of(
        st.builds(t.ArrayType, element=inner),
        st.builds(t.RecordType, key=inner, value=inner),
        st.builds(t.UnionType, members=st.lists(inner, max_size=3).map(tuple)),
        st.builds(
            t.ObjectType, members=members.map(lambda found: tuple(sorted(found, key=lambda m: m.name)))
        ),
    )


TYPES = st.recursive(SCALARS, _nested, max_leaves=6)
PLACES = st.none() | st.builds(
    Place, path=st.sampled_from(["app/a.py", "app/b.py"]), line=SMALL, column=SMALL
)
DEFAULTS = st.none() | st.builds(Default, text=TEXTS, constant=st.booleans())
FIELDS = st.builds(
    Field,
    name=NAMES,
    type=TYPES,
    optional=st.booleans(),
    attribute=st.sampled_from(["", "other"]),
    default=DEFAULTS,
    server_default=DEFAULTS,
    generated=st.none() | TEXTS,
    autoincrement=st.booleans(),
    place=PLACES,
)
KEYS = st.builds(IndexKey, text=NAMES, expression=st.booleans(), descending=st.booleans())
INDEXES = st.builds(
    Index,
    name=st.none() | NAMES,
    keys=st.lists(KEYS, min_size=1, max_size=3).map(tuple),
    unique=st.booleans(),
    predicate=st.none() | TEXTS,
    place=PLACES,
)
CONSTRAINTS = st.builds(
    Constraint,
    kind=st.sampled_from(["primary_key", "unique", "foreign_key", "check"]),
    name=st.none() | NAMES,
    fields=st.lists(NAMES, min_size=1, max_size=2, unique=True).map(tuple),
    expression=st.none() | TEXTS,
    references=st.none() | st.builds(Reference, table=NAMES, fields=st.lists(NAMES, max_size=2).map(tuple)),
)
OPAQUE = st.builds(Opaque, reason=TEXTS, field=st.none() | NAMES)
TABLES = st.builds(
    Table,
    name=NAMES,
    namespace=st.sampled_from([None, None, "auth"]),
    fields=st.lists(FIELDS, max_size=4, unique_by=lambda one: one.name).map(tuple),
    indexes=st.lists(INDEXES, max_size=2).map(tuple),
    constraints=st.lists(CONSTRAINTS, max_size=2).map(tuple),
    shape=st.none() | TYPES,
    opaque=st.lists(OPAQUE, max_size=1).map(tuple),
)


def _sorted(found: list[Table]) -> tuple[Table, ...]:
    return tuple(sorted(found, key=lambda one: (one.namespace or "", one.name)))


SCHEMAS = st.builds(
    Schema,
    dialect=st.just("sqlalchemy"),
    tables=st.lists(TABLES, max_size=3, unique_by=lambda one: one.key).map(_sorted),
    unreadable=st.lists(st.builds(Unreadable, path=st.just("app/a.py"), reason=TEXTS), max_size=1).map(tuple),
)
