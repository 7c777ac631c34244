"""Operations to acts, up and down, on the backend that the migration is written for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import msgspec

from instar.dialects.sqlalchemy.ddl import mariadb, postgresql, sqlite
from instar.dialects.sqlalchemy.ddl.acts import Act, Fill, Note, Restore, Save
from instar.dialects.sqlalchemy.ddl.names import joined, object_name, quoted, table_name
from instar.dialects.sqlalchemy.triggers import Pair
from instar.errors import InstarError
from instar.schema import operations as ops
from instar.schema.model import Field

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.ddl.names import Backend
    from instar.schema.model import Constraint, Index, Table


class Ddl(Protocol):
    """What each backend's module offers."""

    def add_field(self, table: Table, field: Field, /) -> tuple[Act, ...]: ...  # noqa: D102 - named by what it does
    def add_field_back(self, table: Table, field: Field, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def drop_field(self, table: Table, field: Field, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def relax_field(self, table: Table, field: Field, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def require_field(self, table: Table, field: Field, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def change_type(self, table: Table, before: Field, after: Field, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def change_type_back(self, table: Table, after: Field, before: Field, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def change_default(self, table: Table, field: Field, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def create_index(self, table: Table, index: Index, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def drop_index(self, table: Table, index: Index, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def add_constraint(self, table: Table, constraint: Constraint, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def add_constraint_back(self, table: Table, constraint: Constraint, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def drop_constraint(self, table: Table, constraint: Constraint, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def sync(self, pair: Pair, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above
    def unsync(self, table: Table, pair: Pair, dropped: Field | None, /) -> tuple[Act, ...]: ...  # noqa: D102 - as above


def _ddl(backend: Backend) -> Ddl:
    modules: dict[Backend, Ddl] = {"postgresql": postgresql, "mariadb": mariadb, "sqlite": sqlite}
    return modules[backend]


def upgrade(operation: ops.Operation, table: Table, backend: Backend) -> tuple[Act, ...]:
    """The acts of an operation.

    Args:
        operation: What is to be done.
        table: The table as it stands before the migration: its primary key and constraints are looked up in it.
        backend: The database.

    Raises:
        InstarError: The backend cannot do it, or a type cannot be written for it.
    """
    ddl = _ddl(backend)
    match operation:
        case ops.SyncFields():
            pair = Pair(operation, backend)
            return (*ddl.sync(pair), *((_restore_new(pair),) if pair.conversion is not None else ()))
        case ops.UnsyncFields(dropped=dropped):
            pair = Pair(operation, backend)
            saved = (_save_old(pair),) if dropped is not None and pair.conversion is not None else ()
            return (*saved, *ddl.unsync(table, pair, dropped))
        case ops.DropField(field=field, successor=Field() as successor):
            pair = _in_step(operation, successor, table, backend)
            saved = (_save_old(pair),) if pair.conversion is not None else ()
            return (*saved, *ddl.drop_field(table, field))
        case ops.CheckFilled(work=work, limit=limit):
            return (_fill(work, table, backend, limit),)
    return _forward(ddl, operation, table)


def _forward(ddl: Ddl, operation: ops.Operation, table: Table) -> tuple[Act, ...]:
    match operation:
        case ops.AddField(field=field):
            return ddl.add_field(table, field)
        case ops.DropField(field=field):
            return ddl.drop_field(table, field)
        case ops.RelaxField(field=field):
            return ddl.relax_field(table, field)
        case ops.RequireField(field=field):
            return ddl.require_field(table, field)
        case ops.ChangeFieldType(before=before, after=after):
            return ddl.change_type(table, before, after)
        case ops.ChangeServerDefault(field=field, after=after):
            return ddl.change_default(table, msgspec.structs.replace(field, server_default=after))
        case ops.CreateIndex(index=index):
            return ddl.create_index(table, named(index, table))
        case ops.DropIndex(index=index):
            return ddl.drop_index(table, named(index, table))
        case ops.AddConstraint(constraint=constraint):
            return ddl.add_constraint(table, constraint)
        case ops.DropConstraint(constraint=constraint):
            return ddl.drop_constraint(table, constraint)
    raise InstarError(f"no revision is written for {type(operation).__name__}.")


def downgrade(operation: ops.Operation, table: Table, backend: Backend, before: Table) -> tuple[Act, ...]:
    """The acts that undo an operation; a column that comes back is empty unless another one held its values.

    Args:
        operation: What was done.
        table: The table as the operation left it.
        backend: The database.
        before: The table as it was before the operation.

    Raises:
        InstarError: As `upgrade`.
    """
    ddl = _ddl(backend)
    match operation:
        case ops.SyncFields():
            pair = Pair(operation, backend)
            saved = (_save_new(pair),) if pair.conversion is not None else ()
            return (*saved, *ddl.unsync(table, pair, None))
        case ops.UnsyncFields(dropped=dropped):
            pair = Pair(operation, backend)
            back = _filled_again(pair, dropped, table, ddl) if dropped is not None else ()
            return (*back, *ddl.sync(pair), *_as_it_was(dropped, before, ddl))
        case ops.DropField(field=field, successor=Field() as successor):
            pair = _in_step(operation, successor, table, backend)
            return (*_filled_again(pair, field, table, ddl), *_as_it_was(field, before, ddl))
        case ops.CheckFilled():
            return ()
    return _backward(ddl, operation, table)


def _backward(ddl: Ddl, operation: ops.Operation, table: Table) -> tuple[Act, ...]:
    match operation:
        case ops.AddField(field=field):
            return ddl.add_field_back(table, field)
        case ops.DropField(field=field):
            back = msgspec.structs.replace(field, optional=True)
            return (
                Note(why=f"{field.name} comes back empty: its values are gone"),
                *ddl.add_field(table, back),
            )
        case ops.RelaxField(field=field):
            return ddl.require_field(table, field)
        case ops.RequireField(field=field):
            return ddl.relax_field(table, field)
        case ops.ChangeFieldType(before=before, after=after):
            return ddl.change_type_back(table, after, before)
        case ops.ChangeServerDefault(field=field, before=before):
            return ddl.change_default(table, msgspec.structs.replace(field, server_default=before))
        case ops.CreateIndex(index=index):
            return ddl.drop_index(table, named(index, table))
        case ops.DropIndex(index=index):
            return ddl.create_index(table, named(index, table))
        case ops.AddConstraint(constraint=constraint):
            return ddl.drop_constraint(table, constraint)
        case ops.DropConstraint(constraint=constraint):
            return ddl.add_constraint_back(table, constraint)
    raise InstarError(f"no revision is written for {type(operation).__name__}.")


def named(index: Index, table: Table) -> Index:
    """The index with a name; one whose name could not be read gets the one that SQLAlchemy would give it."""
    if index.name is not None:
        return index
    columns = (key.text for key in index.keys if not key.expression)
    return msgspec.structs.replace(index, name=object_name("ix", table.name, *columns))


def _in_step(operation: ops.DropField, successor: Field, table: Table, backend: Backend) -> Pair:
    """A column that goes and the one that takes its place, which the application has kept in step."""
    return Pair(
        ops.UnsyncFields(
            table=operation.table,
            namespace=operation.namespace,
            old=operation.field,
            new=successor,
            key=table.primary_key,
            conversion=operation.conversion,
        ),
        backend,
    )


def _filled_again(pair: Pair, dropped: Field, table: Table, ddl: Ddl) -> tuple[Act, ...]:
    """The dropped column, filled from the one that stayed and from what was kept aside."""
    backend = pair.backend
    back = msgspec.structs.replace(dropped, optional=True, server_default=None)
    work = ops.BackfillWork(
        name=f"{table.name}.{dropped.name}",
        table=table.name,
        namespace=table.namespace,
        target=dropped.name,
        guard=f"{pair.o} IS NULL AND {pair.down(pair.n)} IS NOT NULL",
        expression=pair.down(pair.n),
    )
    restored = (_restore_old(pair),) if pair.conversion is not None else ()
    return (*ddl.add_field(table, back), _fill(work, table, backend, None), *restored)


def _as_it_was(dropped: Field | None, before: Table, ddl: Ddl) -> tuple[Act, ...]:
    """The default and the NOT NULL that a column had before it was dropped, now that it is filled."""
    field = before.field(dropped.name) if dropped is not None else None
    if field is None:
        return ()
    default = ddl.change_default(before, field) if field.server_default is not None else ()
    return (*default, *(() if field.optional else ddl.require_field(before, field)))


def _restore_old(pair: Pair) -> Restore:
    """Saved old values put back into the rows whose new value is still the image of what was saved."""
    changed = pair.new_differs(pair.up(pair.o), f"{pair.table}.{pair.n}")
    return _restore(pair, pair.old, _saved_old(pair), changed)


def _restore_new(pair: Pair) -> Restore:
    """Saved new values put back into the rows whose old value is still the image of what was saved."""
    changed = pair.old_differs(pair.down(pair.n), f"{pair.table}.{pair.o}")
    return _restore(pair, pair.new, _saved_new(pair), changed)


def _restore(pair: Pair, column: Field, saved: str, changed: str) -> Restore:
    """Saved values of a column put back. An unqualified column in `changed` is that of the table of saved values."""
    name, table = quoted(column.name, pair.backend), pair.qualified(quoted(saved, pair.backend))
    keys = [quoted(key, pair.backend) for key in pair.key]
    same_row = " AND ".join(f"saved.{key} = {pair.table}.{key}" for key in keys)
    found = f"FROM {table} AS saved WHERE {same_row}"
    value, unchanged = f"SELECT saved.{name} {found}", f"SELECT 1 {found} AND NOT ({changed})"
    return Restore(
        why=f"values of {column.name} that were kept aside come back where the row is as it was",
        saved=saved,
        namespace=pair.namespace,
        statements=(
            f"UPDATE {pair.table} SET {name} = ({value}) WHERE EXISTS ({unchanged})",  # noqa: S608 - quoted names
            f"DROP TABLE {table}",
        ),
    )


def _save_old(pair: Pair) -> Save:
    """Old values that `down` does not give back."""
    return _save(pair, pair.old, _saved_old(pair), pair.old_differs(pair.o, pair.down(pair.n)))


def _save_new(pair: Pair) -> Save:
    """New values that `up` does not give back."""
    return _save(pair, pair.new, _saved_new(pair), pair.new_differs(pair.n, pair.up(pair.o)))


def _saved_old(pair: Pair) -> str:
    return object_name("instar_saved", pair.plain_table, pair.old.name)


def _saved_new(pair: Pair) -> str:
    """Named by the change too: values that were saved from another one of that name must not come back here."""
    change = msgspec.json.encode((pair.old.type, pair.new.type, pair.conversion), order="sorted")
    digest = hashlib.sha256(pair.old.name.encode() + change).hexdigest()[:8]
    return object_name("instar_saved", pair.plain_table, pair.new.name, digest)


def _save(pair: Pair, column: Field, into: str, gone: str) -> Save:
    columns = joined((*pair.key, column.name), pair.backend)
    return Save(
        why=f"values of {column.name} that its counterpart cannot express are kept aside",
        table=pair.plain_table,
        namespace=pair.namespace,
        column=column.name,
        into=pair.qualified(quoted(into, pair.backend)),
        query=f"SELECT {columns} FROM {pair.table} WHERE {gone}",  # noqa: S608 - names are quoted, the condition is ours
    )


def _fill(work: ops.BackfillWork, table: Table, backend: Backend, limit: int | None) -> Fill:
    return Fill(
        why=f"every row holds {work.target} from here on",
        work=work,
        table=table_name(work.table, work.namespace, backend),
        key=tuple(quoted(name, backend) for name in table.primary_key),
        plain_key=table.primary_key,
        limit=limit,
    )
