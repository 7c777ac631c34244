"""Operations as revisions: the table that they change, each with its case, and what a database holds of it."""

from __future__ import annotations

import sqlalchemy as sa

from alembic_project import Project
from instar.dialects.sqlalchemy.revision import write_revision
from instar.schema.migration import Deploy, Migration, Step
from instar.schema.model import Constraint, Default, Schema, Table
from instar.schema.operations import (
    AddConstraint,
    AddField,
    BackfillWork,
    ChangeFieldType,
    ChangeServerDefault,
    CheckFilled,
    Conversion,
    CreateIndex,
    DropIndex,
    Operation,
    RelaxField,
    RequireField,
    SyncFields,
)
from instar.schema.types import StringType
from schema_parts import INT, field, index, table, unique

KEY = Constraint(kind="primary_key", fields=("id",))
NAME, PRIORITY = field("name"), field("order")  # `order` is a word of SQL
TASKS = table(
    "tasks", field("id", INT), NAME, PRIORITY, field("note", optional=True), index("ix_note", "note"), KEY
)
LABEL, RANK = field("label", optional=True), field("rank", INT, optional=True)
SCALE = Conversion(mapping=(("low", 1), ("medium", 2), ("high", 3)), up_default=0, down_default="medium")
RANK_SQL = "CASE {order} WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 ELSE 0 END"
ROWS = [(1, "Ann", "low", None), (2, "Bob", "urgent", "x"), (3, "o'Neil", "high", "ü%:a")]


def migration(backend: str, *steps: tuple[Operation, ...], before: Table = TASKS) -> Migration:
    """A migration of one deploy with a DDL step for each group of operations."""
    made = tuple(
        Step(id=f"ddl-{n}", kind="ddl", phase="expand", title=f"step {n}", operations=group)
        for n, group in enumerate(steps, 1)
    )
    schema = Schema(dialect="sqlalchemy", tables=(before,))
    return Migration(
        id="0badcafe",
        name="tasks",
        dialect="sqlalchemy",
        deploy_model="rolling",
        backend=backend,
        before=schema,
        target=schema,
        changes=(),
        deploys=(Deploy(number=1, steps=made),),
    )


def backend_of(url: str) -> str:
    return sa.make_url(url).get_backend_name()


def write(project: Project, plan: Migration) -> list[str]:
    """Write the revisions of a migration; their ids in order."""
    parent, ids = "0001", []
    for step in plan.steps:
        revision = write_revision(plan, step, (parent,), "migrations/versions")
        project.write(revision.path, revision.text)
        parent = revision.id
        ids.append(parent)
    return ids


def seen(url: str) -> dict[str, object]:
    """What the database holds: columns with nullability, indexes, triggers and rows."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        columns = {
            c["name"]: (c["nullable"], c["default"], str(c["type"])) for c in inspector.get_columns("tasks")
        }
        indexes = {i["name"]: tuple(i["column_names"]) for i in inspector.get_indexes("tasks")}
        names = [n for n in columns if n in {"id", "name", "order", "note"}]
        quoted = ", ".join(engine.dialect.identifier_preparer.quote(n) for n in names)
        rows = [tuple(r) for r in connection.exec_driver_sql(f"SELECT {quoted} FROM tasks ORDER BY id")]
        unique = {str(u["name"]) for u in inspector.get_unique_constraints("tasks")}
        extra = [t for t in inspector.get_table_names() if t.startswith("instar_sync")]
    engine.dispose()
    return {"columns": columns, "indexes": indexes, "rows": rows, "extra": extra, "unique": unique}


SYNC_NAME = (
    AddField(table="tasks", field=LABEL),
    SyncFields(table="tasks", old=NAME, new=LABEL, key=("id",)),
)
SYNC_RANK = (
    AddField(table="tasks", field=RANK),
    RelaxField(table="tasks", field=PRIORITY),
    SyncFields(table="tasks", old=PRIORITY, new=RANK, key=("id",), conversion=SCALE),
)
FILL = BackfillWork(
    name="0badcafe/tasks.note", table="tasks", target="note", guard="note IS NULL", expression="name"
)
REQUIRED = field("level", INT, server_default=Default(text="7", constant=True))

CASES: dict[str, tuple[Operation, ...]] = {
    "add an optional field": (AddField(table="tasks", field=LABEL),),
    "add a required field with a default": (AddField(table="tasks", field=REQUIRED),),
    "relax": (RelaxField(table="tasks", field=NAME),),
    "require, filling what is empty": (
        CheckFilled(table="tasks", work=FILL),
        RequireField(table="tasks", field=TASKS.field("note")),
    ),
    "widen a type": (
        ChangeFieldType(table="tasks", before=NAME, after=field("name", StringType(length=60))),
    ),
    "server default": (
        ChangeServerDefault(table="tasks", field=NAME, after=Default(text="'x'", constant=True)),
    ),
    "create an index": (CreateIndex(table="tasks", index=index("by_name", "name", "order")),),
    "create a unique index": (CreateIndex(table="tasks", index=index("u_name", "name", unique=True)),),
    "drop an index": (DropIndex(table="tasks", index=index("ix_note", "note")),),
    "unique constraint": (AddConstraint(table="tasks", constraint=unique("name", name="uq_name")),),
    "constraints with quotes in their names": (
        AddConstraint(table="tasks", constraint=unique("name", name='uq"na me')),
        AddConstraint(table="tasks", constraint=unique("name", "id", name='uq""')),
    ),
    "sync a rename": SYNC_NAME,
    "sync a type change": SYNC_RANK,
}

COPIED = {"widen a type", "server default", "unique constraint", "constraints with quotes in their names"}
NAMED = {"drop an index": "ix_note"}


def values(url: str, *names: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url)
    tasks = sa.table("tasks", *map(sa.column, names), sa.column("id"))
    with engine.connect() as connection:
        rows = [
            tuple(r) for r in connection.execute(sa.select(*(tasks.c[n] for n in names)).order_by(tasks.c.id))
        ]
    engine.dispose()
    return rows


def run(url: str, statement: str) -> None:
    engine = sa.create_engine(url)
    quote = engine.dialect.identifier_preparer.quote
    with engine.begin() as connection:
        connection.exec_driver_sql(
            statement.replace("{order}", quote("order")).replace("{rank}", quote("rank"))
        )
    engine.dispose()


def tables(url: str) -> list[str]:
    """The names of all tables."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    names = sa.inspect(engine).get_table_names()
    engine.dispose()
    return names


def cursor_names(url: str) -> list[str]:
    """Column names as the driver gives them: SQLAlchemy's reflection of MariaDB keeps doubled quotes."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        names = list(connection.exec_driver_sql("SELECT * FROM tasks").keys())
    engine.dispose()
    return names
