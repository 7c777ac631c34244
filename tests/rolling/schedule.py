"""A seeded schedule: every boundary of a plan with operations of all versions in service between them."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import sqlalchemy as sa

from alembic_project import Project
from instar.backfill import Options, run, verify
from instar.dialects.sqlalchemy.ddl.columns import sqlalchemy_type
from instar.dialects.sqlalchemy.revision import revision_id, write_revision
from instar.schema.migration import Deploy, Migration, Step
from rolling.application import TABLE, Application
from rolling.cases import Case
from rolling.expectation import ANY

OPERATIONS = 8
"""At every boundary, or more where a plan has few of them."""

AT_LEAST = 40
"""In a schedule."""


def prepared(folder: Path, url: str, migration: Migration) -> Project:
    """A project with the revisions of every DDL step."""
    project = Project(folder, url)
    parent = "0001"
    for step in migration.steps:
        if step.operations:
            revision = write_revision(migration, step, (parent,), "migrations/versions")
            project.write(revision.path, revision.text)
            parent = revision.id
    return project


def wipe(url: str) -> None:
    """Empty the database."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        else:
            for name in sa.inspect(connection).get_table_names():
                connection.exec_driver_sql(f"DROP TABLE {name}")
    engine.dispose()


class Schedule:
    """One run through a plan.

    Args:
        case: The change.
        migration: Its plan, or a planted defect of it.
        project: The project with its revisions.
        seed: What happens in which order.
    """

    def __init__(self, case: Case, migration: Migration, project: Project, seed: int) -> None:
        self.case, self.migration, self.project = case, migration, project
        self.chance = random.Random(seed)
        self.expected = case.expect()
        self.tags: dict[int, str] = {}
        self.operations = 0
        self._next = 1
        boundaries = 1 + len(migration.steps) + any(step.kind == "code" for step in migration.steps)
        self._each = max(OPERATIONS, -(-AT_LEAST // boundaries))
        self._running: list[Application] = []

    def go(self, skip: frozenset[str] = frozenset(), order: list[tuple[Deploy, Step]] | None = None) -> None:
        """Carry the plan out; raises where a statement fails or a read is wrong.

        Args:
            skip: Steps that are left out, by id.
            order: Another order than the plan's.
        """
        wipe(self.project.url)
        self._create()
        self.project.upgrade("0001")
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
        table = self.migration.before.table(TABLE)
        assert table is not None
        columns = [
            sa.Column(
                f.name,
                sqlalchemy_type(f.type),
                primary_key=f.name == "id",
                nullable=f.optional,
                autoincrement=False,
            )
            for f in table.fields
        ]
        engine = sa.create_engine(self.project.url, poolclass=sa.NullPool)
        made = sa.Table(TABLE, sa.MetaData(), *columns)
        for one in table.indexes:
            sa.Index(one.name, *(made.c[key.text] for key in one.keys))
        made.create(engine)
        engine.dispose()

    def _start(self, version: int) -> None:
        self._running.append(Application(self.migration, version, self.project.url))

    def _do(self, deploy: Deploy, step: Step) -> None:
        if step.kind == "ddl":
            self._apply(step)
        elif step.kind == "code":
            if all(application.version < deploy.number for application in self._running):
                self._start(deploy.number)
                self._traffic()
                self._running.pop(0).close()
        elif step.work is not None and step.kind == "backfill":
            run(step.work, self.project.url, options=Options(batch=3, poll=0.01))
        elif step.work is not None:
            found = verify(step.work, self.project.url)
            assert found.left == 0, f"{found.left} rows are left after the backfill"
            assert not found.disagree, f"{found.disagree} rows disagree"
        self._traffic()

    def _apply(self, step: Step) -> None:
        """A revision, while a transaction that has read and written a row is open for a moment."""
        holder = self._running[-1]
        key = self._some()
        held = sa.create_engine(self.project.url, poolclass=sa.NullPool).connect()
        tag = f"held{self.operations}"
        if key is not None:
            held.execute(sa.update(holder.table).where(holder.table.c.id == key).values(tag=tag))
            self.tags[key] = tag
        release = threading.Timer(0.1, lambda: (held.commit(), held.close()))
        release.start()
        try:
            self.project.upgrade(revision_id(self.migration, step))
        finally:
            release.join()

    def _some(self) -> int | None:
        return self.chance.choice(sorted(self.tags)) if self.tags else None

    def _traffic(self) -> None:
        for _ in range(self._each):
            application = self.chance.choice(self._running)
            act = self.chance.choice(
                ("insert", "write", "write", "update", "update", "save", "tag", "delete", "read")
            )
            if act == "insert" or len(self.tags) < 4:
                self._insert(application)
            else:
                self._operate(application, act)
            self.operations += 1
        for application in self._running:
            for key in sorted(self.tags):
                self._check(application, key)

    def _column(self, application: Application) -> str | None:
        """The column of the field in transition as a version knows it; the new one where it knows both."""
        for column in (self.expected.new, self.expected.old):
            if application.maps(column):
                return column
        return None

    def _value(self, application: Application, column: str) -> object:
        return self.case.value(self.chance, column, version=application.version, last=application.last)

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
            self._check(application, key)

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
        elif act in {"write", "update"} and column is not None:
            keys = [key] if act == "write" else sorted({key, self._some() or key})
            value = self._value(application, column)
            if act == "write":
                application.write(key, column, value)
            else:
                self.chance.choice((application.update, application.update_many))(keys, column, value)
            for one in keys:
                (self.expected.write if act == "write" else self.expected.update)(one, column, value)
        for one in self._running:
            self._check(one, key)

    def _check(self, application: Application, key: int) -> None:
        """A version reads what it must, and no write of the unrelated column is lost."""
        assert application.read(key, "tag") == self.tags[key]
        column = self._column(application)
        if column is None:
            return
        required = not application.optional[column] or column in application.access
        allowed = self.expected.allowed(
            key, column, required=required and not self._empty_before(application)
        )
        seen = application.read(key, column)
        assert seen in allowed or ANY in allowed, (
            f"version {application.version} reads {column} of row {key} as {seen!r}, not {allowed}"
        )

    def _empty_before(self, application: Application) -> bool:
        """Whether rows may still lack the field in the eyes of a version, as they always could."""
        return self.case.nulls(application.version, application.last)

    def _finish(self) -> None:
        """The database holds what the target says, and nothing of ours but what is meant to stay."""
        engine = sa.create_engine(self.project.url, poolclass=sa.NullPool)
        inspector = sa.inspect(engine)
        wanted = self.migration.target.table(TABLE)
        assert wanted is not None
        columns = {c["name"]: c["nullable"] for c in inspector.get_columns(TABLE)}
        assert columns == {field.name: field.optional for field in wanted.fields}
        assert {i["name"] for i in inspector.get_indexes(TABLE)} == {i.name for i in wanted.indexes}
        assert not [name for name in inspector.get_table_names() if name.startswith("instar_sync")]
        engine.dispose()
        assert self.operations >= AT_LEAST
