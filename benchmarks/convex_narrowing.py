"""Hold `narrows` against the rule of Convex's backend over the histories of real applications.

    python benchmarks/convex_narrowing.py --packages DIR [--limit 40] REPOSITORY:PATH/TO/schema.ts …

Each version of a schema is bundled and exported as a deployment gets it (DIR is as for `convex_histories.py`). Between two
versions that follow each other, the rule of the backend (`Validator::is_subset`), written here anew over the exported JSON,
says of every table whose validator differs whether its documents have to be checked. `instar diff` over the sources has to
say the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from convex_histories import check_out, link_packages, versions

from instar.dialects.convex.evaluated import export_schema
from instar.dialects.convex.reader import read_schema
from instar.errors import InstarError
from instar.schema.diff import diff
from instar.sources import open_repository

if TYPE_CHECKING:
    from instar.schema.model import Schema

Validator: TypeAlias = dict[str, Any]
ANY: Validator = {"type": "any"}
LITERALS = {str: "string", bool: "boolean", int: "number", float: "number"}


def main() -> int:
    """Print a line a repository, and the differing tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=0, help="at most so many of the newest versions")
    parser.add_argument("schemas", nargs="+", metavar="REPOSITORY:PATH")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for told in options.schemas:
        repository, _, path = told.rpartition(":")
        counts = history(Path(repository), path, options.packages.resolve(), options.limit)
        total += counts
        print(f"{repository}: {dict(counts)}", flush=True)
    print(dict(total))
    return 1 if any(key.startswith("DIFFERS") for key in total) else 0


def history(repository: Path, path: str, packages: Path, limit: int) -> Counter[str]:
    """Compare all tables that change from one version to the next."""
    opened = open_repository(repository)
    shas = versions(opened, repository, path)
    shas = list(reversed(shas[:limit] if limit else shas))
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    before: tuple[Schema, dict[str, Validator]] | None = None
    with tempfile.TemporaryDirectory(prefix="instar-narrowing-") as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        for sha in shas:
            source = opened.source(sha)
            if source.read(path) is None:
                continue
            check_out(source, tree, written)
            link_packages(tree, packages)
            try:
                after = read_schema(source, path), exported(export_schema(tree, path))
            except InstarError as error:
                counts["not evaluated"] += 1
                print(f"  {sha[:10]} {str(error)[-160:]}", file=sys.stderr)
                continue
            if before is not None:
                for name, verdict in compared(before, after):
                    counts[verdict] += 1
                    if verdict.startswith("DIFFERS"):
                        print(f"  {sha[:10]} {name}: {verdict}")
            before = after
    return counts


def compared(
    before: tuple[Schema, dict[str, Validator]], after: tuple[Schema, dict[str, Validator]]
) -> list[tuple[str, str]]:
    """The tables of both versions whose validator differs, and how the two verdicts stand to each other."""
    narrowed = {change.table for change in diff(before[0], after[0]) if change.narrows}
    opaque = {
        table.name for schema, _ in (before, after) for table in schema.tables if table.opaque or table.open
    }
    found = []
    for name in sorted(before[1].keys() & after[1].keys()):
        old, new = before[1][name], after[1][name]
        if old == new:
            continue
        expected, said = not is_subset(old, new), name in narrowed
        agreed = "agreed: narrows" if expected else "agreed: does not"
        differs = "DIFFERS: a false alarm" if said else "DIFFERS: overlooked"
        found.append((name, "opaque" if name in opaque else agreed if expected == said else differs))
    return found


def exported(text: str) -> dict[str, Validator]:
    """The validators of the tables; any where nothing is validated."""
    told = json.loads(text)
    validated = told.get("schemaValidation", True)
    return {
        table["tableName"]: (table.get("documentType") or ANY) if validated else ANY
        for table in told["tables"]
    }


def is_subset(old: Validator, new: Validator) -> bool:
    """Whether the backend takes every value of one validator for a value of the other without looking at data."""
    if old == new or new["type"] == "any":
        return True
    if old["type"] == "union":
        return all(is_subset(member, new) for member in old["value"])
    if new["type"] == "union":
        members = new["value"]
        if old["type"] == "boolean" and all(literal(flag) in members for flag in (True, False)):
            return True
        return any(is_subset(old, member) for member in members)
    match old["type"], new["type"]:
        case "literal", kind:
            return LITERALS.get(type(old["value"])) == kind
        case "id", "string":
            return True
        case "array", "array":
            return is_subset(old["value"], new["value"])
        case "object", "object":
            return object_is_subset(old["value"], new["value"])
        case _:
            return False


def literal(value: bool) -> Validator:  # noqa: FBT001 - the value of a literal
    """`v.literal(true)`."""
    return {"type": "literal", "value": value}


def object_is_subset(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether no field goes, none is required anew, and each holds what it held."""
    if old.keys() - new.keys():
        return False
    return all(
        new[name]["optional"]
        if name not in old
        else (new[name]["optional"] or not old[name]["optional"])
        and is_subset(old[name]["fieldType"], new[name]["fieldType"])
        for name in new
    )


if __name__ == "__main__":
    sys.exit(main())
