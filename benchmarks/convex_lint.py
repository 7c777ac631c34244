"""Seeded mutations of real Convex applications: is the code that they break found, and nothing else?

    python benchmarks/convex_lint.py --packages DIR [--count 50] [--seed 1] REPOSITORY:PATH/TO/schema.ts …

At the head, with its own head deployed, the linter has to be silent. Then fields are taken out and indexes renamed, one at
a time, in the schema alone, each chosen at random among all of them. Which of them the code uses is not for the linter to
say: `tsc` checks the code against the changed schema (DIR is a folder whose `node_modules` has `typescript`, `convex` and
the packages of the schemas). What only the linter finds, such as a write by a variable, is counted apart.
"""

from __future__ import annotations

import argparse
import json
import posixpath
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from convex_histories import check_out, link_packages

from instar.dialects.convex.reader import read_schema
from instar.dialects.convex.syntax import SyntaxFile
from instar.schema.diff import diff
from instar.sources import Source, open_repository
from instar_lint.lint import lint_facts, names_in_flight
from instar_lint.typescript.collect import collect
from instar_lint.versions import Labels, between

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.schema.model import Field, Index, Schema, Table


def main() -> int:
    """Print a line a repository, and what was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("schemas", nargs="+", metavar="REPOSITORY:PATH")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for told in options.schemas:
        repository, _, path = told.rpartition(":")
        source = open_repository(Path(repository)).source("HEAD")
        schema = read_schema(source, path)
        counts = Counter({"findings at head": len(findings(source, schema, schema))})
        for kind in ("field", "index"):
            chance = random.Random(options.seed)
            chosen = mutations(source, schema, kind, options.count, chance)
            used = uses(source, path, [job for job, _ in chosen], options.packages.resolve())
            counts.update(
                judged(source, schema, kind, zip([table for _, table in chosen], used, strict=True))
            )
        total.update(counts)
        print(f"{repository}: {dict(counts)}", flush=True)
    print(dict(total))
    return 0


def mutations(
    source: Source, schema: Schema, kind: str, count: int, chance: random.Random
) -> list[tuple[dict[str, str], tuple[Table, str]]]:
    """Fields, or indexes, at random: the changed file, and what is gone."""
    members: list[tuple[Table, Field | Index]] = [
        (table, one)
        for table in schema.tables
        for one in (table.fields if kind == "field" else table.indexes)
        if one.place is not None and not one.place.path.startswith("<")
    ]
    chance.shuffle(members)
    chosen = []
    for table, one in members:
        text, name = without_member(source, one, kind), one.name or ""
        if text is not None and one.place is not None and len(chosen) < count:
            chosen.append(({"name": name, "path": one.place.path, "text": text}, (table, name)))
    return chosen


def judged(
    source: Source, schema: Schema, kind: str, taken: Iterable[tuple[tuple[Table, str], list[list[str]]]]
) -> Counter[str]:
    """Whether the linter finds what the compiler finds."""
    counts: Counter[str] = Counter()
    for (table, name), used in taken:
        after = without(schema, table, name, kind)
        found = [one for one in findings(source, schema, after) if name in (one.field, one.index)]
        if not used:
            counts[f"{kind}: only the linter finds it" if found else f"{kind}: neither"] += 1
            continue
        counts[f"{kind}: found" if found else f"{kind}: missed"] += 1
        if not found:
            print(f"  missed {kind} {table.name}.{name}: {used[:3]}", file=sys.stderr)
    return counts


def uses(source: Source, path: str, jobs: list[dict[str, str]], packages: Path) -> list[list[list[str]]]:
    """Where `tsc` finds that the code needs what each job takes out."""
    with tempfile.TemporaryDirectory(prefix="instar-uses-") as folder:
        root, told = Path(folder) / "tree", Path(folder) / "jobs.json"
        root.mkdir()
        check_out(source, root, {})
        link_packages(root, packages)
        told.write_text(json.dumps(jobs), encoding="utf-8")
        script = Path(__file__).with_suffix("").parent / "convex_uses.mjs"
        command = ["node", "--max-old-space-size=4096", str(script), str(packages), str(root)]
        done = subprocess.run(
            [*command, posixpath.dirname(path), str(told)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        return [json.loads(line) for line in done.stdout.splitlines()]


def without_member(source: Source, member: Field | Index, kind: str) -> str | None:
    """The text of its file without a field, or with an index under another name."""
    assert member.place is not None
    data = source.read(member.place.path) or b""
    file = SyntaxFile(member.place.path, data)
    point = (member.place.line - 1, member.place.column - 1)
    if kind == "index":
        start = sum(len(line) + 1 for line in data.split(b"\n")[: point[0]])
        name = re.compile(rb"([\"'])" + re.escape((member.name or "").encode()) + rb"\1").search(data, start)
        return (data[: name.start() + 1] + b"no_" + data[name.start() + 1 :]).decode() if name else None
    node = file.root.descendant_for_point_range(point, point)
    while node is not None and node.type not in {"pair", "shorthand_property_identifier"}:
        node = node.parent
    if node is None:
        return None
    comma = re.match(rb"\s*,", data[node.end_byte :])
    return (data[: node.start_byte] + data[node.end_byte + (comma.end() if comma else 0) :]).decode()


def without(schema: Schema, table: Table, name: str, kind: str) -> Schema:
    """The schema without a field, or without an index."""
    fields = tuple(one for one in table.fields if kind != "field" or one.name != name)
    indexes = tuple(one for one in table.indexes if kind != "index" or one.name != name)
    changed = msgspec.structs.replace(table, fields=fields, indexes=indexes)
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
