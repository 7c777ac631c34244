"""How well an index serves a query: equality prefix, then one range, then order.

Pure comparisons over names; nothing is known of the data. A B-tree finds rows by the values of its leading
columns, then by a range of the next one, and hands them out in the order of the columns that follow
(PostgreSQL manual, "Multicolumn Indexes" and "Indexes and ORDER BY"). What cannot be read is not claimed:
expressions, partial and non-B-tree indexes serve nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

from instar.schema.model import IndexKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.schema.model import Index, Table
    from instar_lint.facts import OrderKey, Query

PathKind: TypeAlias = Literal["index", "unique", "primary_key"]

_EQUALITY = frozenset({"eq", "in", "is_null"})


class AccessPath(msgspec.Struct, frozen=True, kw_only=True):
    """A way to find rows: an index, or the one behind a primary key or a unique constraint.

    Attributes:
        name: Its name, or None where the database chooses it.
        keys: The leading keys that are plain columns.
        unique: Whether all of its columns together find at most one row.
        kind: What it was declared as.
        ordered: Whether it keeps rows in the order of its keys.
    """

    name: str | None
    keys: tuple[IndexKey, ...]
    unique: bool = False
    kind: PathKind = "index"
    ordered: bool = True

    @property
    def fields(self) -> tuple[str, ...]:
        """The stored names of its columns, in order."""
        return tuple(key.text for key in self.keys)

    @property
    def title(self) -> str:
        """Its name, or its columns in parentheses where it has none."""
        return self.name or f"({', '.join(self.fields)})"


class Service(NamedTuple):
    """How well a path serves a query; greater is better.

    Attributes:
        single: It finds at most one row.
        matched: How many of the query's conditions it checks without reading a row, once its first column is
            limited by one of them.
        equality: How many leading columns the query fixes.
        sorted: Whether rows come in the order that the query wants, and that saves reading some.
    """

    single: bool = False
    matched: int = 0
    equality: int = 0
    sorted: bool = False


NOTHING = Service()


def path_of(index: Index) -> AccessPath | None:
    """The access path of an index, or None where this rule does not read it."""
    if index.kind not in {"btree", "hash"} or index.predicate or index.staged or not index.valid:
        return None
    keys: list[IndexKey] = []
    for key in index.keys:
        if key.expression:
            break
        keys.append(key)
    if not keys:
        return None
    whole = len(keys) == len(index.keys)
    return AccessPath(
        name=index.name, keys=tuple(keys), unique=index.unique and whole, ordered=index.kind == "btree"
    )


def paths_of(table: Table) -> tuple[AccessPath, ...]:
    """Every access path of a table: its indexes, primary key and unique constraints."""
    constraints = (
        AccessPath(
            name=constraint.name,
            keys=tuple(IndexKey(field) for field in constraint.fields),
            unique=True,
            kind=constraint.kind,
        )
        for constraint in table.constraints
        if constraint.kind in {"primary_key", "unique"} and constraint.fields
    )
    return (*constraints, *(path for index in table.indexes if (path := path_of(index))))


def serves(query: Query, path: AccessPath) -> Service:
    """How well `path` serves `query`.

    Order counts where the query stops early and no equality elsewhere throws most of what comes first away.
    """
    fixed = {f.field for f in query.filters if f.operator in _EQUALITY}
    several = {f.field for f in query.filters if f.operator == "in"}
    ranges = {f.field for f in query.filters if f.operator == "range"}
    equality = 0
    while equality < len(path.keys) and path.keys[equality].text in fixed:
        equality += 1
    prefix = path.fields[:equality]
    scattered = bool(several.intersection(prefix))
    single = path.unique and equality == len(path.keys) and not _nullable(query, prefix) and not scattered
    if not path.ordered:
        whole = equality == len(path.keys)
        return Service(single, equality, equality) if whole else NOTHING
    limited = equality > 0 or path.fields[0] in ranges
    matched = len((fixed | ranges).intersection(path.fields)) if limited else 0
    in_order = not scattered and _ordered(query.order, fixed - several, path.keys[equality:])
    saves = bool(query.order) and query.limited and fixed.issubset(path.fields if limited else ())
    return Service(single, matched, equality, in_order and saves)


def _nullable(query: Query, prefix: tuple[str, ...]) -> bool:
    """Whether a unique path is asked for NULL, of which it may hold many."""
    return any(f.operator == "is_null" and f.field in prefix for f in query.filters)


def _ordered(order: tuple[OrderKey, ...], fixed: set[str], keys: tuple[IndexKey, ...]) -> bool:
    """Whether `keys` hand rows out in `order`, read forwards or backwards; fixed fields order nothing."""
    wanted = [key for key in order if key.field not in fixed]
    if len(wanted) > len(keys):
        return False
    if any(key.field != have.text for key, have in zip(wanted, keys, strict=False)):
        return False
    turns = {key.descending != have.descending for key, have in zip(wanted, keys, strict=False)}
    return len(turns) <= 1


def best(query: Query, paths: Iterable[AccessPath]) -> Service:
    """How well the best of `paths` serves `query`."""
    return max((serves(query, path) for path in paths), default=NOTHING)


def better_by(
    query: Query, candidates: Iterable[AccessPath], deployed: Iterable[AccessPath]
) -> AccessPath | None:
    """The candidate that serves `query` better than every deployed path does, if one does.

    Nothing is better than a path that already finds at most one row.
    """
    if not query.whole:
        return None
    have = best(query, deployed)
    if have.single:
        return None
    ranked = sorted(candidates, key=lambda path: serves(query, path), reverse=True)
    return ranked[0] if ranked and serves(query, ranked[0]) > have else None


def missing_unique(
    query: Query, declared: Iterable[AccessPath], deployed: Iterable[AccessPath]
) -> AccessPath | None:
    """The declared unique path that `ON CONFLICT` relies on and that is not deployed, if there is one."""
    wanted = set(query.unique_on)
    if not wanted or any(path.unique and set(path.fields) == wanted for path in deployed):
        return None
    return next((path for path in declared if path.unique and set(path.fields) == wanted), None)
