"""SQLAlchemy's `MetaData` as plain data, ready for JSON.

The standard library and SQLAlchemy only, and no import of ours: the interpreter of a project runs this text
(`python -c TEXT app.db:Base`) and need not have instar installed.
"""

from __future__ import annotations

import enum
import importlib
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql.schema import ColumnDefault

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

MARK = "instar-description:"
"""Stands before the JSON, since importing an application may print."""

Plain = dict[str, Any]
Part = Any
"""An object of SQLAlchemy's, whose class differs from version to version."""

_ATTRIBUTES = (
    "length", "collation", "precision", "scale", "timezone", "unsigned", "display_width", "dimensions", "varying", "fields",
    "second_precision",
)  # fmt: skip


_ORDERS: dict[str, Plain] = {
    "desc_op": {"descending": True},
    "nulls_first_op": {"nulls": "first"},
    "nullsfirst_op": {"nulls": "first"},
    "nulls_last_op": {"nulls": "last"},
    "nullslast_op": {"nulls": "last"},
}
"""Operators by name: it is another in SQLAlchemy 1.3."""


def describe(metadata: sa.MetaData, mappers: Iterable[Part] = ()) -> Plain:
    """Every table of a `MetaData`, with the attribute names that mappers give to its columns.

    Args:
        metadata: Declared or reflected.
        mappers: The mappers of a registry; without them attributes are not known.
    """
    attributes = _attributes(mappers)
    tables = [_table(table, attributes.get(table.key, {})) for table in metadata.tables.values()]
    return {"tables": sorted(tables, key=lambda table: (table["schema"] or "", table["name"]))}


