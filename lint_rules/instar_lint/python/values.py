"""What the flow analysis knows about an expression: a small lattice whose top is `UNKNOWN`.

Classes are named by their qualified names, so that values compare, hash and cache by content.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar_lint.facts import Filter, OrderKey

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    """A mapped class, or an alias of one in a query."""

    cls: str
    aliased: bool = False


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
    """One literal key of a dictionary, the node and the file that spell it, and its value."""

    key: str
    node: ast.expr | ast.keyword
    value: Value
    path: str


class Dictionary(_Value, frozen=True):
    """A mapping: what its values are, and its literal keys where they are known (`complete`: all of them)."""

    value: Value
    entries: tuple[Entry, ...] = ()
    complete: bool = False


class Spelling(_Value, frozen=True):
    """A known string, and the node and the file that spell it: a literal, or a keyword argument."""

    text: str
    node: ast.Constant | ast.keyword
    path: str


class Text(_Value, frozen=True):
    """A string that is one of these literals."""

    options: tuple[Spelling, ...]


class Object(_Value, frozen=True):
    """An object of a class of the project that is not mapped.

    Attributes:
        cls: The class.
        bound: What its type variables stand for.
        given: What its constructor was given, by parameter, where that leads to rows.
    """

    cls: str
    bound: tuple[tuple[str, Value], ...] = ()
    given: tuple[tuple[str, Value], ...] = ()


class ClassOf(_Value, frozen=True):
    """A class of the project that is not mapped."""

    cls: str
    bound: tuple[tuple[str, Value], ...] = ()


class Function(_Value, frozen=True):
    """A function of the project by module and qualified name; `receiver` is what a method is bound to."""

    module: str
    name: str
    receiver: Value | None = None


class Closure(_Value, frozen=True):
    """A function that was defined inside another one.

    `names` holds the variables of that one that it names, None as long as it has not left it.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef
    module: str
    cls: str | None
    names: tuple[tuple[str, Value], ...] | None


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


class OneOf(_Value, frozen=True):
    """Any one of these: two branches gave values of different types, all of them known."""

    options: tuple[Value, ...]


class Super(_Value, frozen=True):
    """`super()`: the owner, whose members are looked for behind the class `after`."""

    owner: Instance | Entity | Object | ClassOf
    after: str


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
    | Closure
    | Module
    | External
    | TypeVariable
    | Statement
    | Subquery
    | OneOf
    | Super
)

_LEADING = (Instance, Entity, Many, Record, Dictionary, Object, Statement, Subquery, TableOf)

UNKNOWN: Value = Unknown()
NOTHING: Value = Nothing()
PLAIN: Value = Plain()

_MOST_TEXTS = 32
_MOST_OPTIONS = 4


def options_of(value: Value) -> tuple[Value, ...]:
    """What a value may be, one by one."""
    return value.options if isinstance(value, OneOf) else (value,)


def join(left: Value, right: Value) -> Value:
    """What is known of a value that comes from one of two branches; beside an unknown one nothing is."""
    if left is right or left == right:
        return left
    if isinstance(left, Nothing):
        return right
    if isinstance(right, Nothing):
        return left
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if type(left) is type(right) and not isinstance(left, OneOf):
        same = _join_same(left, right)
        if not isinstance(same, Unknown):
            return same
    return _either(left, right)


def _either(left: Value, right: Value) -> Value:
    """A value of one type or of another; only where one of them is, or leads to, a row."""
    found: list[Value] = []
    for value in (*options_of(left), *options_of(right)):
        if value in found:
            continue
        at = next((n for n, one in enumerate(found) if type(one) is type(value)), None)
        same = _join_same(found[at], value) if at is not None else UNKNOWN
        if at is not None and not isinstance(same, Unknown):
            found[at] = same
        else:
            found.append(value)
    if len(found) == 1:
        return found[0]
    leads = any(isinstance(value, _LEADING) for value in found)
    return OneOf(tuple(found)) if leads and len(found) <= _MOST_OPTIONS else UNKNOWN


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


def most_of(values: Sequence[Value]) -> Value:
    """The join of the known ones: what a value of several options gives where some of them lead nowhere."""
    known = [value for value in values if not isinstance(value, Unknown)]
    return joined(known) if known else UNKNOWN


def joined(values: Sequence[Value]) -> Value:
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
            nodes = [(e, e.node) for e in entries]
            kinds = (ast.Constant, ast.keyword)
            return Text(tuple(Spelling(e.key, node, e.path) for e, node in nodes if isinstance(node, kinds)))
        case OneOf(options=options):
            several = [option for option in options if not isinstance(option, Instance | Plain)]
            return most_of([item_of(option) for option in several or options])
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
