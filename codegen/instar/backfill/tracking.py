"""The two tables in the user's database that say how far every backfill is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
import sqlalchemy as sa

from instar.errors import InstarError
from instar.schema.operations import BackfillWork

if TYPE_CHECKING:
    from instar.backfill.backends.base import Backend

Status: TypeAlias = Literal["running", "paused", "completed", "failed", "cancelled"]
Request: TypeAlias = Literal["pause", "cancel"]

_METADATA = sa.MetaData()

MIGRATIONS = sa.Table(
    "instar_migrations",
    _METADATA,
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("request", sa.String(16), comment="what another terminal asks the workers to do"),
    sa.Column("started_at", sa.DateTime, nullable=False),
    sa.Column("completed_at", sa.DateTime),
    sa.Column("processed", sa.BigInteger, nullable=False, comment="rows rewritten in finished passes"),
    sa.Column("total", sa.BigInteger, nullable=False, comment="about how many rows a pass walks over"),
    sa.Column("pass", sa.Integer, nullable=False, comment="1, and one more for every final sweep"),
    sa.Column("work", sa.Text, nullable=False, comment="the definition, to notice that it was changed"),
    sa.Column("error", sa.Text),
)
"""One row a backfill."""

PARTITIONS = sa.Table(
    "instar_partitions",
    _METADATA,
    sa.Column("migration", sa.String(255), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("after_key", sa.Text, comment="keys of the range, JSON; NULL is the start of the table"),
    sa.Column("until_key", sa.Text, nullable=False, comment="the last key, frozen when the pass began"),
    sa.Column("cursor_key", sa.Text, comment="the last key of the last committed batch"),
    sa.Column("done", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("owner", sa.String(255), comment="host, process and a mark of this lease"),
    sa.Column("leased_at", sa.Double, nullable=False, comment="by the server's clock, seconds since 1970"),
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Column("processed", sa.BigInteger, nullable=False, comment="rows rewritten"),
    sa.Column("scanned", sa.BigInteger, nullable=False, comment="rows walked over"),
    sa.Column("rate", sa.Double, nullable=False, comment="rows walked over a second, of late"),
    sa.Column("skipped", sa.Text, comment="rows that could not be rewritten: JSON list of [key, reason]"),
)
"""One row a range of keys of a pass; the unit that workers lease."""

TABLE_NAMES = (MIGRATIONS.name, PARTITIONS.name)
"""What Alembic's autogenerate must leave alone."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The row of one backfill in `instar_migrations`."""

    name: str
    status: Status
    request: Request | None
    processed: int
    total: int
    number_of_pass: int
    work: BackfillWork
    error: str | None


def create_tables(engine: sa.Engine) -> None:
    """Create what is missing. Two processes may do so at the same time."""
    for table in (PARTITIONS, MIGRATIONS):
        try:
            with engine.begin() as connection:
                if has_tables(connection):
                    return  # the one that is created last
                connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
        except sa.exc.DBAPIError:
            with engine.connect() as connection:
                if not sa.inspect(connection).has_table(table.name):
                    raise


def has_tables(connection: sa.Connection) -> bool:
    """Whether any backfill ever ran in this database."""
    return sa.inspect(connection).has_table(MIGRATIONS.name)


def fetch(connection: sa.Connection, name: str, *, lock: bool = False) -> Record | None:
    """The record of a backfill; locked until the end of the transaction where `lock` is set."""
    query = sa.select(MIGRATIONS).where(MIGRATIONS.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return None if row is None else _record(row)


def fetch_all(connection: sa.Connection) -> tuple[Record, ...]:
    """The records of all backfills, oldest first."""
    rows = connection.execute(sa.select(MIGRATIONS).order_by(MIGRATIONS.c.started_at, MIGRATIONS.c.name))
    return tuple(_record(row) for row in rows.mappings())


def insert(connection: sa.Connection, work: BackfillWork, total: int) -> None:
    """Record that a backfill starts."""
    connection.execute(
        MIGRATIONS.insert().values(
            {
                "name": work.name,
                "status": "running",
                "started_at": sa.func.current_timestamp(),
                "processed": 0,
                "total": total,
                "pass": 1,
                "work": encode_work(work),
            }
        )
    )


def change(connection: sa.Connection, name: str, **values: Any) -> None:
    """Change the record of a backfill."""
    connection.execute(MIGRATIONS.update().where(MIGRATIONS.c.name == name).values(values))


def finish(connection: sa.Connection, name: str, status: Status, error: str | None = None) -> None:
    """Record that a backfill ended, with its count of rows; only a running one can end."""
    done = sa.select(sa.func.coalesce(sa.func.sum(PARTITIONS.c.processed), 0)).where(
        PARTITIONS.c.migration == name
    )
    connection.execute(
        MIGRATIONS.update()
        .where(MIGRATIONS.c.name == name, MIGRATIONS.c.status == "running")
        .values(
            status=status,
            error=error,
            processed=done.scalar_subquery(),
            completed_at=sa.func.current_timestamp() if status == "completed" else None,
        )
    )


def forget(connection: sa.Connection, name: str) -> None:
    """Remove the record and the partitions of a backfill, so that it starts over."""
    connection.execute(PARTITIONS.delete().where(PARTITIONS.c.migration == name))
    connection.execute(MIGRATIONS.delete().where(MIGRATIONS.c.name == name))


def require(connection: sa.Connection, name: str) -> Record:
    """The record of a backfill, locked.

    Raises:
        InstarError: It never ran in this database; the message lists those that did.
    """
    record = fetch(connection, name, lock=True) if has_tables(connection) else None
    if record is None:
        known = ", ".join(found.name for found in fetch_all(connection)) if has_tables(connection) else ""
        raise InstarError(
            f'no backfill "{name}" has run in this database. ' + (f"There is: {known}." if known else "")
        )
    return record


def now(connection: sa.Connection, backend: Backend) -> float:
    """The server's clock, in seconds."""
    return float(connection.exec_driver_sql(f"SELECT {backend.clock()}").scalar_one())


def encode_work(work: BackfillWork) -> str:
    """The definition of a backfill as text, equal for equal definitions."""
    return msgspec.json.encode(work, order="deterministic").decode()


def _record(row: sa.RowMapping) -> Record:
    return Record(
        name=row["name"],
        status=row["status"],
        request=row["request"],
        processed=row["processed"],
        total=row["total"],
        number_of_pass=row["pass"],
        work=msgspec.json.decode(row["work"], type=BackfillWork),
        error=row["error"],
    )
