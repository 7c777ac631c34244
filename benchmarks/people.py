"""The table that the benchmark of backfills rewrites, on each database, and every way to rewrite it."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import servers
from instar.backfill import Options, run
from instar.schema.operations import BackfillWork

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATE = (
    "CREATE TABLE people (id BIGINT NOT NULL PRIMARY KEY, first_name VARCHAR(80) NOT NULL, "
    "last_name VARCHAR(80) NOT NULL, email VARCHAR(120) NOT NULL, visits INTEGER NOT NULL, full_name VARCHAR(200))"
)
COMPUTE = 'def full_name(row):\n    return row["first_name"] + " " + row["last_name"]\n'
GUARD = "full_name IS NULL"
CHUNK = 5_000

# The durability of each server is its default. PostgreSQL's vacuum and timed checkpoints would hit one side or the other.
POSTGRESQL = {
    "max_wal_size": "8GB",
    "shared_buffers": "512MB",
    "checkpoint_timeout": "30min",
    "autovacuum": "off",
}
MARIADB = {"innodb-buffer-pool-size": "1G", "innodb-log-file-size": "512M"}


class Base(DeclarativeBase):
    """The models of the naive loop."""


class Person(Base):
    """The table as an ORM user maps it."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str]
    visits: Mapped[int]
    full_name: Mapped[str | None]


class People:
    """One database with the table, refilled before every measurement."""

    def __init__(self, url: str, rows: int, folder: Path) -> None:
        self.url = url
        self.rows = rows
        self.folder = folder
        self.kind = sa.make_url(url).get_backend_name()
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.expression = (
            "CONCAT(first_name, ' ', last_name)"
            if self.kind == "mariadb"
            else "first_name || ' ' || last_name"
        )
        if self.kind == "sqlite":
            self._sql("PRAGMA journal_mode = WAL")
        # On SQLite that is how one spells such a key; BIGINT would have an index apart from the table.
        self._create = CREATE.replace("BIGINT", "INTEGER") if self.kind == "sqlite" else CREATE
        self._sql(self._create, self._create.replace("people", "original"))
        numbers = {
            "postgresql": "SELECT g AS n FROM generate_series(1, {}) g",
            "mariadb": "SELECT seq AS n FROM seq_1_to_{}",
            "sqlite": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {}) SELECT n FROM c",
        }[self.kind].format(rows)
        name = "CONCAT('{}', n)" if self.kind == "mariadb" else "'{}' || n"
        values = ", ".join(name.format(prefix) for prefix in ("First", "Last", "someone@example.org."))
        self._sql(f"INSERT INTO original SELECT n, {values}, 0, NULL FROM ({numbers}) AS s")

    def _sql(self, *statements: str) -> None:
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def refill(self) -> None:
        """The table as it was before, without the traces of the last measurement."""
        self._sql("DROP TABLE people", self._create, "INSERT INTO people SELECT * FROM original")
        if self.kind == "postgresql":
            self._sql("VACUUM ANALYZE people", "CHECKPOINT")
        elif self.kind == "mariadb":
            self._sql("ANALYZE TABLE people")
        else:
            self._sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def check(self) -> None:
        """Every row has its name."""
        with self.engine.connect() as connection:
            wrong = f"full_name IS NULL OR full_name <> {self.expression}"
            left = connection.exec_driver_sql(f"SELECT count(*) FROM people WHERE {wrong}").scalar_one()
        assert left == 0, f"{left} rows are wrong"

    @property
    def update(self) -> str:
        """The one statement."""
        return f"UPDATE people SET full_name = {self.expression} WHERE {GUARD}"

    def one_update(self) -> None:
        """The limit: one statement, one transaction."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(self.update)

    def alembic_execute(self) -> None:
        """The same statement in a revision."""
        with self.engine.begin() as connection:
            Operations(MigrationContext.configure(connection)).execute(self.update)

    def work(self, *, computed: bool) -> BackfillWork:
        """The backfill, by a SQL expression or by a Python function."""
        return BackfillWork(
            name=f"bench/{time.monotonic_ns()}",
            table="people",
            target="full_name",
            guard=GUARD,
            expression=None if computed else self.expression,
            compute="names.py:full_name" if computed else None,
            reads=("first_name", "last_name") if computed else (),
        )

    def instar(self, *, computed: bool, workers: int = 1) -> None:
        """The runner, with its default settings."""
        options = Options(root=self.folder, workers=workers)
        outcome = run(self.work(computed=computed), self.url, options=options)
        assert outcome.status == "completed", outcome

    def orm_loop(self) -> None:
        """What the documentation of many a migration shows: objects, attribute by attribute, a commit a chunk."""
        last = 0
        while True:
            with Session(self.engine) as session:
                query = sa.select(Person).where(Person.id > last, Person.full_name.is_(None))
                people = session.scalars(query.order_by(Person.id).limit(CHUNK)).all()
                for person in people:
                    person.full_name = person.first_name + " " + person.last_name
                if not people:
                    return
                last = people[-1].id
                session.commit()

    def core_executemany(self) -> None:
        """SQLAlchemy Core with bound parameters, a commit a chunk."""
        table = Person.__table__
        assert isinstance(table, sa.Table)
        update = (
            table.update().where(table.c.id == sa.bindparam("key")).values(full_name=sa.bindparam("name"))
        )
        last = 0
        while True:
            with self.engine.begin() as connection:
                query = sa.select(table.c.id, table.c.first_name, table.c.last_name)
                query = query.where(table.c.id > last, table.c.full_name.is_(None)).order_by(table.c.id)
                rows = connection.execute(query.limit(CHUNK)).all()
                if not rows:
                    return
                connection.execute(update, [{"key": row[0], "name": row[1] + " " + row[2]} for row in rows])
                last = rows[-1][0]


@contextmanager
def databases(kinds: list[str], rows: int) -> Iterator[Iterator[People]]:
    """A database of each kind, one after the other, all gone at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "names.py").write_text(COMPUTE)

        def each() -> Iterator[People]:
            for kind in kinds:
                if kind == "sqlite":
                    yield People(f"sqlite:///{folder / 'bench.sqlite'}", rows, folder)
                    continue
                server = (
                    servers.start_postgres(POSTGRESQL)
                    if kind == "postgresql"
                    else servers.start_mariadb(MARIADB)
                )
                try:
                    with servers.fresh_database(servers.text(server.url)) as url:
                        yield People(url, rows, folder)
                finally:
                    server.close()

        yield each()
