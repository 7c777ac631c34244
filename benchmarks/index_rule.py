"""Does "served better by" agree with a real planner?

    python benchmarks/index_rule.py [--triples 1000] [--seed 1] [--json]

For seeded triples of a table with analysed rows, the indexes that it has and a query, PostgreSQL's estimate of the
query is taken without and with one more index. The rule of `instar_lint.coverage` says from the names alone whether
that index serves the query better; the planner says so when its estimate at least halves.
Needs a PostgreSQL server as the tests do (the `test` extra, or INSTAR_TEST_POSTGRES_URL).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from instar.schema.model import IndexKey, Place
from instar_lint.coverage import AccessPath, better_by
from instar_lint.facts import Filter, OrderKey, Query
from servers import fresh_database, start_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = ("a", "b", "c", "d", "e")
ROWS = 20_000
TRIPLES_A_TABLE = 100
DISTINCT = (200, 500, 2000, 5000)
GAIN = 0.5
"""The planner says that an index serves a query when its estimate at least halves. Smaller gains come from reading all
of an index because it is narrower than the table, or from combining two indexes."""


class Table(msgspec.Struct, frozen=True):
    """A table by the number of distinct values of each of its columns."""

    name: str
    distinct: tuple[int, ...]


class Triple(msgspec.Struct, frozen=True):
    """A query, what the table has, and the index that may come."""

    query: Query
    deployed: tuple[AccessPath, ...]
    candidate: AccessPath


class Verdict(msgspec.Struct, frozen=True):
    """What the rule says of one triple, and the planner's estimates without and with the index."""

    triple: Triple
    rule: bool
    without: float
    with_: float

    def planner(self, factor: float = GAIN) -> bool:
        """Whether the estimate falls below this share of what it was."""
        return self.with_ < self.without * factor


def tables(seed: int, count: int, *, mixed: bool = False) -> list[Table]:
    """Tables whose columns are selective, as columns that somebody indexes are.

    The columns of one table are about equally so, because the rule knows no data; with `mixed` they differ widely, and
    which of two columns is the better one is then up to the data.
    """
    chance = random.Random(seed)
    found = []
    for number in range(count):
        one = chance.choice(DISTINCT)
        distinct = (chance.choice(DISTINCT) if mixed else one + chance.randrange(one) for _ in COLUMNS)
        found.append(Table(f"t{number}", tuple(distinct)))
    return found


def triples(table: Table, chance: random.Random, count: int) -> Iterator[Triple]:
    """Random queries with zero to three indexes beside the primary key, and one more index."""
    primary = AccessPath(name=f"{table.name}_pkey", keys=(IndexKey("id"),), unique=True, kind="primary_key")
    for number in range(count):
        have = tuple(_path(f"have{number}_{n}", chance) for n in range(chance.choice((0, 1, 1, 2, 3))))
        candidate = _path(f"more{number}", chance)
        yield Triple(_query(table, chance), (primary, *have), candidate)


def _path(name: str, chance: random.Random) -> AccessPath:
    columns = chance.sample(COLUMNS, chance.choice((1, 1, 2, 2, 3)))
    return AccessPath(name=name, keys=tuple(IndexKey(column) for column in columns))


def _query(table: Table, chance: random.Random) -> Query:
    columns = chance.sample(COLUMNS, len(COLUMNS))
    equal = [columns.pop() for _ in range(chance.choice((0, 1, 1, 1, 2)))]
    ranged = [columns.pop()] if chance.random() < 0.3 else []
    order = [columns.pop()] if chance.random() < 0.4 else []
    operators = [(column, chance.choice(("eq", "eq", "eq", "in"))) for column in equal]
    return Query(
        place=Place("benchmark.py", 1),
        table=table.name,
        filters=tuple(Filter(c, o) for c, o in [*operators, *((c, "range") for c in ranged)]),
        order=tuple(OrderKey(column, descending=chance.random() < 0.5) for column in order),
        limited=chance.random() < 0.5,
    )


