"""How long readers and writers wait during each DDL step of a change, beside the plain Alembic operation for it.

    python benchmarks/ddl_locks.py --rows 200000 --json
    python benchmarks/ddl_locks.py --rows 1000000 --write docs/safe-ddl.md
    python benchmarks/ddl_locks.py --backend mariadb --only index --keep figures.json --write docs/safe-ddl.md

For every change and backend a table of so many rows is filled; a reader and a writer, each on a connection of its
own, touch one row at a time without a pause, and the longest that each had to wait is measured for every DDL step.
Between the steps the new columns are filled by one statement, which is not part of the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from alembic_project import Project
from instar.dialects.sqlalchemy.ddl.sqlalchemy_types import sqlalchemy_type
from instar.dialects.sqlalchemy.revision import revision_id
from rolling.cases import CASES
from servers import fresh_database, start_mariadb, start_postgres, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar.schema.migration import Migration
    from instar.schema.operations import BackfillWork

CHANGES = {
    "add an optional field": 'op.add_column("items", sa.Column("extra", sa.String(50)))',
    "add a required field, constant": 'op.add_column("items", sa.Column("size", sa.Integer, nullable=False, server_default="7"))',
    "add a required field, filled": 'op.add_column("items", sa.Column("size", sa.Integer))\n    op.execute("UPDATE items SET size = id + 100")\n    op.alter_column("items", "size", existing_type=sa.Integer, nullable=False)',
    "remove a field": 'op.drop_column("items", "name")',
    "rename": 'op.alter_column("items", "name", existing_type=sa.String(50), existing_nullable=False, new_column_name="label")',
    "change a type": 'op.add_column("items", sa.Column("level_v2", sa.Integer))\n    op.execute("UPDATE items SET level_v2 = CASE level WHEN \'low\' THEN 1 ELSE 0 END")\n    op.alter_column("items", "level_v2", existing_type=sa.Integer, nullable=False)\n    op.drop_column("items", "level")',
    "widen a type in place": 'op.alter_column("items", "name", existing_type=sa.String(20), type_=sa.String(60), existing_nullable=False)',
    "make required": 'op.execute("UPDATE items SET name = \'none\' WHERE name IS NULL")\n    op.alter_column("items", "name", existing_type=sa.String(50), nullable=False)',
    "make optional": 'op.alter_column("items", "name", existing_type=sa.String(50), nullable=True)',
    "add an index": 'op.create_index("by_name", "items", ["name"])',
    "change an index": 'op.drop_index("by_name", "items")\n    op.create_index("by_name_and_tag", "items", ["name", "tag"])',
    "drop an index": 'op.drop_index("by_name", "items")',
}
"""What somebody writes by hand, as Alembic's own operations in one revision."""

BACKENDS = ("postgresql", "mariadb", "sqlite")

NAIVE = """\
import sqlalchemy as sa
from alembic import op

revision = "naive"
down_revision = "0001"


def upgrade():
    {body}
"""
BATCH = 'with op.batch_alter_table("items") as batch:\n        '


class Waits(threading.Thread):
    """One client: the same small statement over and over; the longest wait for it."""

    def __init__(self, url: str, statement: str) -> None:
        super().__init__(daemon=True)
        options: dict[str, Any] = {"connect_args": {"timeout": 600}} if url.startswith("sqlite") else {}
        self._engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", **options)
        self._statement = statement
        self._ended = threading.Event()
        self._since: float | None = None
        self.longest = 0.0
        self.failed = ""

    def run(self) -> None:
        """Until it is told to stop, or the statement fails, as it may when a column has gone."""
        with self._engine.connect() as connection:
            while not self._ended.is_set():
                self._since = time.monotonic()
                try:
                    connection.exec_driver_sql(self._statement)
                except sa.exc.DBAPIError as error:
                    self.failed = str(error.orig)
                    return
                self.longest = max(self.longest, time.monotonic() - self._since)
                time.sleep(0.001)

    def end(self) -> float:
        """Stop; the longest wait in seconds."""
        self._ended.set()
        self.join()
        return self.longest


def measured(url: str, upgrade: Callable[[], None]) -> tuple[float, float, float]:
    """The longest waits of a reader and a writer while `upgrade` runs, and how long that took, in seconds."""
    clients = [
        Waits(url, "SELECT tag FROM items WHERE id = 77"),
        Waits(url, "UPDATE items SET tag = 'x' WHERE id = 78"),
    ]
    for client in clients:
        client.start()
    time.sleep(0.2)
    for client in clients:
        client.longest = 0.0
    start = time.monotonic()
    try:
        upgrade()
    finally:
        took = time.monotonic() - start
        time.sleep(0.05)
        waits = [client.end() for client in clients]
    if any(client.failed for client in clients):
        raise SystemExit(f"a client failed: {[client.failed for client in clients]}")
    return waits[0], waits[1], took


def fill(url: str, migration: Migration, rows: int) -> None:
    """The table of the first version with so many rows."""
    table = migration.before.table("items")
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
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    made = sa.Table("items", sa.MetaData(), *columns)
    for index in table.indexes:
        sa.Index(index.name, *(made.c[key.text] for key in index.keys))
    others = {f.name: "low" for f in table.fields if f.name not in {"id", "tag"}}
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS items"))
        made.create(connection)
        connection.execute(made.insert(), {"id": 1, "tag": "a tag of a row", **others})
        there, names = 1, ", ".join(others)
        while there < rows:
            more = f"SELECT id + {there}, tag{', ' + names if names else ''} FROM items WHERE id <= {rows - there}"
            connection.exec_driver_sql(f"INSERT INTO items (id, tag{', ' + names if names else ''}) {more}")
            there = min(there * 2, rows)
    engine.dispose()


