"""A live database to a schema version, by SQLAlchemy's inspector; it reads the catalogue and no row."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from instar.dialects.sqlalchemy.description import describe
from instar.dialects.sqlalchemy.engine import connect, resolve_url, unreachable
from instar.dialects.sqlalchemy.inspect_sqlite import complete
from instar.dialects.sqlalchemy.metadata import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar.schema.model import Schema

OWN_TABLES = frozenset({"alembic_version", "instar_migrations", "instar_partitions"})
_SYSTEM = re.compile(r"pg_.*|information_schema|mysql|performance_schema|sys")
_NOT_DECLARED = """
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relispartition or exists (
  select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
)
"""
_INVALID = """
select n.nspname, t.relname, i.relname
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
join pg_namespace n on n.oid = t.relnamespace
where not x.indisvalid
"""


def inspect_url(text: str, what: str = "the database") -> Schema:
    """The schema of a live database: its default namespace, and on PostgreSQL every other one that is no system's.

    Tables of Alembic and of instar are left out; an index that PostgreSQL does not use is `valid=False`.

    Args:
        text: A URL, or `env:VARIABLE`.
        what: How errors name the database.

    Raises:
        InstarError: It cannot be reached, or its catalogue cannot be read.
    """
    url = resolve_url(text, what)
    with connect(url, what) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return inspect_connection(connection)
        except SQLAlchemyError as error:
            raise unreachable(url, what, error) from None


def inspect_connection(connection: sa.Connection) -> Schema:
    """The schema behind an open connection."""
    backend = {"mysql": "mariadb"}.get(connection.dialect.name, connection.dialect.name)
    metadata = sa.MetaData()
    for namespace in _namespaces(connection, backend):
        metadata.reflect(
            connection, schema=namespace, resolve_fks=False, only=lambda name, _: name not in OWN_TABLES
        )
    description = describe(metadata)
    if backend == "postgresql":
        _leave_out_parts(connection, description)
        _mark_invalid(connection, description)
    if backend == "sqlite":
        complete(connection, description)
    for table in description["tables"]:
        for column in table["columns"]:
            _numbered(column)
    return schema_of(description, backend)


def _namespaces(connection: sa.Connection, backend: str) -> list[str | None]:
    if backend != "postgresql":
        return [None]
    inspector = sa.inspect(connection)
    default = inspector.default_schema_name
    others = [
        name for name in inspector.get_schema_names() if name != default and not _SYSTEM.fullmatch(name)
    ]
    return [None, *others]


def _numbered(column: dict[str, Any]) -> None:
    """A default that takes the next number of a sequence is how PostgreSQL numbers rows."""
    default = column["server_default"]
    if default is not None and default["text"].startswith("nextval("):
        column["server_default"] = None
        column["autoincrement"] = True


def _leave_out_parts(connection: sa.Connection, description: dict[str, Any]) -> None:
    """The partitions of a table, and the tables of extensions, are nothing that models declare."""
    default = connection.dialect.default_schema_name
    parts = {tuple(row) for row in connection.execute(sa.text(_NOT_DECLARED))}
    description["tables"] = [
        table for table in description["tables"] if (table["schema"] or default, table["name"]) not in parts
    ]


def _mark_invalid(connection: sa.Connection, description: Mapping[str, Any]) -> None:
    default = connection.dialect.default_schema_name
    invalid = {tuple(row) for row in connection.execute(sa.text(_INVALID))}
    for table in description["tables"]:
        for index in table["indexes"]:
            index["valid"] = (table["schema"] or default, table["name"], index["name"]) not in invalid