def sql(query: Query, table: Table) -> str:
    """The query as SQL; a range asks for a hundredth of the values."""
    wheres = []
    for condition in query.filters:
        distinct = table.distinct[COLUMNS.index(condition.field)]
        middle = distinct // 2
        match condition.operator:
            case "in":
                wheres.append(f"{condition.field} IN ({middle}, {middle + 1}, {middle + 2})")
            case "range":
                wheres.append(f"{condition.field} BETWEEN {middle} AND {middle + distinct // 100 - 1}")
            case _:
                wheres.append(f"{condition.field} = {middle}")
    keys = ", ".join(f"{key.field} {'DESC' if key.descending else 'ASC'}" for key in query.order)
    where = f" WHERE {' AND '.join(wheres)}" if wheres else ""
    order = f" ORDER BY {keys}" if keys else ""
    return f"SELECT * FROM {table.name}{where}{order}{' LIMIT 20' if query.limited else ''}"


def judged(connection: sa.Connection, table: Table, triple: Triple) -> Verdict:
    """Ask both."""
    build(connection, table.name, triple.deployed[1:])
    statement = sql(triple.query, table)
    without = estimate(connection, statement)
    build(connection, table.name, (triple.candidate,))
    with_ = estimate(connection, statement)
    for path in (*triple.deployed[1:], triple.candidate):
        connection.exec_driver_sql(f"DROP INDEX {path.name}")
    rule = better_by(triple.query, [triple.candidate], triple.deployed) is not None
    return Verdict(triple, rule, without, with_)


def build(connection: sa.Connection, table: str, paths: tuple[AccessPath, ...]) -> None:
    """Create the indexes."""
    for path in paths:
        connection.exec_driver_sql(f"CREATE INDEX {path.name} ON {table} ({', '.join(path.fields)})")


def estimate(connection: sa.Connection, statement: str) -> float:
    """The planner's total cost."""
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}").scalar_one()
    return float(plan[0]["Plan"]["Total Cost"])


def fill(connection: sa.Connection, table: Table) -> None:
    """Rows with evenly spread values in an order of their own for every column, and the planner's statistics."""
    columns = ", ".join(f"{column} integer" for column in COLUMNS)
    connection.exec_driver_sql(f"CREATE TABLE {table.name} (id integer PRIMARY KEY, {columns}, filler text)")
    values = ", ".join(f"floor(random() * {distinct})::int" for distinct in table.distinct)
    connection.exec_driver_sql("SELECT setseed(0.5)")
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} SELECT n, {values}, repeat('x', 60) FROM generate_series(1, {ROWS}) AS n"
    )
    connection.exec_driver_sql(f"ANALYZE {table.name}")


def measure(url: str, seed: int, count: int, *, mixed: bool = False) -> list[Verdict]:
    """The verdicts on `count` triples, on as many tables as that takes."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    found: list[Verdict] = []
    try:
        with engine.connect() as connection:
            for number, table in enumerate(tables(seed, -(-count // TRIPLES_A_TABLE), mixed=mixed)):
                fill(connection, table)
                chance = random.Random(f"{seed}-{number}")
                wanted = min(TRIPLES_A_TABLE, count - len(found))
                found.extend(judged(connection, table, triple) for triple in triples(table, chance, wanted))
    finally:
        engine.dispose()
    return found


def agreement(verdicts: list[Verdict], factor: float = GAIN) -> float:
    """The share of triples on which both say the same."""
    return sum(verdict.rule == verdict.planner(factor) for verdict in verdicts) / len(verdicts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--triples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mixed", action="store_true", help="columns of widely different selectivity")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="show every disagreement")
    options = parser.parse_args()
    server = start_postgres()
    try:
        with fresh_database(server.url) as url:
            verdicts = measure(url, options.seed, options.triples, mixed=options.mixed)
    finally:
        server.close()
    says = {
        "triples": len(verdicts),
        "agreement": round(agreement(verdicts), 4),
        "rule_only": sum(v.rule and not v.planner() for v in verdicts),
        "planner_only": sum(v.planner() and not v.rule for v in verdicts),
        "both": sum(v.rule and v.planner() for v in verdicts),
    }
    if options.verbose:
        for verdict in verdicts:
            if verdict.rule != verdict.planner():
                t = verdict.triple
                asked = [(f.field, f.operator) for f in t.query.filters]
                have = [path.fields for path in t.deployed[1:]]
                order = [key.field for key in t.query.order]
                said = "rule" if verdict.rule else "planner"
                print(
                    said,
                    asked,
                    order,
                    t.query.limited,
                    have,
                    "+",
                    t.candidate.fields,
                    verdict.without,
                    verdict.with_,
                )
    print(json.dumps(says) if options.json else says)


if __name__ == "__main__":
    main()
