"""The rules of a renamed column go over to the new one: foreign key, unique and check, whatever the names and keys are."""

from __future__ import annotations

import uuid
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from alembic_project import Project
from instar.backfill import Options, run, verify
from instar.dialects.sqlalchemy.revision import revision_id
from instar.plan import make_plan
from instar.schema.diff import diff
from instar.schema.model import Constraint, Schema
from instar.schema.renames import Rename
from instar.schema.types import UuidType
from schema_parts import INT, field, points_at, table, unique

NAMES = {
    "plain names": ("items", "code", "kind"),
    "reserved words": ("order", "select", "group"),
    "quotes and other letters": ('größe "x" `y`', 'a"b é', "c'd 名"),
}
KEYS = {
    "one number": (("id", INT),),
    "two columns": (("id", INT), ("part", INT)),
    "a UUID": (("id", UuidType()),),
}
KINDS = ("unique", "foreign key", "check")
CASES = [
    *((names, "one number", KINDS, True) for names in NAMES),
    *(("plain names", key, KINDS, True) for key in KEYS if key != "one number"),
    ("quotes and other letters", "one number", KINDS, False),
    ("plain names", "one number", ("foreign key",), False),
]


def schema(name: str, column: str, key: str, quoted: str, *, kinds: tuple[str, ...], named: bool) -> Schema:
    keys = KEYS[key]
    groups = table("groups", field("id", INT), Constraint(kind="primary_key", fields=("id",)))
    made = {
        "unique": unique(column, name="uq_item"),
        "foreign key": msgspec.structs.replace(points_at("groups", column), name="fk_item"),
        "check": Constraint(kind="check", name="ck_item", expression=f"{quoted} > 0"),
    }
    rules = [made[kind] if named else msgspec.structs.replace(made[kind], name=None) for kind in kinds]
    items = table(
        name,
        *(field(one, kind) for one, kind in keys),
        field(column, INT),
        Constraint(kind="primary_key", fields=tuple(one for one, _ in keys)),
        *rules,
    )
    return Schema(dialect="sqlalchemy", tables=(groups, items))


def created(
    url: str, name: str, column: str, key: str, quoted: str, *, kinds: tuple[str, ...], named: bool
) -> sa.Engine:
    """The tables with five rows."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    metadata = sa.MetaData()
    groups = sa.Table("groups", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    columns = [
        sa.Column(
            one, sa.Uuid() if kind == UuidType() else sa.Integer(), primary_key=True, autoincrement=False
        )
        for one, kind in KEYS[key]
    ]
    made = sa.Table(
        name,
        metadata,
        *columns,
        sa.Column(column, sa.Integer, nullable=False),
    )
    if "foreign key" in kinds:
        made.append_constraint(
            sa.ForeignKeyConstraint([column], ["groups.id"], name="fk_item" if named else None)
        )
    if "unique" in kinds:
        made.append_constraint(sa.UniqueConstraint(column, name="uq_item" if named else None))
    if "check" in kinds:
        made.append_constraint(sa.CheckConstraint(f"{quoted} > 0", name="ck_item" if named else None))
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(groups.insert(), [{"id": n} for n in range(10)])
        for n in range(1, 6):
            given = {one: uuid.UUID(int=n) if kind == UuidType() else n for one, kind in KEYS[key]}
            connection.execute(made.insert().values({**given, column: n}))
    return engine


@pytest.mark.parametrize(("names", "key", "kinds", "named"), CASES)
def test_the_new_column_has_the_rules_of_the_old_one(
    database: str, tmp_path: Path, names: str, key: str, kinds: tuple[str, ...], *, named: bool
) -> None:
    name, old, new = NAMES[names]
    backend = sa.make_url(database).get_backend_name()
    mark = "`" if backend == "mariadb" else '"'

    def quoted(one: str) -> str:
        return f"{mark}{one.replace(mark, mark * 2)}{mark}"

    engine = created(database, name, old, key, quoted(old), kinds=kinds, named=named)
    before, after = (
        schema(name, column, key, quoted(column), kinds=kinds, named=named) for column in (old, new)
    )
    changes = diff(before, after, [Rename(table=name, namespace=None, old=old, new=new)])
    migration = make_plan(before, after, changes, name="carried", backend=backend)
    assert not migration.unplanned
    project = Project(tmp_path / "project", database)
    project.add_revisions(migration)
    for step in migration.steps:
        if step.operations:
            project.upgrade(revision_id(migration, step))
        elif step.work is not None and step.kind == "backfill":
            run(step.work, database, options=Options(batch=2))
        elif step.work is not None:
            assert verify(step.work, database).left == 0
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT * FROM {quoted(name)}").mappings().all()
    assert sorted(row[new] for row in rows) == [1, 2, 3, 4, 5]
    assert set(rows[0]) == {new, *(one for one, _ in KEYS[key])}
    if "unique" in kinds:
        refused(engine, f"UPDATE {quoted(name)} SET {quoted(new)} = 2 WHERE {quoted(new)} = 1")
    if "check" in kinds:
        refused(engine, f"UPDATE {quoted(name)} SET {quoted(new)} = 0 WHERE {quoted(new)} = 1")
    if "foreign key" in kinds:
        refused(engine, f"UPDATE {quoted(name)} SET {quoted(new)} = 77 WHERE {quoted(new)} = 1")
    refused(engine, f"UPDATE {quoted(name)} SET {quoted(new)} = NULL WHERE {quoted(new)} = 1")
    engine.dispose()


def refused(engine: sa.Engine, statement: str) -> None:
    """The database takes no such row."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        with pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql(statement)
