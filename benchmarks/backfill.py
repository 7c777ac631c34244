"""How fast a backfill is, beside the one UPDATE that nobody dares to run and beside what people do instead.

    python benchmarks/backfill.py --rows 1000000 --json
    python benchmarks/backfill.py --rows 1000000 --all --svg docs/backfill.svg

Every ratio is the median over rounds in which the one-statement UPDATE of the same rows, on the same server and
just before it, counts as 1. A ratio of 1 means as fast as that UPDATE; `_2` is with two workers, `_nocas`
computes without compare-and-set. Stalls are the latencies of a concurrent writer of single random rows.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import servers
from instar.backfill import Options, run
from instar.schema.operations import BackfillWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CREATE = (
    "CREATE TABLE people (id BIGINT NOT NULL PRIMARY KEY, first_name VARCHAR(80) NOT NULL, "
    "last_name VARCHAR(80) NOT NULL, email VARCHAR(120) NOT NULL, visits INTEGER NOT NULL, full_name VARCHAR(200))"
)
COMPUTE = 'def full_name(row):\n    return row["first_name"] + " " + row["last_name"]\n'
GUARD = "full_name IS NULL"
CHUNK = 5_000


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


class Bench:
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
        # What SQLAlchemy's BigInteger().with_variant(Integer, "sqlite") makes, which is how one spells such a key.
        self.create = CREATE.replace("BIGINT", "INTEGER") if self.kind == "sqlite" else CREATE
        self._sql(self.create, self.create.replace("people", "original"))
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
        self._sql("DROP TABLE people", self.create, "INSERT INTO people SELECT * FROM original")
        if self.kind == "postgresql":
            self._sql("VACUUM ANALYZE people", "CHECKPOINT")
        elif self.kind == "mariadb":
            self._sql("ANALYZE TABLE people")
        else:
            self._sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def check(self) -> None:
        """Every row has its name."""
        with self.engine.connect() as connection:
            left = connection.exec_driver_sql(f"SELECT count(*) FROM people WHERE {GUARD}").scalar_one()
        assert left == 0, f"{left} rows are left"

    def one_update(self) -> None:
        """The limit: one statement, one transaction."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE people SET full_name = {self.expression} WHERE {GUARD}")

    def instar(self, *, computed: bool, workers: int = 1) -> None:
        """The runner, with its default settings."""
        name = f"bench/{time.monotonic_ns()}"
        work = BackfillWork(
            name=name,
            table="people",
            target="full_name",
            guard=GUARD,
            expression=None if computed else self.expression,
            compute="names.py:full_name" if computed else None,
            reads=("first_name", "last_name") if computed else (),
        )
        outcome = run(work, self.url, options=Options(root=self.folder, workers=workers))
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

    def write_one(self, connection: sa.Connection, key: int) -> None:
        """What a user's request does meanwhile."""
        connection.exec_driver_sql(f"UPDATE people SET visits = visits + 1 WHERE id = {key:d}")
        connection.commit()


