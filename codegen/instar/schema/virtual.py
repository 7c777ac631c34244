"""The database and the source at every point of a migration, computed from the plan alone.

The planner's laws, the emitter and the linter ask the same functions, so that they cannot disagree about what
exists when.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from instar.schema.covered import constraint_columns, index_columns
from instar.schema.model import Field, Schema, Table
from instar.schema.operations import (
    AddConstraint,
    AddField,
    ChangeFieldType,
    ChangeServerDefault,
    CheckFilled,
    CreateIndex,
    DropConstraint,
    DropField,
    DropIndex,
    RelaxField,
    RequireField,
    SyncFields,
    UnsyncFields,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from instar.schema.migration import Migration, SourceEdit, Step
    from instar.schema.operations import Operation

SyncedPair: TypeAlias = tuple[str | None, str, str, str]
"""Namespace, table, old stored name, new stored name."""


def schema_after(migration: Migration, point: int | str) -> Schema:
    """The database after a deploy (by number, 0 for before the first one) or after a step (by id)."""
    schema = migration.before
    for step in steps_until(migration, point):
        schema = applied(schema, step.operations)
    return schema


def declared_after(migration: Migration, point: int | str) -> Schema:
    """What the schema source declares after a deploy (by number) or after a step (by id).

    A field that it declares is mapped: every SELECT and INSERT of its table names it.
    """
    schema = migration.before
    for step in steps_until(migration, point):
        schema = edited(schema, step.edits)
    return schema


def edited(schema: Schema, edits: Iterable[SourceEdit]) -> Schema:
    """What the source declares after these edits."""
    for edit in edits:
        schema = _edited(schema, edit)
    return schema


def synced_after(migration: Migration, point: int | str) -> frozenset[SyncedPair]:
    """The pairs of columns that triggers keep in step after a deploy or a step."""
    pairs: set[SyncedPair] = set()
    for step in steps_until(migration, point):
        for act in step.operations:
            if isinstance(act, SyncFields | UnsyncFields):
                pair = (act.namespace, act.table, act.old.name, act.new.name)
                (pairs.add if isinstance(act, SyncFields) else pairs.discard)(pair)
    return frozenset(pairs)


def steps_until(migration: Migration, point: int | str) -> tuple[Step, ...]:
    """The steps up to and with a deploy or a step.

    Raises:
        KeyError: The migration has no step of that id.
    """
    if isinstance(point, int):
        return tuple(step for deploy in migration.deploys[:point] for step in deploy.steps)
    steps = migration.steps
    position = next((i for i, step in enumerate(steps) if step.id == point), None)
    if position is None:
        raise KeyError(point)
    return steps[: position + 1]


def applied(schema: Schema, operations: Iterable[Operation]) -> Schema:
    """The schema after these operations."""
    for operation in operations:
        schema = _with_table(schema, operation.table, operation.namespace, partial(_apply, act=operation))
    return schema


def undone(schema: Schema, operations: Iterable[Operation]) -> Schema:
    """The schema before these operations, from the one after them."""
    for operation in reversed(tuple(operations)):
        schema = _with_table(schema, operation.table, operation.namespace, partial(_undo, act=operation))
    return schema


def _with_table(schema: Schema, name: str, namespace: str | None, change: Callable[[Table], Table]) -> Schema:
    tables = tuple(change(t) if t.key == (namespace, name) else t for t in schema.tables)
    return msgspec.structs.replace(schema, tables=tables)


def _apply(table: Table, act: Operation) -> Table:
    replace = msgspec.structs.replace
    match act:
        case AddField(field=field):
            return replace(table, fields=(*table.fields, field))
        case DropField(field=field) | UnsyncFields(dropped=Field() as field):
            return _without_field(table, field.name)
        case RelaxField(field=field):
            return with_field(table, field.name, optional=True)
        case RequireField(field=field):
            return with_field(table, field.name, optional=False)
        case ChangeFieldType(before=before, after=after):
            return with_field(table, before.name, type=after.type, spelling=after.spelling)
        case ChangeServerDefault(field=field, after=default):
            return with_field(table, field.name, server_default=default)
        case CreateIndex(index=index):
            kept = tuple(i for i in table.indexes if i.name != index.name or i.valid)
            return replace(table, indexes=(*kept, index))
        case DropIndex(index=index):
            return replace(table, indexes=tuple(i for i in table.indexes if i != index))
        case AddConstraint(constraint=constraint):
            return replace(table, constraints=(*table.constraints, constraint))
        case DropConstraint(constraint=constraint):
            return replace(table, constraints=tuple(c for c in table.constraints if c != constraint))
        case SyncFields() | UnsyncFields() | CheckFilled():
            return table


def _undo(table: Table, act: Operation) -> Table:
    match act:
        case AddField(field=field):
            return _without_field(table, field.name)
        case DropField(field=field) | UnsyncFields(dropped=Field() as field):
            return msgspec.structs.replace(table, fields=(*table.fields, field))
        case RelaxField(field=field) | RequireField(field=field):
            return with_field(table, field.name, optional=isinstance(act, RequireField))
        case ChangeFieldType(before=before):
            return with_field(table, before.name, type=before.type, spelling=before.spelling)
        case ChangeServerDefault(field=field, before=default):
            return with_field(table, field.name, server_default=default)
        case CreateIndex(table=name, namespace=namespace, index=index):
            return _apply(table, DropIndex(table=name, namespace=namespace, index=index))
        case DropIndex(table=name, namespace=namespace, index=index):
            return _apply(table, CreateIndex(table=name, namespace=namespace, index=index))
        case AddConstraint(table=name, namespace=namespace, constraint=constraint):
            return _apply(table, DropConstraint(table=name, namespace=namespace, constraint=constraint))
        case DropConstraint(table=name, namespace=namespace, constraint=constraint):
            return _apply(table, AddConstraint(table=name, namespace=namespace, constraint=constraint))
        case SyncFields() | UnsyncFields() | CheckFilled():
            return table


def with_field(table: Table, name: str, **changed: object) -> Table:
    """The table with some attributes of one field replaced."""
    fields = tuple(msgspec.structs.replace(f, **changed) if f.name == name else f for f in table.fields)
    return msgspec.structs.replace(table, fields=fields)


def _without_field(table: Table, name: str) -> Table:
    return msgspec.structs.replace(table, fields=tuple(f for f in table.fields if f.name != name))


def _edited(schema: Schema, edit: SourceEdit) -> Schema:
    if edit.before_table is not None or edit.after_table is not None:
        kept = tuple(table for table in schema.tables if table.key != (edit.namespace, edit.table))
        tables = kept if edit.after_table is None else (*kept, edit.after_table)
        ordered = tuple(sorted(tables, key=lambda table: (table.namespace or "", table.name)))
        return msgspec.structs.replace(schema, tables=ordered)
    return _with_table(schema, edit.table, edit.namespace, partial(_edit, edit=edit))


def _edit(table: Table, edit: SourceEdit) -> Table:
    replace = msgspec.structs.replace
    fields = _edit_fields(table.fields, edit.before, edit.after)
    indexes, constraints = table.indexes, table.constraints
    if edit.before is not None and edit.after is None:
        # A class cannot declare an index over a column that it does not map, although the database still has both.
        gone = edit.before.name
        indexes = tuple(index for index in indexes if gone not in index_columns(index, table))
        constraints = tuple(one for one in constraints if gone not in constraint_columns(one, table))
    if edit.before_index is not None:
        indexes = tuple(index for index in indexes if index != edit.before_index)
    if edit.after_index is not None:
        indexes = (*indexes, edit.after_index)
    if edit.before_constraint is not None:
        constraints = tuple(one for one in constraints if one != edit.before_constraint)
    if edit.after_constraint is not None:
        constraints = (*constraints, edit.after_constraint)
    return replace(table, fields=fields, indexes=indexes, constraints=constraints)


def _edit_fields(fields: tuple[Field, ...], before: Field | None, after: Field | None) -> tuple[Field, ...]:
    """A replaced field keeps its place; of a changed one only what differs between the two is changed."""
    if before is None:
        return fields if after is None else (*fields, after)
    if after is None:
        return tuple(field for field in fields if field.name != before.name)
    changed = {
        name: getattr(after, name)
        for name in Field.__struct_fields__
        if getattr(after, name) != getattr(before, name)
    }
    return tuple(msgspec.structs.replace(f, **changed) if f.name == before.name else f for f in fields)
