"""Every generated revision goes up, down and up again, and back from a failure at any of its statements.

Rows are compared one by one, and columns, indexes and triggers with them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from alembic_project import Project
from instar.backfill import Options, run
from instar.dialects.sqlalchemy.script_folder import Script
from instar.dialects.sqlalchemy.undo import undo_revisions
from instar.schema.migration import Step
from instar.schema.operations import DropField, UnsyncFields
from rolling.cases import CASES
from rolling.versions import TABLE, Versions

SAME = ("code first", "keeping the column", "computed", "redefine", "nullable field, in the application")
"""Cases whose DDL is that of another one, or none."""
NAMES = [name for name in CASES if not any(part in name for part in SAME)]


DDL = ("ALTER", "CREATE", "DROP")
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    "mariadb": "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()",
}


class PowerCutError(Exception):
    """What happens in the middle of a revision."""


@contextlib.contextmanager
def cut_before(number: int) -> Iterator[list[str]]:
    """Fail when so many DDL statements have run; the statements that did."""
    done: list[str] = []

    def before(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.lstrip().upper().startswith(DDL) and "alembic_version" not in statement:
            if len(done) == number:
                raise PowerCutError
            done.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    try:
        yield done
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", before)


def held(url: str) -> dict[str, object]:
    """Everything that the database has of the table."""
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        inspector = sa.inspect(connection)
        columns = inspector.get_columns(TABLE)
        rows = connection.exec_driver_sql(f"SELECT * FROM {TABLE} ORDER BY id").mappings().all()
        triggers = set(connection.exec_driver_sql(TRIGGERS[connection.dialect.name]).scalars())
        return {
            "columns": {one["name"]: (str(one["type"]), one["nullable"], one["default"]) for one in columns},
            "indexes": {one["name"]: one["column_names"] for one in inspector.get_indexes(TABLE)},
            "triggers": triggers,
            "tables": {name for name in inspector.get_table_names() if not name.startswith("instar_")},
            "rows": [dict(row) for row in rows],
        }


def seeded(versions: Versions, name: str) -> None:
    """The table of the first version, with every old value, one of them twice."""
    case = CASES[name]
    model = versions.all[0].model
    url = versions.project.url
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    model.__table__.create(engine)
    column = next((one for one in versions.all[0].names if one not in {"id", "tag"}), None)
    values = [*case.old_values, case.old_values[0]]
    values += [None] if column and versions.all[0].optional[column] else []
    with engine.begin() as connection:
        for key, value in enumerate(values, 1):
            row = {"id": key, "tag": f"t{key}"} | ({column: value} if column else {})
            connection.execute(model.__table__.insert().values(row))
    engine.dispose()
    versions.project.upgrade("0001")


def drops(step: Step) -> bool:
    return any(
        isinstance(act, DropField) or (isinstance(act, UnsyncFields) and act.dropped is not None)
        for act in step.operations
    )


def script(project: Project, revision: str) -> tuple[Script, str]:
    (path,) = project.versions.glob(f"*{revision}*.py")
    text = path.read_text()
    parents = re.findall(r'^down_revision\b.*"(\w+)"', text, re.MULTILINE)
    shown = path.relative_to(project.folder).as_posix()
    return Script(revision=revision, path=shown, parents=tuple(parents)), text


@pytest.mark.parametrize("name", NAMES)
def test_up_down_up_and_back_from_any_failure(database: str, tmp_path: Path, name: str) -> None:
    backend = sa.make_url(database).get_backend_name()
    case = CASES[name]
    versions = Versions(tmp_path, database, case.plan(backend), case.files)
    seeded(versions, name)
    project = versions.project
    for step in versions.migration.steps:
        if step.kind == "backfill" and step.work is not None:
            run(step.work, database, options=Options(root=project.folder))
        if step.kind == "ddl":
            before = held(database)
            revision = versions.revision(step.id)
            if not drops(step):
                back_from_any_failure(project, revision, before)
            project.upgrade(revision)
            after = held(database)
            project.downgrade("-1")
            there = held(database)
            if not (drops(step) and name == "remove a field"):
                assert there == before
            else:
                assert there["columns"].keys() == before["columns"].keys()  # type: ignore[attr-defined]  # a mapping
            project.upgrade(revision)
            assert held(database) == after


def back_from_any_failure(project: Project, revision: str, before: dict[str, object]) -> None:
    """The revision fails before its first statement, before its second one, and so on."""
    for number in range(50):
        with cut_before(number) as done, contextlib.suppress(PowerCutError):
            project.upgrade(revision)
            break
        undo_revisions(project.url, (script(project, revision),))
        assert held(project.url) == before, f"after {done}"
    project.downgrade("-1")