class Writer(threading.Thread):
    """A concurrent writer of single random rows, in a process of its own would be fairer; a thread is close."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(daemon=True)
        self._bench = bench
        self._stop_now = threading.Event()
        self.latencies: list[float] = []

    def run(self) -> None:
        """Write until told to stop."""
        rng = random.Random(1)
        with self._bench.engine.connect() as connection:
            while not self._stop_now.wait(0.002):
                begun = time.perf_counter()
                self._bench.write_one(connection, rng.randint(1, self._bench.rows))
                self.latencies.append(time.perf_counter() - begun)

    def stop(self) -> dict[str, float]:
        """Stop, and the latencies in milliseconds."""
        self._stop_now.set()
        self.join()
        ordered = sorted(self.latencies)
        return {
            "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
            "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
            "max_ms": round(ordered[-1] * 1000, 2),
            "writes": len(ordered),
        }


def timed(bench: Bench, act: Callable[[], None]) -> float:
    """Seconds for one refilled table."""
    bench.refill()
    begun = time.perf_counter()
    act()
    seconds = time.perf_counter() - begun
    bench.check()
    return seconds


def acts(bench: Bench) -> dict[str, Callable[[], None]]:
    """What is measured against the one UPDATE, by the name of its ratio."""
    found: dict[str, Callable[[], None]] = {
        "sql_1": lambda: bench.instar(computed=False),
        "compute_1": lambda: bench.instar(computed=True),
    }
    if bench.kind != "sqlite":
        found["sql_2"] = lambda: bench.instar(computed=False, workers=2)
        found["compute_2"] = lambda: bench.instar(computed=True, workers=2)
    return found


def measure(bench: Bench, rounds: int) -> tuple[dict[str, float], dict[str, list[float]]]:
    """The ratios, and rows a second of everything."""
    ratios: dict[str, list[float]] = {}
    speeds: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, act in acts(bench).items():
            limit = timed(bench, bench.one_update)
            seconds = timed(bench, act)
            speeds.setdefault("one_update", []).append(bench.rows / limit)
            speeds.setdefault(name, []).append(bench.rows / seconds)
            ratios.setdefault(f"{bench.kind}_{name}", []).append(limit / seconds)
    return {name: round(statistics.median(values), 3) for name, values in ratios.items()}, speeds


def measure_others(bench: Bench) -> dict[str, dict[str, float]]:
    """What people do instead, and the stalls of a concurrent writer during each."""
    found = {}
    everything = {
        "one UPDATE": bench.one_update,
        "instar, SQL": lambda: bench.instar(computed=False),
        "instar, Python": lambda: bench.instar(computed=True),
        "Core executemany": bench.core_executemany,
        "ORM loop": bench.orm_loop,
    }
    for name, act in everything.items():
        bench.refill()
        writer = Writer(bench)
        writer.start()
        time.sleep(0.3)
        begun = time.perf_counter()
        act()
        seconds = time.perf_counter() - begun
        found[name] = {"rows_per_second": round(bench.rows / seconds)} | writer.stop()
    return found


def peak_memory(bench: Bench, *, computed: bool) -> float:
    """Peak resident memory in MB of a process that does nothing but the backfill."""
    bench.refill()
    act = f"bench.instar(computed={computed})"
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from instar.backfill import Options, run\nfrom instar.schema.operations import BackfillWork\n"
        "from pathlib import Path\nimport json\n"
        "work, url, root = json.loads(sys.stdin.read())\n"
        "run(BackfillWork(**work), url, options=Options(root=Path(root)))\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024)\n"
    )
    work: dict[str, Any] = {
        "name": f"bench/{act}{time.monotonic_ns()}",
        "table": "people",
        "target": "full_name",
        "guard": GUARD,
    }
    if computed:
        work |= {"compute": "names.py:full_name", "reads": ["first_name", "last_name"]}
    else:
        work |= {"expression": bench.expression}
    given = json.dumps([work, bench.url, str(bench.folder)])
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return round(float(done.stdout), 1)


@contextmanager
def benches(kinds: list[str], rows: int) -> Iterator[Iterator[Bench]]:
    """A database of each kind, one after the other, all gone at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "names.py").write_text(COMPUTE)

        def each() -> Iterator[Bench]:
            for kind in kinds:
                if kind == "sqlite":
                    yield Bench(f"sqlite:///{folder / 'bench.sqlite'}", rows, folder)
                    continue
                settings = {"max_wal_size": "8GB", "shared_buffers": "512MB", "checkpoint_timeout": "30min"}
                pool = {"innodb-buffer-pool-size": "1G", "innodb-log-file-size": "512M"}
                start = servers.start_postgres if kind == "postgresql" else servers.start_mariadb
                server = start(settings if kind == "postgresql" else pool)
                try:
                    with servers.fresh_database(servers.text(server.url)) as url:
                        yield Bench(url, rows, folder)
                finally:
                    server.close()

        yield each()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", action="append", choices=["postgresql", "sqlite", "mariadb"])
    parser.add_argument("--json", action="store_true", help="print one object of ratios and nothing else")
    parser.add_argument("--all", action="store_true", help="also the alternatives, stalls and memory")
    parser.add_argument("--svg", type=Path, help="write a plot of the alternatives (needs --all)")
    given = parser.parse_args()
    ratios: dict[str, float] = {}
    report: dict[str, Any] = {"rows": given.rows, "speeds": {}, "beside": {}, "memory_mb": {}}
    with benches(given.backend or ["postgresql", "sqlite", "mariadb"], given.rows) as found:
        for bench in found:
            measured, speeds = measure(bench, given.rounds)
            ratios |= measured
            report["speeds"][bench.kind] = {
                name: round(statistics.median(values)) for name, values in speeds.items()
            }
            if given.all:
                report["beside"][bench.kind] = measure_others(bench)
                report["memory_mb"][bench.kind] = {
                    "sql": peak_memory(bench, computed=False),
                    "compute": peak_memory(bench, computed=True),
                }
    print(json.dumps(ratios if given.json else report | {"ratios": ratios}, indent=2))
    if given.svg and given.all:
        given.svg.write_text(plot(report))


def plot(report: dict[str, Any]) -> str:
    """Rows a second against the longest stall of a writer, as an SVG of bars."""
    lines, y = [], 40
    for kind, beside in report["beside"].items():
        fastest = max(one["rows_per_second"] for one in beside.values())
        lines.append(f'<text x="10" y="{y}" font-weight="bold">{kind}, {report["rows"]:,} rows</text>')
        for name, one in beside.items():
            y += 22
            width = 300 * one["rows_per_second"] / fastest
            fill = "#2a7" if name.startswith("instar") else "#999"
            label = f"{one['rows_per_second']:,} rows/s, a writer waits {one['max_ms']:,.0f} ms at most"
            lines.append(f'<text x="20" y="{y}">{name}</text>')
            lines.append(f'<rect x="160" y="{y - 12}" width="{width:.0f}" height="14" fill="{fill}"/>')
            lines.append(f'<text x="{170 + width:.0f}" y="{y}">{label}</text>')
        y += 40
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="860" height="{y}" font-family="sans-serif" font-size="13">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *lines, "</svg>", ""])


if __name__ == "__main__":
    main()
