"""Seeded mutations of real Convex applications: is the code that they break found, and nothing else?

    python benchmarks/convex_lint.py [--count 50] [--seed 1] REPOSITORY:PATH/TO/schema.ts …

At the head, with its own head deployed, the linter has to be silent. Then fields are dropped and indexes staged, one at
a time, in the schema alone. Only fields and indexes count that the code surely uses: an index that a `withIndex`
names, and a field that only one table has and that a query of that table, or a write to it, names in the same
statement.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.convex.reader import read_schema
from instar.dialects.convex.syntax import SUFFIXES
from instar.schema.diff import diff
from instar.sources import Source, open_repository
from instar_lint.lint import lint_facts, names_in_flight
from instar_lint.typescript.collect import collect
from instar_lint.versions import Labels, between

if TYPE_CHECKING:
    from instar.schema.model import Schema, Table


def main() -> int:
    """Print a line a repository, and what was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("schemas", nargs="+", metavar="REPOSITORY:PATH")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for schema in options.schemas:
        repository, _, path = schema.rpartition(":")
        source = open_repository(Path(repository)).source("HEAD")
        counts = mutate(source, path, options.count, random.Random(options.seed))
        total += counts
        print(f"{repository}: {dict(counts)}")
    print(dict(total))
    return 0


def mutate(source: Source, path: str, count: int, chance: random.Random) -> Counter[str]:
    """Drop fields and stage indexes of one application."""
    schema = read_schema(source, path)
    counts: Counter[str] = Counter()
    counts["findings at head"] = len(findings(source, schema, schema))
    texts = {
        name: data.decode("utf-8", "replace")
        for name, data in source.read_many(
            [f.path for f in source.files(SUFFIXES) if path.rpartition("/")[0] in f.path and f.path != path]
        ).items()
        if "_generated" not in name and ".test." not in name
    }
    code = "\n".join(texts.values())
    owners = Counter(field.name for table in schema.tables for field in table.fields)
    fields = [
        (table, field.name)
        for table in schema.tables
        for field in table.fields
        if owners[field.name] == 1
        and re.search(
            rf"insert\(\s*[\"']{re.escape(table.name)}[\"'],\s*\{{[^{{}}]*\b{re.escape(field.name)}\b\s*[:,}}]",
            code,
        )
    ]
    indexes = [
        (table, index.name or "")
        for table in schema.tables
        for index in table.indexes
        if index.kind == "btree"
        and not index.staged
        and re.search(
            rf"query\(\s*[\"']{re.escape(table.name)}[\"']\s*\)\s*\.withIndex\(\s*[\"']{re.escape(index.name or '')}[\"']",
            code,
        )
    ]
    started = time.process_time()
    for what, chosen in (("field", fields), ("index", indexes)):
        for table, name in chance.sample(chosen, min(count, len(chosen))):
            after = without(schema, table, name, what)
            found = [f for f in findings(source, schema, after) if name in (f.field, f.index)]
            counts[f"{what} {'found' if found else 'missed'}"] += 1
            if not found:
                print(f"  missed {what} {table.name}.{name}", file=sys.stderr)
    print(f"  {time.process_time() - started:.1f} s of CPU", file=sys.stderr)
    return counts


def without(schema: Schema, table: Table, name: str, what: str) -> Schema:
    """The schema with a field dropped, or an index staged."""
    if what == "field":
        changed = msgspec.structs.replace(table, fields=tuple(f for f in table.fields if f.name != name))
    else:
        staged = tuple(
            msgspec.structs.replace(index, staged=True) if index.name == name else index
            for index in table.indexes
        )
        changed = msgspec.structs.replace(table, indexes=staged)
    return msgspec.structs.replace(
        schema, tables=tuple(changed if one is table else one for one in schema.tables)
    )


def findings(source: Source, before: Schema, after: Schema):  # noqa: ANN201 - a tuple of findings
    """What the linter says of the code."""
    deployment = between(before, after, diff(before, after), Labels("HEAD", "the mutation"))
    names = names_in_flight(deployment)
    return [
        finding
        for _, facts in collect(source, (after, before), names)
        for finding in lint_facts(facts, deployment)
    ]


if __name__ == "__main__":
    sys.exit(main())
