"""A live database in the words of the models that it was made from: what is left of a diff then is drift.

Whatever the database would have made of a declaration is replaced by that declaration; what it would not have made
stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.storage import same_default, same_sql, same_storage
from instar.schema.constraint_changes import demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.schema.model import Constraint, Field, Index, IndexKey, Reference, Schema, Table

LONGEST_NAME = {"postgresql": 63, "mariadb": 64}
DEFAULT_NAMESPACE = {"postgresql": "public"}
_MADE_CHECK = re.compile(r"\bjson_valid\s*\(|\bin\s*\(|=\s*any\s*\(", re.IGNORECASE)


def align(live: Schema, declared: Schema) -> Schema:
    """The live schema, with everything that agrees with the declared one said as that says it.

    Namespaces that the models never name are left out: they are somebody else's.

    Args:
        live: Read from a database (`backend` is set).
        declared: Read from models, from a snapshot, or from another database.
    """
    backend = live.backend or ""
    named = {table.namespace for table in declared.tables}
    default = DEFAULT_NAMESPACE.get(backend)
    tables = []
    for table in live.tables:
        match = declared.table(table.name, table.namespace)
        if match is None and table.namespace is None and default in named:
            match = declared.table(table.name, default)
        if match is not None:
            tables.append(_table(table, match, backend))
        elif table.namespace is None or table.namespace in named:
            tables.append(table)
    tables.sort(key=lambda table: (table.namespace or "", table.name))
    return msgspec.structs.replace(live, tables=tuple(tables))


def _table(live: Table, declared: Table, backend: str) -> Table:
    constraints, indexes = _unique_indexes(live, declared, backend)
    key = set(declared.primary_key)
    fields = {field.name: field for field in live.fields}
    return msgspec.structs.replace(
        declared,
        fields=tuple(_field(field, declared.field(field.name), backend, key) for field in fields.values()),
        indexes=tuple(_indexes(indexes, declared, constraints, backend)),
        constraints=tuple(_constraints(constraints, declared, backend)),
    )


def _field(live: Field, declared: Field | None, backend: str, key: set[str]) -> Field:
    if declared is None:
        return live
    same_type = same_storage(declared, live, backend)
    found = msgspec.structs.replace(
        declared,
        type=declared.type if same_type else live.type,
        optional=live.optional,
        server_default=live.server_default,
    )
    if same_default(declared.server_default, live.server_default) or live.autoincrement:
        found = msgspec.structs.replace(found, server_default=declared.server_default)
    if (declared.generated is None) != (live.generated is None):
        found = msgspec.structs.replace(found, generated=live.generated)
    if backend == "sqlite" and live.name in key:
        found = msgspec.structs.replace(found, optional=declared.optional)
    return found


def _unique_indexes(live: Table, declared: Table, backend: str) -> tuple[list[Constraint], list[Index]]:
    """MariaDB reports a unique constraint as the unique index that it is there."""
    constraints, indexes = list(live.constraints), list(live.indexes)
    if backend != "mariadb":
        return constraints, indexes
    wanted = [one for one in declared.constraints if one.kind == "unique"]
    own = {_shape(index) for index in declared.indexes}
    for constraint in wanted:
        match = next(
            (
                index
                for index in indexes
                if index.unique
                and sorted(index.fields) == sorted(constraint.fields)
                and _shape(index) not in own
            ),
            None,
        )
        if match is not None:
            indexes.remove(match)
            constraints.append(constraint)
    return constraints, indexes


def _shape(index: Index) -> tuple[tuple[str, ...], bool]:
    return index.fields, index.unique


def _indexes(
    live: list[Index], declared: Table, constraints: list[Constraint], backend: str
) -> Iterator[Index]:
    """By name first, so that two indexes over the same columns keep theirs."""
    left = list(declared.indexes)
    pairs: dict[int, Index] = {}
    for by_name in (True, False):
        for position, index in enumerate(live):
            if position in pairs:
                continue
            match = next((one for one in left if _same_index(one, index, backend, by_name=by_name)), None)
            if match is not None:
                left.remove(match)
                pairs[position] = match
    for position, index in enumerate(live):
        match = pairs.get(position)
        if match is None:
            if not (backend == "mariadb" and _made_for_key(index, constraints)):
                yield index
            continue
        unknown = match.name is None or len(match.name) > LONGEST_NAME.get(backend, len(match.name))
        yield msgspec.structs.replace(match, name=match.name if unknown else index.name, valid=index.valid)


def _same_index(declared: Index, live: Index, backend: str, *, by_name: bool) -> bool:
    if by_name and declared.name != live.name:
        return False
    if declared.unique != live.unique or len(declared.keys) != len(live.keys):
        return False
    if not all(_same_key(one, other, backend) for one, other in zip(declared.keys, live.keys, strict=True)):
        return False
    if backend == "postgresql" and (declared.kind != live.kind or declared.include != live.include):
        return False
    ignored = backend == "mariadb"
    return ignored or same_sql(declared.predicate, live.predicate)


def _same_key(declared: IndexKey, live: IndexKey, backend: str) -> bool:
    if declared.expression != live.expression:
        return False
    if backend == "postgresql" and _turned(declared) != _turned(live):
        return False
    return same_sql(declared.text, live.text) if declared.expression else declared.text == live.text


def _turned(key: IndexKey) -> tuple[bool, str]:
    """The order of a key, as PostgreSQL completes it."""
    return key.descending, key.nulls or ("first" if key.descending else "last")


def _made_for_key(index: Index, constraints: list[Constraint]) -> bool:
    """MariaDB makes an index for a foreign key that has none, named after the key or its first column."""
    for one in constraints:
        if one.kind == "foreign_key" and one.fields == index.fields and not index.unique:
            first = re.escape(one.fields[0])
            return index.name == one.name or re.fullmatch(rf"{first}(_\d+)?", index.name or "") is not None
    return False


def _constraints(live: list[Constraint], declared: Table, backend: str) -> Iterator[Constraint]:
    left = list(declared.constraints)
    for constraint in live:
        match = next((one for one in left if _same_constraint(one, constraint, backend)), None)
        if match is not None:
            left.remove(match)
            yield match
        elif not (constraint.kind == "check" and _MADE_CHECK.search(constraint.expression or "")):
            yield constraint


def _same_constraint(declared: Constraint, live: Constraint, backend: str) -> bool:
    if declared.kind != live.kind:
        return False
    if declared.kind == "check":
        named = declared.name is not None and declared.name == live.name
        return named or same_sql(declared.expression, live.expression)
    if declared.kind == "foreign_key":
        return declared.fields == live.fields and _same_target(declared.references, live.references, backend)
    return demand(declared) == demand(live)


def _same_target(declared: Reference | None, live: Reference | None, backend: str) -> bool:
    """A target without fields is its primary key; MariaDB knows no difference between RESTRICT and NO ACTION."""
    if declared is None or live is None:
        return declared is live
    default = DEFAULT_NAMESPACE.get(backend)

    def action(text: str | None) -> str:
        said = (text or "NO ACTION").upper()
        return "NO ACTION" if backend == "mariadb" and said == "RESTRICT" else said

    return (
        (declared.namespace or default, declared.table) == (live.namespace or default, live.table)
        and (not declared.fields or not live.fields or declared.fields == live.fields)
        and action(declared.on_delete) == action(live.on_delete)
        and action(declared.on_update) == action(live.on_update)
    )
