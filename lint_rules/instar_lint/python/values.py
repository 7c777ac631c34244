"""What the flow analysis knows about an expression: a small lattice whose top is `UNKNOWN`.

Classes are named by their qualified names, so that values compare, hash and cache by content.
"""

from __future__ import annotations

import ast
from typing import Literal, TypeAlias

import msgspec

from instar_lint.facts import Filter, OrderKey


class _Value(msgspec.Struct, frozen=True):
    """Shared configuration."""


class Unknown(_Value, frozen=True):
    """Could be anything; nothing is said about it."""


class Nothing(_Value, frozen=True):
    """Python's None, or a branch that gives no value: it never hides the type of the other branch."""


class Plain(_Value, frozen=True):
    """Known, and neither a row nor anything that leads to one: a number, a string, an object of a library."""


class Instance(_Value, frozen=True):
    """A row: an object of a mapped class."""

    cls: str


class Entity(_Value, frozen=True):
    """A mapped class, or an alias of one."""

    cls: str


class ColumnOf(_Value, frozen=True):
    """A mapped attribute as an expression (`User.name`), or the cell of a row that it selects."""

    cls: str
    name: str


class RelationOf(_Value, frozen=True):
    """A relationship as an expression (`User.posts`)."""

    cls: str
    name: str


class TableOf(_Value, frozen=True):
    """A Core table, or its collection of columns."""

    table: str
    namespace: str | None = None


class StoredColumn(_Value, frozen=True):
    """A column of a Core table by its stored name."""

    table: str
    namespace: str | None
    column: str


class Many(_Value, frozen=True):
    """Something that yields items one after the other: a list, a set, a result, a relationship to many."""

    item: Value


class Record(_Value, frozen=True):
    """A tuple or a result row: one value per position, and its label where it has one."""

    items: tuple[Value, ...]
    labels: tuple[str, ...] = ()
    row: bool = False


class Entry(_Value, frozen=True):
    """One literal key of a dictionary, where it stands, and its value."""

    key: str
    node: ast.expr | ast.keyword
    value: Value


class Dictionary(_Value, frozen=True):
    """A mapping: what its values are, and its literal keys where they are known (`complete`: all of them)."""

    value: Value
    entries: tuple[Entry, ...] = ()
    complete: bool = False


class Spelling(_Value, frozen=True):
    """A string literal and the node that spells it."""

    text: str
    node: ast.Constant


class Text(_Value, frozen=True):
    """A string that is one of these literals."""

    options: tuple[Spelling, ...]


class Object(_Value, frozen=True):
    """An object of a class of the project that is not mapped; `bound` gives its type variables."""

    cls: str
    bound: tuple[tuple[str, Value], ...] = ()


class ClassOf(_Value, frozen=True):
    """A class of the project that is not mapped."""

    cls: str
    bound: tuple[tuple[str, Value], ...] = ()


class Function(_Value, frozen=True):
    """A function of the project by module and qualified name; `receiver` is what a method is bound to."""

    module: str
    name: str
    receiver: Value | None = None


class Module(_Value, frozen=True):
    """A module or package, of the project or not."""

    name: str


class External(_Value, frozen=True):
    """A name of a library, such as `sqlalchemy.select`."""

    name: str


class TypeVariable(_Value, frozen=True):
    """A type variable that nothing has bound yet; `type[T]` where `of_class` is set."""

    name: str
    of_class: bool = False


class Statement(_Value, frozen=True, kw_only=True):
    """A query that is being built.

    Attributes:
        kind: What it does; `query` is the 1.x form, whose results need no `scalars()`.
        items: What one row holds.
        labels: The names of those items, empty where there is none.
        root: The first class or table that it reads.
        last: The class that `filter_by` binds to.
        joined: Whether it reads more than the root.
        filters: Conditions on the root's own stored fields, all of them to hold.
        order: What it sorts by.
        limited: Whether it stops after some rows.
        hint: The index that it names.
        unique_on: The fields of an `ON CONFLICT`.
        whole: False where a part of it could not be read.
        without: Attributes that loader options leave out.
        loads: Whether it loads whole rows of the root.
        node: Where it starts.
    """

    kind: Literal["select", "query", "insert", "update", "delete"]
    node: ast.expr
    items: tuple[Value, ...] = ()
    labels: tuple[str, ...] = ()
    root: Value | None = None
    last: Value | None = None
    joined: bool = False
    filters: tuple[Filter, ...] = ()
    order: tuple[OrderKey, ...] = ()
    limited: bool = False
    hint: str | None = None
    unique_on: tuple[str, ...] = ()
    whole: bool = True
    without: tuple[str, ...] = ()
    loads: bool = False


