"""The vocabulary between the frontends and the rules: what a line of code does to data.

A frontend (`python`, `typescript`) says what it saw in these words; a rule reads nothing else of the code. Tables
are stored names. A field is named as the code names it: by attribute, or by its stored name (`stored`).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from instar.contracts import Confidence
from instar.schema.model import Place

Via: TypeAlias = Literal[
    "attribute",  # user.name, User.name
    "keyword",  # User(name=…), filter_by(name=…), .values(name=…)
    "string",  # getattr(user, "name"), load_only("name"), {"name": …}
    "sql",  # text("select name …")
    "template",  # {{ user.name }}
    "schema",  # a pydantic, marshmallow or validator field of that name
    "implicit",  # an entity SELECT or INSERT that names no column
    "declaration",  # the mapping itself
]
Role: TypeAlias = Literal["value", "filter", "order", "group", "join", "select"]
Operator: TypeAlias = Literal["eq", "in", "is_null", "range", "prefix", "other"]


Receiver: TypeAlias = Literal[
    "row",
    "class",  # the mapped class
    "table",  # its table, or rows that are given to it past the session
    "alias",  # an alias or a subquery: other rows of the class
]


class _Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="fact"):
    """What all facts share: where, and how sure the frontend is of the table.

    `end_column` is the 1-based column behind the last character of the name, 0 where unknown. `compiler` says that the
    language's own compiler refuses the line too, as soon as the declared schema lacks what it names.
    """

    place: Place
    end_column: int = 0
    confidence: Confidence = "proven"
    compiler: bool = False


class FieldUse(_Fact, frozen=True, tag="field"):
    """A line reads or writes one field.

    Attributes:
        table: The stored table name; None where only the field's name is known.
        name: The attribute, or the stored name where `stored` is set.
        field: The stored name of the field, where the frontend knows it; an attribute's name often differs.
        access: What the line does to it.
        via: How it is named.
        role: What the value is for.
        operator: The comparison, where the role is a filter.
        constant: Whether a filter compares with something other than None/undefined.
        subject: The source text of the receiver, for messages and fixes (`user` of `user.name`).
        receiver: What that is.
        scope: The qualified name of the enclosing function or class, for baselines.
    """

    name: str
    access: Literal["read", "write"]
    via: Via
    table: str | None = None
    namespace: str | None = None
    field: str = ""
    stored: bool = False
    role: Role = "value"
    operator: Operator | None = None
    constant: bool = True
    subject: str = ""
    receiver: Receiver = "row"
    scope: str = ""


class RowInsert(_Fact, frozen=True, tag="insert"):
    """A line creates a row with these fields. `complete` is false where a `**mapping` may give more."""

    table: str
    given: tuple[str, ...]
    namespace: str | None = None
    complete: bool = True
    stored: bool = False
    scope: str = ""


class Filter(msgspec.Struct, frozen=True, omit_defaults=True):
    """One condition of a query on one stored field."""

    field: str
    operator: Operator


class OrderKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of a query's order, by stored field."""

    field: str
    descending: bool = False


class Query(_Fact, frozen=True, tag="query"):
    """A query against one table.

    Attributes:
        filters: What it asks of the table's own fields, all of them to hold.
        order: What it sorts by.
        limited: Whether it stops after some rows.
        named_index: The index that it names in a hint.
        unique_on: The fields whose uniqueness it relies on (`ON CONFLICT (…)`).
        whole: False where a part of it could not be read; then no coverage is claimed.
    """

    table: str
    namespace: str | None = None
    filters: tuple[Filter, ...] = ()
    order: tuple[OrderKey, ...] = ()
    limited: bool = False
    named_index: str | None = None
    unique_on: tuple[str, ...] = ()
    whole: bool = True
    scope: str = ""


class EntityRead(_Fact, frozen=True, tag="entity"):
    """A line loads whole rows: every mapped column is named in its SELECT. `without` are left out explicitly."""

    table: str
    namespace: str | None = None
    without: tuple[str, ...] = ()
    scope: str = ""


class Listing(_Fact, frozen=True, tag="listing"):
    """A validator of a function's results lists the fields of whole documents; another field is refused at run time."""

    table: str
    given: tuple[str, ...]
    scope: str = ""


class Unresolved(_Fact, frozen=True, tag="unresolved"):
    """Dynamic code that might name any field: `getattr(post, name)`, `Post(**payload)`. `text` is its source."""

    text: str
    table: str | None = None
    namespace: str | None = None
    scope: str = ""


Fact: TypeAlias = FieldUse | RowInsert | Query | EntityRead | Listing | Unresolved
