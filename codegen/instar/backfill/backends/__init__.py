"""The databases that a backfill runs on, one module each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.backfill.backends.mariadb import MariaDB
from instar.backfill.backends.postgresql import PostgreSQL
from instar.backfill.backends.sqlite import SQLite
from instar.errors import InstarError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from instar.backfill.backends.base import Backend


def backend_of(url: sa.URL) -> Backend:
    """The backend of a database URL.

    Raises:
        InstarError: It is none of SQLite, PostgreSQL, MariaDB and MySQL.
    """
    match url.get_backend_name():
        case "sqlite":
            return SQLite()
        case "postgresql":
            return PostgreSQL()
        case "mariadb" | "mysql":
            return MariaDB()
        case other:
            raise InstarError(
                f'backfills run on SQLite, PostgreSQL and MariaDB, not on "{other}". '
                "Rewrite the rows with a statement of your own."
            )