def fill_by(work: BackfillWork, url: str) -> None:
    """What a backfill does, in one go."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE {work.table} SET {work.target} = {work.expression} WHERE {work.guard}"
        )
    engine.dispose()


def with_instar(folder: Path, url: str, migration: Migration, rows: int) -> list[dict[str, Any]]:
    """Each DDL step of the plan, with its waits."""
    fill(url, migration, rows)
    project, found = Project(folder, url), []
    project.add_revisions(migration)
    project.upgrade("0001")
    for step in migration.steps:
        if step.work is not None and step.kind == "backfill":
            fill_by(step.work, url)
        if step.operations:
            read, write, took = measured(url, lambda step=step: project.upgrade(revision_id(migration, step)))
            found.append(
                {"step": step.title.replace("\n", "; "), "reader": read, "writer": write, "took": took}
            )
    return found


def by_hand(folder: Path, url: str, migration: Migration, rows: int, body: str) -> dict[str, Any]:
    """The plain operation, in one revision."""
    fill(url, migration, rows)
    if url.startswith("sqlite"):
        lines = [
            BATCH + line.replace('op.alter_column("items", ', "batch.alter_column(")
            if "alter_column" in line
            else line
            for line in body.split("\n    ")
        ]
        body = "\n    ".join(lines)
    project = Project(folder, url)
    project.write("migrations/versions/naive.py", NAIVE.format(body=body))
    project.upgrade("0001")
    read, write, took = measured(url, project.upgrade)
    return {"reader": read, "writer": write, "took": took}


def all_figures(
    rows: int, only: list[str], backends: list[str], keep: Callable[[dict[str, Any]], None]
) -> None:
    """Every change on every backend that is asked for; each figure is handed over as it is measured."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        starts = {"postgresql": start_postgres, "mariadb": start_mariadb}
        servers = {backend: starts[backend]() for backend in backends if backend in starts}
        for server in servers.values():
            stack.callback(server.close)
        for backend in backends:
            for name in CHANGES:
                if not only or any(part in name for part in only):
                    server = servers.get(backend)
                    keep(both_ways(folder, name, backend, text(server.url) if server else "", rows))
                    print(f"{backend}: {name}", file=sys.stderr, flush=True)


def both_ways(folder: Path, name: str, backend: str, server: str, rows: int) -> dict[str, Any]:
    """One change on one backend, by hand and with instar, each on a database of its own."""
    migration = CASES[name].plan(backend)
    found: dict[str, Any] = {"change": name, "backend": backend, "rows": rows}
    for way in ("naive", "steps"):
        place = folder / f"{backend}-{len(list(folder.iterdir()))}"
        place.mkdir()
        with ExitStack() as database:
            if server:
                url = database.enter_context(fresh_database(server))
            else:
                url = f"sqlite:///{place / 'bench.sqlite'}"
            if way == "naive":
                found[way] = by_hand(place / "app", url, migration, rows, CHANGES[name])
            else:
                found[way] = with_instar(place / "app", url, migration, rows)
    return found


def table(figures: list[dict[str, Any]]) -> str:
    """The figures as a Markdown table, in milliseconds."""
    lines = [
        "Longest wait in ms of one reader and one writer while the DDL ran; the worst DDL step of each plan.",
        "",
        "| backend | change | rows | by hand: reader | writer | instar: reader | writer | DDL steps |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in figures:
        steps = one["steps"]
        cells = [one["naive"]["reader"], one["naive"]["writer"]]
        cells += [max((step[who] for step in steps), default=0.0) for who in ("reader", "writer")]
        shown = " | ".join(f"{cell * 1000:,.0f}" for cell in cells)
        lines.append(f"| {one['backend']} | {one['change']} | {one['rows']:,} | {shown} | {len(steps)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument(
        "--only", action="append", default=[], help="changes whose name contains this; repeatable"
    )
    parser.add_argument("--keep", type=Path, help="a file with the figures of earlier runs, which these join")
    parser.add_argument(
        "--backend", action="append", choices=BACKENDS, help="repeatable; all of them when absent"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", type=Path, help="a document whose table between the marks is replaced")
    given = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    if given.keep and given.keep.exists():
        found = {f"{one['backend']}: {one['change']}": one for one in json.loads(given.keep.read_text())}

    def keep(one: dict[str, Any]) -> None:
        found[f"{one['backend']}: {one['change']}"] = one
        if given.keep:
            given.keep.write_text(json.dumps(list(found.values()), indent=2))

    all_figures(given.rows, given.only, given.backend or list(BACKENDS), keep)
    order = [f"{backend}: {name}" for backend in BACKENDS for name in CHANGES]
    figures = [found[key] for key in order if key in found]
    made = table(figures)
    if given.write:
        before, _, rest = given.write.read_text().partition("<!-- figures -->")
        _, _, after = rest.partition("<!-- end of figures -->")
        given.write.write_text(f"{before}<!-- figures -->\n\n{made}\n\n<!-- end of figures -->{after}")
    print(json.dumps({"figures": figures}, indent=2) if given.json else made)


if __name__ == "__main__":
    main()