def _attributes(mappers: Iterable[Part]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for mapper in mappers:
        for attribute in mapper.column_attrs:
            for column in attribute.columns:
                if isinstance(column, sa.Column) and column.table is not None:
                    found.setdefault(column.table.key, {})[column.name] = attribute.key
    return found


def _table(table: sa.Table, attributes: dict[str, str]) -> Plain:
    indexes = sorted(
        table.indexes, key=lambda index: (str(index.name), [str(one) for one in index.expressions])
    )
    on_columns = [one for column in table.columns for one in column.constraints]
    return {
        "name": str(table.name),
        "schema": table.schema and str(table.schema),
        "columns": [_column(table, column, attributes.get(column.name, "")) for column in table.columns],
        "indexes": [_index(index) for index in indexes],
        "constraints": [plain for one in (*table.constraints, *on_columns) for plain in _constraint(one)],
    }


def _column(table: Part, column: Part, attribute: str) -> Plain:
    computed = getattr(column, "computed", None)
    numbered = column is table.autoincrement_column and column.default is None
    return {
        "name": str(column.name),
        "type": describe_type(column.type),
        "nullable": bool(column.nullable),
        "attribute": attribute,
        "default": _client_default(column.default),
        "onupdate": _client_default(column.onupdate),
        "server_default": None if computed is not None else _server_default(column.server_default),
        "generated": None if computed is None else _sql(computed.sqltext),
        "autoincrement": numbered or getattr(column, "identity", None) is not None,
        "comment": column.comment,
    }


def describe_type(type_: Part) -> Plain:
    """A type by its name and the arguments that its attributes tell; decorators by what they decorate."""
    while isinstance(type_, sa.types.TypeDecorator) and not type(type_).__module__.startswith("sqlalchemy."):
        type_ = type_.impl
    if isinstance(type_, sa.Enum):
        return _enum(type_)
    arguments = {name: getattr(type_, name, None) for name in _ATTRIBUTES}
    given = {
        name: value
        for name, value in arguments.items()
        if isinstance(value, (bool, int, str)) and value is not False
    }
    plain: Plain = {"name": _type_name(type(type_)), "arguments": given}
    if isinstance(type_, sa.types.ARRAY):
        plain["item"] = describe_type(type_.item_type)
    return plain


def _enum(type_: Part) -> Plain:
    module = type(type_).__module__
    dialect = module.split(".")[2] if module.startswith("sqlalchemy.dialects.") else None
    return {
        "enum": [str(value) for value in type_.enums],
        "name": type_.name and str(type_.name),
        "native": bool(type_.native_enum),
        "length": type_.length,
        "dialect": dialect,
    }


def _type_name(class_: type) -> str:
    """The class's own name, or of the SQLAlchemy type that it derives from."""
    abstract = {
        "TypeEngine",
        "UserDefinedType",
        "TypeDecorator",
        "_UserTypeMixin",
        "Concatenable",
        "Indexable",
    }
    for one in class_.__mro__:
        if (
            one.__module__.startswith("sqlalchemy.")
            and one.__name__ not in abstract
            and issubclass(one, sa.types.TypeEngine)
        ):
            return one.__module__ + "." + one.__name__
    return class_.__module__ + "." + class_.__name__


def _client_default(default: Part) -> Plain | None:
    if default is None:
        return None
    if isinstance(default, sa.Sequence):
        return {"text": f"Sequence({default.name!r})", "constant": False}
    if not isinstance(default, ColumnDefault):
        return None
    value: Any = default.arg
    if default.is_scalar:
        value = value.name if isinstance(value, enum.Enum) else value
        return {"text": repr(value), "constant": True}
    if default.is_callable:
        return {"text": getattr(value, "__name__", None) or repr(type(value)), "constant": False}
    return {"text": _sql(value), "constant": False}


def _server_default(default: Part) -> Plain | None:
    """The SQL; None for what only says that the database has one, or that it numbers the rows."""
    value = getattr(default, "arg", None)
    if value is None:
        return None
    if isinstance(value, str):
        return {"text": "'" + value.replace("'", "''") + "'", "constant": True}
    return {"text": _sql(value), "constant": None}


def _index(index: Part) -> Plain:
    options = dict(index.dialect_kwargs)

    def option(name: str) -> Part:
        found = (value for key, value in options.items() if key.endswith("_" + name))
        return next((value for value in found if value is not None and value != []), None)

    where = option("where")
    return {
        "name": _name(index.name),
        "keys": [_key(expression, index.table.columns) for expression in index.expressions],
        "unique": bool(index.unique),
        "using": option("using") or option("prefix"),
        "where": None if where is None else _sql(where),
        "include": [str(getattr(one, "name", one)) for one in option("include") or ()],
    }


def _key(expression: Part, columns: Container[str]) -> Plain:
    """A column is told from an expression also where it is given as text: `desc("at")`, `text("at DESC")`."""
    order: Plain = {"descending": False}
    while isinstance(expression, sa.sql.elements.UnaryExpression) and expression.modifier is not None:
        order |= _ORDERS.get(expression.modifier.__name__, {})
        expression = expression.element
    if isinstance(expression, sa.sql.elements.Label):
        expression = expression.element
    if isinstance(expression, sa.Column):
        return {"text": str(expression.name), "expression": False, **order}
    text = _sql(expression)
    plain = re.fullmatch(r'\s*"?(\w+)"?(\s+desc)?\s*', text, re.IGNORECASE)
    if plain and plain[1] in columns:
        order["descending"] = order["descending"] or plain[2] is not None
        return {"text": plain[1], "expression": False, **order}
    return {"text": text, "expression": True, **order}


def _constraint(constraint: Part) -> Iterator[Plain]:
    """Nothing for a key without columns, and for a check that a type makes for itself."""
    name = _name(constraint.name)
    if isinstance(constraint, sa.PrimaryKeyConstraint):
        if len(constraint.columns):
            yield {
                "kind": "primary_key",
                "name": name,
                "fields": [str(column.name) for column in constraint.columns],
            }
    elif isinstance(constraint, sa.UniqueConstraint):
        yield {"kind": "unique", "name": name, "fields": [str(column.name) for column in constraint.columns]}
    elif isinstance(constraint, sa.ForeignKeyConstraint):
        yield _foreign_key(constraint, name)
    elif isinstance(constraint, sa.CheckConstraint) and not getattr(constraint, "_type_bound", False):
        yield {"kind": "check", "name": name, "fields": [], "expression": _sql(constraint.sqltext)}


def _foreign_key(constraint: Part, name: str | None) -> Plain:
    targets = [element.target_fullname.rsplit(".", 1) for element in constraint.elements]
    namespace, _, table = targets[0][0].rpartition(".")
    return {
        "kind": "foreign_key",
        "name": name,
        "fields": [str(name) for name in constraint.column_keys],
        "references": {
            "table": str(table),
            "namespace": str(namespace) or None,
            "fields": [str(target[1]) for target in targets],
            "on_delete": constraint.ondelete,
            "on_update": constraint.onupdate,
        },
    }


def _name(name: Part) -> str | None:
    return str(name) if isinstance(name, str) else None


def _sql(clause: Part) -> str:
    """SQL text as the DDL has it: literals in place, columns without their table."""
    if isinstance(clause, str):
        return clause
    if isinstance(clause, sa.sql.elements.TextClause):
        return clause.text
    options = {"literal_binds": True, "include_table": False}
    try:
        return str(clause.compile(compile_kwargs=options))
    except sa.exc.SQLAlchemyError:
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only where an operator is PostgreSQL's

        dialect: Part = postgresql.dialect
        return str(clause.compile(dialect=dialect(), compile_kwargs=options))


def find(target: str) -> Plain:
    """Import `module:name` and describe the `MetaData` that it is or has: a declarative base, `db`, a registry.

    Raises:
        LookupError: It has none.
    """
    module, _, path = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split(".") if path else ():
        found = getattr(found, part)
    metadata = found if isinstance(found, sa.MetaData) else getattr(found, "metadata", None)
    if not isinstance(metadata, sa.MetaData):
        raise LookupError(  # noqa: TRY004 - what was named has none
            f"{target} is {type(found).__name__}, and has no MetaData"
        )
    return describe(metadata, _mappers(found))


def _mappers(found: Part) -> list[Part]:
    """Those of a base, a registry, or Flask-SQLAlchemy's `db`, whose own `registry` is the class of that name."""
    for holder in (found, getattr(found, "Model", None)):
        for name in ("registry", "_sa_registry"):
            registry = getattr(holder, name, None)
            if registry is not None and not isinstance(registry, type):
                return list(registry.mappers)
    return list(getattr(found, "mappers", ()))


def main() -> None:
    """Describe the target of the command line; a failure is one line on stderr and exit code 1."""
    sys.path[:0] = ["", "src"]
    try:
        plain = find(sys.argv[1])
    except BaseException as error:  # noqa: BLE001 - importing an application may raise anything, SystemExit too
        sys.stderr.write(f"{MARK}{type(error).__name__}: {' '.join(str(error).split())[:400]}\n")
        sys.exit(1)
    sys.stdout.write(f"\n{MARK}{json.dumps(plain)}\n")


if __name__ == "__main__":
    main()
