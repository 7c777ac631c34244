"""Proven findings on real applications: mark random fields as leaving, and show what is found.

    python benchmarks/precision.py REPOSITORY... [--fields 50] [--sample 100] [--seed 1] [--json]

Each repository (a clone, normal or bare) is linted at HEAD with 50 seeded random fields marked as leaving. What a
machine can tell is counted: `misplaced` findings stand where no name is written. Whether a
finding is about the right table is for a person: `--sample` prints that many of all findings with their lines.
Nothing of the applications is kept.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from instar.config import Config
from instar.sources import open_repository
from instar_lint.deployment import Deployment, Environment, FieldInFlight, Origin
from instar_lint.findings import Finding
from instar_lint.project import LintProject
from instar_lint.python.knowledge import Knowledge
from instar_lint.python.parsing import decoded
from instar_lint.readings import Readings

if TYPE_CHECKING:
    from instar.schema.model import Field, Schema, Table


class Shown(msgspec.Struct, frozen=True):
    """One finding for a person to judge."""

    application: str
    finding: Finding
    line: str


def leaving(schema: Schema, chance: random.Random, count: int) -> tuple[FieldInFlight, ...]:
    """Random fields of all tables, each as if a migration took it away."""
    fields = [(table, field) for table in schema.tables for field in table.fields]
    return tuple(_leaving(*pair) for pair in chance.sample(fields, min(count, len(fields))))


def _leaving(table: Table, field: Field) -> FieldInFlight:
    return FieldInFlight(
        table=table.name,
        namespace=table.namespace,
        field=field,
        state="leaving",
        names=frozenset({field.code_name}),
        origin=Origin(before="HEAD", after="HEAD", migration="precision"),
    )


def findings_of(repository: Path, chance: random.Random, count: int) -> tuple[int, list[Shown]]:
    """How many fields were marked, and the proven findings at HEAD."""
    source = open_repository(repository).source("HEAD")
    config = Config()
    reading = Readings(config, str(repository)).of(source)
    fields = leaving(reading.schema, chance, count)
    deployment = Deployment(
        declared=reading.schema,
        environments=(Environment(name="HEAD", schema=reading.schema, recorded=False),),
        target=reading.schema,
        origin=Origin(before="HEAD", after="HEAD"),
        fields=fields,
    )
    knowledge = Knowledge.of(source, config)
    linted = LintProject(source=source, config=config, deployment=deployment, knowledge=knowledge)
    proven = [finding for finding in linted.findings() if finding.confidence == "proven"]
    files = source.read_many({finding.place.path for finding in proven})
    lines = {path: decoded(data).splitlines() for path, data in files.items()}
    name = repository.name.removesuffix(".git")
    return len(fields), [Shown(name, f, lines[f.place.path][f.place.line - 1]) for f in proven]


def misplaced(shown: Shown) -> bool:
    """Whether no name stands where the finding says: what it points at must at least be an identifier."""
    start = shown.finding.place.column - 1
    return not shown.line[start : start + 1].isidentifier()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--fields", type=int, default=50)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    every: list[Shown] = []
    said = []
    for repository in options.repositories:
        marked, shown = findings_of(
            repository, random.Random(f"{options.seed}-{repository.name}"), options.fields
        )
        said.append(
            {
                "application": repository.name,
                "fields": marked,
                "proven": len(shown),
                "misplaced": sum(map(misplaced, shown)),
            }
        )
        every += shown
    chance = random.Random(options.seed)
    for one in chance.sample(every, min(options.sample, len(every))):
        place = one.finding.place
        print(
            f"{one.application} {place.path}:{place.line}:{place.column} {one.finding.subject}: {one.line.strip()}"
        )
    print(json.dumps(said) if options.json else "\n".join(map(str, said)))


if __name__ == "__main__":
    main()
