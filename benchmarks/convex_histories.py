"""Hold the static reader of Convex schemas against `schema.export()` over the histories of real applications.

    python benchmarks/convex_histories.py --packages DIR REPOSITORY:PATH/TO/schema.ts …

DIR is a folder with `node_modules` that holds `convex`, `esbuild` and the packages that the schemas import. For
every commit that touches the schema, or a module that it imports at the head, both readings are compared: tables,
fields, optionality, types, indexes. A version that esbuild cannot bundle (a package is missing) is not counted.
Each line of the result says: equal, opaque (the static reading says that it does not know), or WRONG.
"""

from __future__ import annotations

import argparse
import json
import posixpath
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from instar.dialects.convex.comparison import bare
from instar.dialects.convex.evaluated import evaluate_schema
from instar.dialects.convex.program import Program
from instar.dialects.convex.reader import read_schema
from instar.dialects.convex.syntax import SUFFIXES
from instar.errors import InstarError
from instar.sources import Repository, Source, open_repository

if TYPE_CHECKING:
    from instar.schema.model import Schema


def main() -> int:
    """Print a line a repository, and the differing versions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument(
        "--limit", type=int, default=0, help="at most so many versions a repository, evenly spread"
    )
    parser.add_argument("schemas", nargs="+", metavar="REPOSITORY:PATH")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for schema in options.schemas:
        repository, _, path = schema.rpartition(":")
        counts = history(Path(repository), path, options.packages.resolve(), options.limit)
        total += counts
        print(f"{repository}: {dict(counts)}")
    compared = total["equal"] + total["opaque"] + total["WRONG"]
    print(f"{total['equal']} of {compared} equal, {total['opaque']} opaque, {total['WRONG']} wrong")
    return 1 if total["WRONG"] else 0


def history(repository: Path, path: str, packages: Path, limit: int) -> Counter[str]:
    """Compare every version of one schema."""
    opened = open_repository(repository)
    shas = versions(opened, repository, path)
    if limit and len(shas) > limit:
        shas = shas[:: len(shas) // limit + 1]
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="instar-histories-") as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        for sha in shas:
            source = opened.source(sha)
            if source.read(path) is None:
                continue
            check_out(source, tree, written)
            link_packages(tree, packages)
            static = read_schema(source, path)
            try:
                exact = evaluate_schema(tree, path)
            except InstarError as error:
                counts["not evaluated"] += 1
                print(f"  {sha[:10]} {str(error)[-160:]}", file=sys.stderr)
                continue
            verdict = compare(static, exact)
            counts[verdict.partition(" ")[0]] += 1
            if not verdict.startswith("equal"):
                print(f"  {sha[:10]} {verdict}")
    return counts


def versions(opened: Repository, repository: Path, path: str) -> list[str]:
    """The commits that change the schema or what it imports at the head."""
    program = Program(opened.source("HEAD"))
    program.export(path, "default")
    watched = [path, *program.paths]
    command = ["git", "-C", str(repository), "log", "--format=%H", "HEAD", "--", *watched]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def check_out(source: Source, tree: Path, written: dict[str, str]) -> None:
    """Bring the sources of a commit into a folder of our own; the repository is only read."""
    files = {file.path: file.blob for file in source.files((*SUFFIXES, ".json"))}
    for path in written.keys() - files.keys():
        (tree / path).unlink(missing_ok=True)
        del written[path]
    changed = [path for path, blob in files.items() if written.get(path) != blob]
    for path, data in source.read_many(changed).items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(data)
        written[path] = files[path]


def link_packages(tree: Path, packages: Path) -> None:
    """`node_modules` of shared packages, and of the packages of the workspace itself."""
    modules = tree / "node_modules"
    modules.mkdir(exist_ok=True)
    for package in (packages / "node_modules").iterdir():
        link = modules / package.name
        if not link.is_symlink():
            link.symlink_to(package)
    for manifest in tree.glob("**/package.json"):
        if "node_modules" in manifest.parts:
            continue
        try:
            name = json.loads(manifest.read_text(encoding="utf-8")).get("name")
        except ValueError:
            continue
        link = modules / str(name)
        if name and manifest.parent != tree and not link.exists() and not link.parent.is_symlink():
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(manifest.parent)


def compare(static: Schema, exact: Schema) -> str:
    """`equal`, `opaque …` where the static reading says that it does not know, or `WRONG …`."""
    left, right = bare(static), bare(exact)
    if left.tables == right.tables and left.validated == right.validated:
        return "equal" if not (left.opaque or left.unreadable) else "opaque, and all that is known is equal"
    known = {table.name: table for table in left.tables}
    differing = [table.name for table in right.tables if known.get(table.name) != table]
    differing += [name for name in known if all(table.name != name for table in right.tables)]
    hidden = left.opaque or left.unreadable
    unclear = [
        name for name in differing if (name in known and known[name].opaque) or (name not in known and hidden)
    ]
    if len(unclear) == len(differing) and left.validated == right.validated:
        return f"opaque {posixpath.sep.join(differing[:5])}"
    return f"WRONG {differing[:5]}"


if __name__ == "__main__":
    sys.exit(main())
