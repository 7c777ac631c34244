"""A seeded schedule: every boundary of a plan with operations of all versions in service between them."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa

from instar.backfill import Options, Outcome, run, verify
from instar.schema.migration import Deploy, Migration, Step
from instar.schema.operations import BackfillWork
from rolling.application import Application
from rolling.cases import Case
from rolling.expectation import ANY
from rolling.versions import TABLE, Versions

OPERATIONS = 8
"""At every boundary, or more where a plan has few of them."""

AT_LEAST = 40
"""In a schedule."""

STAMP = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))

ACTS = (
    "insert",
    "write",
    "write",
    "update",
    "update",
    "set",
    "again",
    "retry",
    "save",
    "tag",
    "delete",
    "read",
)
"""What a client does; `again` repeats a write that has been committed, `retry` one that has been rolled back."""


def prepared(case: Case, migration: Migration, folder: Path, url: str) -> Versions:
    """The generated project of a plan, with the tables of its start."""
    return Versions(folder, url, migration, case.files)


def wipe(url: str) -> None:
    """Empty the database."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        _wipe(connection)


def _wipe(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    else:
        for name in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f"DROP TABLE {name}")


@contextlib.contextmanager
def released_later(held: sa.Connection) -> Iterator[None]:
    """Commit a transaction when the DDL of the body has run into it: a moment after its first statement that names the table."""
    met = threading.Event()

    def before(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if TABLE in statement and not statement.lstrip().startswith(("SELECT", "PRAGMA")):
            met.set()

    def release() -> None:
        met.wait(0.5)
        time.sleep(0.02)
        held.commit()
        held.close()

    waiting = threading.Thread(target=release)
    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    waiting.start()
    try:
        yield
    finally:
        met.set()
        waiting.join()
        sa.event.remove(sa.Engine, "before_cursor_execute", before)


class Schedule:
    """One run through a plan.

    Args:
        case: The change.
        versions: The generated code and revisions of its plan, or of a planted defect of it.
        seed: What happens in which order.
    """

    def __init__(self, case: Case, versions: Versions, seed: int) -> None:
        self.case, self.versions, self.migration = case, versions, versions.migration
        self.project = versions.project
        self.chance = random.Random(seed)
        self.expected = case.expect()
        self.tags: dict[int, str] = {}
        self.operations = 0
        self._next = 1
        boundaries = 1 + len(self.migration.steps) + any(s.kind == "code" for s in self.migration.steps)
        self._each = max(OPERATIONS, -(-AT_LEAST // boundaries))
        self._running: list[Application] = []

    def go(self, skip: frozenset[str] = frozenset(), order: list[tuple[Deploy, Step]] | None = None) -> None:
        """Carry the plan out; raises where a statement fails or a read is wrong.

        Args:
            skip: Steps that are left out, by id.
            order: Another order than the plan's.
        """
        self._create()
        try:
            self._start(0)
            for _ in range(6):
                self._insert(self._running[0])
            self._traffic()
            steps = order or [(deploy, step) for deploy in self.migration.deploys for step in deploy.steps]
            for deploy, step in steps:
                if step.id not in skip:
                    self._do(deploy, step)
            self._finish()
        finally:
            for application in self._running:
                application.close()

    def _create(self) -> None:
        """The tables of the first version in a database that is empty otherwise, as `alembic stamp` leaves them."""
        first = self.versions.all[0]
        with first.engine.begin() as connection:
            _wipe(connection)
            first.model.__table__.create(connection)
            STAMP.create(connection)
            connection.execute(STAMP.insert().values(version_num="0001"))

    def _start(self, version: int) -> None:
        self._running.append(Application(self.versions.all[version]))

    def _do(self, deploy: Deploy, step: Step) -> None:
        if step.kind == "ddl":
            self._apply(step)
        elif step.kind == "code":
            if all(application.version.number < deploy.number for application in self._running):
                self._start(deploy.number)
                self._traffic()
                self._running.pop(0).close()
        elif step.work is not None and step.kind == "backfill":
            self._clear()
            first = self._run(step.work, limit=self.chance.randrange(1, 6))
            self._traffic()
            if first.status != "completed":
                self._run(step.work)
        elif step.work is not None:
            found = verify(step.work, self.project.url, options=Options(root=self.project.folder))
            assert found.left == 0, f"{found.left} rows are left after the backfill"
            assert not found.disagree, f"{found.disagree} rows disagree"
        self._traffic()

    def _run(self, work: BackfillWork, limit: int | None = None) -> Outcome:
        options = Options(batch=3, poll=0.01, root=self.project.folder, limit=limit)
        return run(work, self.project.url, options=options)

    def _apply(self, step: Step) -> None:
        """A revision, while a transaction that has read and written a row is open for a moment."""
        holder = self._running[-1]
        held = holder.version.engine.connect()
        key = self._some()
        if key is not None:
            column = self._column(holder)
            values = {"tag": f"held{self.operations}"}
            if column is not None and self.chance.random() < 0.5 and not holder.version.left_alone:
                values[column] = self._value(holder, column)  # type: ignore[assignment]  # numbers too
                self.expected.update(key, column, values[column])
            named = {
                holder.model.__mapper__.columns[holder.names[one]]: value for one, value in values.items()
            }
            held.execute(sa.update(holder.table).where(holder.table.c.id == key).values(named))
            self.tags[key] = values["tag"]
        with released_later(held):
            self.project.upgrade(self.versions.revision(step.id))

    def _clear(self) -> None:
        """Where code may leave the field empty, it empties a row just before the backfill comes by."""
        for application in self._running:
            column, key = self._column(application), self._some()
            nulls = self.case.nulls(application.version.number, application.version.last)
            if nulls and column is not None and key is not None:
                application.write(key, column, None)
                self.expected.write(key, column, None)
                self.operations += 1

    def _some(self) -> int | None:
        return self.chance.choice(sorted(self.tags)) if self.tags else None

    def _traffic(self) -> None:
        for _ in range(self._each):
            application = self.chance.choice(self._running)
            act = self.chance.choice(ACTS)
            if act == "insert" or len(self.tags) < 4:
                self._insert(application)
            else:
                self._operate(application, act)
            self.operations += 1
        for application in self._running:
            self._check(application, sorted(self.tags))

    def _column(self, application: Application) -> str | None:
        """The column of the field in transition as a version knows it; the new one where it knows both."""
        for column in (self.expected.new, self.expected.old):
            if application.version.maps(column):
                return column
        return None

    def _value(self, application: Application, column: str) -> object:
        version = application.version
        return self.case.value(self.chance, column, version=version.number, last=version.last)

    def _insert(self, application: Application) -> None:
        column, rows = self._column(application), {}
        for _ in range(self.chance.choice((1, 1, 2))):
            key, self._next = self._next, self._next + 1
            rows[key] = {"tag": "new"}
            if column is not None:
                rows[key][column] = self._value(application, column)
        if len(rows) == 1:
            application.insert(key, rows[key])
        else:
            application.insert_many(rows)
        for key, values in rows.items():
            self.expected.insert(key, column, values.get(column))  # type: ignore[arg-type]  # a pair is always mapped
            self.tags[key] = "new"
        self._check(application, rows)

    def _operate(self, application: Application, act: str) -> None:
        key, column = self._some(), self._column(application)
        assert key is not None
        if act == "tag":
            self.tags[key] = f"t{self.operations}"
            application.write(key, "tag", self.tags[key])
        elif act == "save":
            application.save(key)
        elif act == "delete":
            application.delete(key)
            del self.tags[key]
            del self.expected.rows[key]
            return
        elif act == "set" and self.expected.new in application.version.setters:
            value = self.expected.representable(self._value(application, self.expected.old))
            application.set(key, self.expected.new, value)
            self.expected.set(key, value)
        elif act != "read" and column is not None:
            self._write(application, act, key, column)
        for one in self._running:
            self._check(one, (key,))

    def _write(self, application: Application, act: str, key: int, column: str) -> None:
        value = self._value(application, column)
        if act == "update":
            keys = sorted({key, self._some() or key})
            ways = (application.update, application.update_many, application.compute)
            self.chance.choice(ways)(keys, column, value)
            for one in keys:
                self.expected.update(one, column, value)
            return
        if act == "retry":
            application.write(key, column, value, lost=True)
        for _ in range(2 if act == "again" else 1):
            application.write(key, column, value)
            self.expected.write(key, column, value)

    def _check(self, application: Application, keys: Iterable[int]) -> None:
        """A version reads what it must, and no write of the unrelated column is lost."""
        column, wanted = self._column(application), list(keys)
        seen = application.read(wanted, ("tag", column) if column else ("tag",))
        assert sorted(seen) == sorted(wanted), f"version {application.version.number} does not find its rows"
        version = application.version
        required = column is not None and (not version.optional[column] or column in version.readers)
        required = required and not self.case.nulls(version.number, version.last)
        for key, row in seen.items():
            assert row["tag"] == self.tags[key]
            if column is None:
                continue
            allowed = self.expected.allowed(key, column, required=required)
            assert row[column] in allowed or ANY in allowed, (
                f"version {version.number} reads {column} of row {key} as {row[column]!r}, not {allowed}"
            )

    def _finish(self) -> None:
        """The database holds what the target says, and nothing of ours but what is meant to stay."""
        engine = sa.create_engine(self.project.url, poolclass=sa.NullPool)
        inspector = sa.inspect(engine)
        wanted = self.migration.target.table(TABLE)
        assert wanted is not None
        columns = {c["name"]: c["nullable"] for c in inspector.get_columns(TABLE)}
        assert columns == {field.name: field.optional for field in wanted.fields}
        indexes = {i["name"]: i["column_names"] for i in inspector.get_indexes(TABLE)}
        assert indexes == {i.name: [key.text for key in i.keys] for i in wanted.indexes}
        assert not [name for name in inspector.get_table_names() if name.startswith("instar_sync")]
        engine.dispose()
        assert self.operations >= AT_LEAST