class Subquery(_Value, frozen=True):
    """A statement as a table of its own: `.subquery()`, `.cte()`."""

    statement: Statement


Value: TypeAlias = (
    Unknown
    | Nothing
    | Plain
    | Instance
    | Entity
    | ColumnOf
    | RelationOf
    | TableOf
    | StoredColumn
    | Many
    | Record
    | Dictionary
    | Text
    | Object
    | ClassOf
    | Function
    | Module
    | External
    | TypeVariable
    | Statement
    | Subquery
)

UNKNOWN: Value = Unknown()
NOTHING: Value = Nothing()
PLAIN: Value = Plain()

_MOST_TEXTS = 32


def join(left: Value, right: Value) -> Value:
    """What is known of a value that comes from one of two branches; different types are unknown."""
    if left is right or left == right:
        return left
    if isinstance(left, Nothing):
        return right
    if isinstance(right, Nothing):
        return left
    if type(left) is not type(right):
        return UNKNOWN
    return _join_same(left, right)


def _join_same(left: Value, right: Value) -> Value:
    match left, right:
        case Many(item=a), Many(item=b):
            return Many(join(a, b))
        case Text(options=a), Text(options=b):
            both = tuple(dict.fromkeys((*a, *b)))
            return Text(both) if len(both) <= _MOST_TEXTS else PLAIN
        case Record(), Record() if len(left.items) == len(right.items):
            items = tuple(join(a, b) for a, b in zip(left.items, right.items, strict=True))
            return Record(items, left.labels if left.labels == right.labels else (), left.row)
        case Dictionary(), Dictionary():
            entries = tuple(dict.fromkeys((*left.entries, *right.entries)))
            return Dictionary(join(left.value, right.value), entries, left.complete and right.complete)
        case Statement(), Statement() if left.items == right.items and left.root == right.root:
            return _join_statements(left, right)
        case _:
            return UNKNOWN


def _join_statements(left: Statement, right: Statement) -> Statement:
    """A condition that only one branch adds does not hold for the other: the weaker statement is the known one."""
    filters = tuple(f for f in left.filters if f in right.filters)
    order = left.order if left.order == right.order else (left.order or right.order)
    replace = msgspec.structs.replace
    return replace(left, filters=filters, order=order, whole=left.whole and right.whole)


def joined(values: list[Value]) -> Value:
    """The join of many; of none it is `NOTHING`."""
    result: Value = NOTHING
    for value in values:
        result = join(result, value)
        if isinstance(result, Unknown):
            return result
    return result


def item_of(value: Value) -> Value:
    """What iterating over a value yields."""
    match value:
        case Many(item=item):
            return item
        case Record(items=items):
            return joined(list(items))
        case Statement(kind="query" | "select"):
            return row_of(value)
        case Dictionary(entries=entries, complete=True) if entries:
            spelled = [e for e in entries if isinstance(e.node, ast.Constant)]
            return Text(tuple(Spelling(e.key, e.node) for e in spelled if isinstance(e.node, ast.Constant)))
        case Instance() | External():
            return value  # a row is not iterated: the relationship is to many
        case Text() | Plain() | Dictionary():
            return PLAIN
        case _:
            return UNKNOWN


def row_of(statement: Statement) -> Value:
    """What one row of a statement is: the object itself for a 1.x query of one class, else a row."""
    if statement.kind == "query" and len(statement.items) == 1 and isinstance(statement.items[0], Instance):
        return statement.items[0]
    return Record(statement.items, statement.labels, row=True)
