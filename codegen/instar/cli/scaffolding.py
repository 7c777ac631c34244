"""A change that was typed instead of written into the models: the schema as it will be."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import msgspec

from instar.changes.names import constraint_in, index_in
from instar.dialects.sqlalchemy.types import bind, read_type
from instar.errors import InstarError
from instar.schema.diff import diff
from instar.schema.model import Field, Index, IndexKey, Schema, Table
from instar.schema.types import NativeType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.cli.planning import Said
    from instar.cli.project import Project
    from instar.schema.migration import Migration
    from instar.schema.renames import Rename

_PYTHON = {
    "str": "String",
    "text": "Text",
    "int": "Integer",
    "bigint": "BigInteger",
    "float": "Float",
    "bool": "Boolean",
    "decimal": "Numeric",
    "date": "Date",
    "datetime": "DateTime",
    "bytes": "LargeBinary",
    "uuid": "Uuid",
    "json": "JSON",
}
_TYPE = re.compile(r"(?P<name>[A-Za-z_]\w*)(?:\((?P<arguments>[\d, ]*)\))?")


def typed(text: str) -> tuple[str, Field]:
    """A type as a user types it, such as `str`, `str(80)`, `Numeric(10, 2)`: its spelling, on an empty field.

    Raises:
        InstarError: It is no type.
    """
    match = _TYPE.fullmatch(text.strip())
    known = ", ".join(_PYTHON)
    if match is None:
        raise InstarError(
            f'"{text}" is no type. Known are {known}, with a length as in str(80), and SQLAlchemy\'s.'
        )
    name = _PYTHON.get(match["name"].lower(), match["name"])
    numbers = [int(one) for one in (match["arguments"] or "").split(",") if one.strip()]
    reading = read_type(name, bind(name, numbers, {}))
    if isinstance(reading.type, NativeType):
        raise InstarError(f'"{text}" is no type that instar knows. Known are {known}, and SQLAlchemy\'s.')
    return reading.spelling, Field(name="", type=reading.type, spelling=reading.spelling)


def located(schema: Schema, name: str) -> tuple[Table, str]:
    """The table and the rest of `[schema.]table.field`.

    Raises:
        InstarError: There is no such table.
    """
    parts = name.split(".")
    if len(parts) not in {2, 3}:
        raise InstarError(f'a field is named table.field, or schema.table.field; "{name}" is not.')
    namespace = parts[0] if len(parts) == 3 else None
    table = schema.table(parts[-2], namespace)
    if table is None:
        near = difflib.get_close_matches(parts[-2], [one.name for one in schema.tables], n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "List them with instar snapshot."
        raise InstarError(f'no model has the table "{parts[-2]}". {hint}')
    return table, parts[-1]


def known_field(table: Table, name: str) -> Field:
    """A field by its stored name, or by its name in code.

    Raises:
        InstarError: There is no such field.
    """
    found = table.field(name) or table.attribute(name)
    if found is None:
        near = difflib.get_close_matches(name, [one.code_name for one in table.fields], n=3)
        hint = (
            f"Did you mean {' or '.join(near)}?"
            if near
            else f"It has {', '.join(f.name for f in table.fields)}."
        )
        raise InstarError(f'"{table.name}" has no field "{name}". {hint}')
    return found


def with_new_field(table: Table, field: Field) -> Table:
    """The table with one more field.

    Raises:
        InstarError: It has a field of that name.
    """
    if table.field(field.name) is not None or table.attribute(field.name) is not None:
        raise InstarError(f'"{table.name}" has a field "{field.name}" already.')
    return msgspec.structs.replace(table, fields=(*table.fields, field))


def with_changed_field(table: Table, stored: str, /, **changed: object) -> Table:
    """The table with one field changed."""
    fields = tuple(msgspec.structs.replace(f, **changed) if f.name == stored else f for f in table.fields)
    return msgspec.structs.replace(table, fields=fields)


def without_field(table: Table, field: Field) -> Table:
    """The table without a field, and without the indexes over it.

    Raises:
        InstarError: It is part of the primary key.
    """
    if field.name in table.primary_key:
        raise InstarError(f"{table.name}.{field.name} is part of the primary key and cannot be removed.")
    return msgspec.structs.replace(
        table,
        fields=tuple(one for one in table.fields if one.name != field.name),
        indexes=tuple(one for one in table.indexes if field.name not in one.fields),
        constraints=tuple(one for one in table.constraints if field.name not in one.fields),
    )


def with_renamed_field(table: Table, field: Field, new: str) -> Table:
    """The table with a field under another name, in its indexes and constraints too.

    Raises:
        InstarError: The name is taken.
    """
    if table.field(new) is not None or table.attribute(new) is not None:
        raise InstarError(f'"{table.name}" has a field "{new}" already.')
    names = {field.name: new}
    return msgspec.structs.replace(
        with_changed_field(table, field.name, name=new, attribute=""),
        indexes=tuple(_named_after(index_in(index, names), table, field, new) for index in table.indexes),
        constraints=tuple(constraint_in(constraint, names) for constraint in table.constraints),
    )


def _named_after(index: Index, table: Table, field: Field, new: str) -> Index:
    """The index under its new name where its name is the one that `index=True` gives."""
    if index.name != f"ix_{table.name}_{field.name}":
        return index
    return msgspec.structs.replace(index, name=f"ix_{table.name}_{new}")


def with_new_index(table: Table, name: str | None, fields: Sequence[str], *, unique: bool) -> Table:
    """The table with one more index.

    Raises:
        InstarError: A field or the name does not fit.
    """
    stored = [known_field(table, one).name for one in fields]
    name = name or "_".join(("ix", table.name, *stored))
    if any(index.name == name for index in table.indexes):
        raise InstarError(f'"{table.name}" has an index "{name}" already. Give another --name.')
    made = Index(name=name, keys=tuple(IndexKey(text=one) for one in stored), unique=unique)
    return msgspec.structs.replace(table, indexes=(*table.indexes, made))


def plan_of(
    project: Project, said: Said, now: Schema, *, before: Table, after: Table, renames: Sequence[Rename] = ()
) -> Migration:
    """The plan from the models as they are to the same models with one table changed.

    Raises:
        InstarError: The option for a value or a conversion does not fit, or no backend is known.
    """
    from instar.cli.planning import backend_of, deploy_model, read_options
    from instar.ledger import ledger_of
    from instar.plan import make_plan

    tables = tuple(after if table.key == before.key else table for table in now.tables)
    target = msgspec.structs.replace(now, tables=tables)
    model = deploy_model(now)
    head = ledger_of(project.source(), project.config).head()
    return make_plan(
        now,
        target,
        diff(now, target, renames),
        name=said.name or "",
        backend="" if model == "atomic" else backend_of(project),
        options=read_options(said, project.config),
        deploy_model=model,
        parent=head.id if head else None,
    )
