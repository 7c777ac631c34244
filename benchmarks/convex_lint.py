"""Seeded mutations of real Convex applications: is the code that they break found, and nothing else?

    python benchmarks/convex_lint.py [--packages DIR] [--count 50] [--seed 1] REPOSITORY:PATH/TO/schema.ts …

At the head, with its own head deployed, the linter has to be silent. Then fields are taken out, and indexes taken out or
staged, one at a time, in the schema alone, each chosen at random among all of them. Which of them the code uses is not for
the linter to say. For fields `tsc` says it, which checks the code against the changed schema (DIR is a folder whose
`node_modules` has `typescript`, `convex` and the packages of the schemas; without it no field is taken out). For indexes a
plain search for `.query("table")` with a following `.withIndex("name"`, or `.vectorSearch("table", "name"`, says it, and so
needs no packages. What only the
linter finds, such as a write by a variable, is counted apart.
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
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from convex_histories import check_out, link_packages
from convex_speed import GENERATED

from instar.dialects.convex.reader import read_schema
from instar.dialects.convex.syntax import SUFFIXES, SyntaxFile
from instar.schema.diff import diff
from instar.sources import Source, open_repository
from instar_lint.lint import lint_facts, names_in_flight
from instar_lint.typescript.collect import collect
from instar_lint.versions import Labels, between

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.schema.model import Field, Schema, Table

COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
QUERY = re.compile(r"""\.query\(\s*["'`](\w+)["'`],?\s*\)""")
WITH_INDEX = re.compile(r"""\.with(?:Search)?Index\(\s*["'`](\w+)["'`]""")

VECTOR_SEARCH = re.compile(r"""\.vectorSearch\(\s*["'`](\w+)["'`],\s*["'`](\w+)["'`]""")


def main() -> int:
    """Print a line a repository, and what was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--packages", type=Path)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("schemas", nargs="+", metavar="REPOSITORY:PATH")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for told in options.schemas:
        repository, _, path = told.rpartition(":")
        source = open_repository(Path(repository)).source("HEAD")
        schema = read_schema(source, path)
        at_head = findings(source, schema, schema)
        for one in at_head:
            print(f"  at head: {one.place.path}:{one.place.line} {one.code} {one.message}", file=sys.stderr)
        counts = Counter({"findings at head": len(at_head)})
        if options.packages is not None:
            chosen = fields(source, schema, options.count, random.Random(options.seed))
            used = uses(source, path, [job for job, _ in chosen], options.packages.resolve())
            gone = [
                (table, name, "field", lines) for (_, (table, name)), lines in zip(chosen, used, strict=True)
            ]
            counts.update(judged(source, schema, gone))
        named = queried(source, path)
        indexes = [
            (table, one.name or "") for table in schema.tables for one in table.indexes if not one.staged
        ]
        random.Random(options.seed).shuffle(indexes)
        for kind in ("index", "staged"):
            gone = [(table, name, kind, named[table.name, name]) for table, name in indexes[: options.count]]
            counts.update(judged(source, schema, gone))
        total.update(counts)
        print(f"{repository}: {dict(counts)}", flush=True)
    print(dict(total))
    return 0


def fields(
    source: Source, schema: Schema, count: int, chance: random.Random
) -> list[tuple[dict[str, str], tuple[Table, str]]]:
    """Fields at random: the changed file, and what is gone."""
    members = [
        (table, one)
        for table in schema.tables
        for one in table.fields
        if one.place is not None and not one.place.path.startswith("<")
    ]
    chance.shuffle(members)
    chosen = []
    for table, one in members:
        text = without_field(source, one) if len(chosen) < count else None
        if text is not None and one.place is not None:
            chosen.append(({"name": one.name, "path": one.place.path, "text": text}, (table, one.name)))
    return chosen


def queried(source: Source, path: str) -> dict[tuple[str, str], list[list[str]]]:
    """Where the functions beside a schema name an index in a query, by table and index."""
    found: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    folder = posixpath.dirname(path)
    for file in source.files(SUFFIXES):
        inside = file.path.startswith(f"{folder}/") if folder else True
        if not inside or "_generated/" in file.path or ".test." in file.path or "node_modules/" in file.path:
            continue
        text = COMMENT.sub(blank, (source.read(file.path) or b"").decode(errors="replace"))
        for used in VECTOR_SEARCH.finditer(text):
            found[used[1], used[2]].append([file.path, str(text.count("\n", 0, used.start(2)) + 1)])
        for query in QUERY.finditer(text):
            used = WITH_INDEX.search(text, query.end())
            following = QUERY.search(text, query.end())
            if used is None or (following is not None and following.start() < used.start()):
                continue
            if ";" not in text[query.end() : used.start()]:
                line = text.count("\n", 0, used.start(1)) + 1
                found[query[1], used[1]].append([file.path, str(line)])
    return found


def blank(comment: re.Match[str]) -> str:
    """A comment as nothing but its line ends."""
    return "\n" * comment[0].count("\n")


def judged(
    source: Source, schema: Schema, gone: Iterable[tuple[Table, str, str, list[list[str]]]]
) -> Counter[str]:
    """Whether the linter finds what the judge says is used."""
    counts: Counter[str] = Counter()
    for table, name, kind, used in gone:
        after = without(schema, table, name, kind)
        found = [one for one in findings(source, schema, after) if name in (one.field, one.index)]
        if not used:
            counts[f"{kind}: only the linter finds it" if found else f"{kind}: neither"] += 1
            for one in found[:2]:
                print(
                    f"  only found {kind} {table.name}.{name}: {one.place.path}:{one.place.line}",
                    file=sys.stderr,
                )
            continue
        counts[f"{kind}: found" if found else f"{kind}: missed"] += 1
        if not found:
            print(f"  missed {kind} {table.name}.{name}: {used[:3]}", file=sys.stderr)
        if kind != "field":
            told, ours = (
                {(at, int(line)) for at, line in used},
                {(one.place.path, one.place.line) for one in found},
            )
            counts[f"{kind}: lines found"] += len(told & ours)
            counts[f"{kind}: lines missed"] += len(told - ours)
            for at, line in sorted(told - ours):
                print(f"  missed line of {kind} {table.name}.{name}: {at}:{line}", file=sys.stderr)
    return counts


def uses(source: Source, path: str, jobs: list[dict[str, str]], packages: Path) -> list[list[list[str]]]:
    """Where `tsc` finds that the code needs what each job takes out."""
    with tempfile.TemporaryDirectory(prefix="instar-uses-") as folder:
        root, told = Path(folder) / "tree", Path(folder) / "jobs.json"
        root.mkdir()
        check_out(source, root, {})
        link_packages(root, packages)
        write_generated(root / posixpath.dirname(path) / "_generated")
        told.write_text(json.dumps(jobs), encoding="utf-8")
        script = Path(__file__).with_suffix("").parent / "convex_uses.mjs"
        command = ["node", "--max-old-space-size=4096", str(script), str(packages), str(root)]
        done = subprocess.run(
            [*command, posixpath.dirname(path), str(told)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        return [json.loads(line) for line in done.stdout.splitlines()]


def write_generated(folder: Path) -> None:
    """The types that `convex codegen` derives from the schema, where an application does not commit them."""
    if not folder.exists():
        folder.mkdir()
        for name, text in GENERATED.items():
            (folder / name).write_text(text, encoding="utf-8")


def without_field(source: Source, field: Field) -> str | None:
    """The text of its file without a field."""
    assert field.place is not None
    data = source.read(field.place.path) or b""
    point = (field.place.line - 1, field.place.column - 1)
    node = SyntaxFile(field.place.path, data).root.descendant_for_point_range(point, point)
    while node is not None and node.type not in {"pair", "shorthand_property_identifier"}:
        node = node.parent
    if node is None:
        return None
    comma = re.match(rb"\s*,", data[node.end_byte :])
    return (data[: node.start_byte] + data[node.end_byte + (comma.end() if comma else 0) :]).decode()


def without(schema: Schema, table: Table, name: str, kind: str) -> Schema:
    """The schema without a field, without an index, or with one staged."""
    fields = tuple(one for one in table.fields if kind != "field" or one.name != name)
    indexes = tuple(
        msgspec.structs.replace(one, staged=True) if kind == "staged" and one.name == name else one
        for one in table.indexes
        if kind != "index" or one.name != name
    )
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
