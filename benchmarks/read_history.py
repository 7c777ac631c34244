"""Hold the schema reader and the diff against an application's own Alembic revisions, landing by landing.

A landing is a first-parent commit that adds revisions and changes files that declare models; what it migrated is read
from the calls of `op` in the `upgrade` of its revisions. It is exact when the columns that the diff says were added
and dropped are those of the revisions; columns of new, dropped and renamed tables are not compared.

usage: python benchmarks/read_history.py [--sample N] [--verbose] [--json] REPOSITORY...
"""

from __future__ import annotations

import argparse
import ast
import collections
import json
import random
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from instar.config import Config
from instar.contracts import ChangeRecord
from instar.dialects.sqlalchemy.reader import READER
from instar.schema.change import Change, TableChange
from instar.schema.diff import diff
from instar.sources import open_repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KINDS = ("added", "removed", "required", "relaxed", "indexes")
Facts = dict[str, set[Any]]
_DECLARES = re.compile(
    r"Column\(|mapped_column|Mapped\[|Table\(|Field\(|Index\(|UniqueConstraint|__tablename__"
)
_ASIDE = re.compile(r"(^|/)(tests?|testing)/|test_|migrations?/|alembic/")
_FIELD_KINDS = {
    "add_field": "added",
    "drop_field": "removed",
    "require_field": "required",
    "relax_field": "relaxed",
}
_ARGUMENTS = {
    "add_column": ("table_name", "column"),
    "drop_column": ("table_name", "column_name"),
    "alter_column": ("table_name", "column_name"),
    "create_table": ("table_name",),
    "drop_table": ("table_name",),
    "rename_table": ("old_table_name", "new_table_name"),
    "create_index": ("index_name", "table_name", "columns"),
    "create_unique_constraint": ("constraint_name", "table_name", "columns"),
}
"""The calls of `op` that count, and the names of their arguments."""


class Landing(NamedTuple):
    """A commit, the one before it, and the revisions that it adds."""

    parent: str
    commit: str
    revisions: tuple[str, ...]


def git(repo: Path, *arguments: str) -> str:
    """What git says."""
    safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    command = ["git", "-C", str(repo), *safe, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, errors="replace").stdout


def landings(repo: Path) -> Iterator[Landing]:
    """Those that add revisions and change models, in a fixed random order."""
    log = ["log", "--first-parent", "-m", "-M", "--diff-filter=AM", "--name-status", "--format=%x00%H %P"]
    found = []
    for record in git(repo, *log, "HEAD", "--", "*.py").split("\0")[1:]:
        head, *lines = [line for line in record.splitlines() if line]
        commit, *parents = head.split()
        changed = [line.split("\t") for line in lines]
        revisions = tuple(path for status, path in changed if status == "A" and "/versions/" in path)
        others = [path for _, path in changed if "/versions/" not in path and not _ASIDE.search(path)]
        if parents and revisions and others:
            found.append((Landing(parents[0], commit, revisions), others))
    random.Random(7).shuffle(found)
    for landing, others in found:
        if _DECLARES.search(git(repo, "diff", landing.parent, landing.commit, "--", *others)):
            yield landing


class Revision:
    """The text of one revision, as far as its calls have literal arguments or constants of the module."""

    def __init__(self, text: str) -> None:
        try:
            self._body = ast.parse(text).body
        except SyntaxError:  # Python 2
            self._body = []
        self._constants = {
            target.id: node.value
            for node in self._body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def facts(self) -> Facts:
        """What `upgrade` does."""
        facts: Facts = collections.defaultdict(set)
        for node in self._body:
            if isinstance(node, ast.FunctionDef) and node.name == "upgrade":
                self._visit(node, {}, facts)
        return facts

    def _visit(self, node: ast.AST, batches: dict[str, object], facts: Facts) -> None:
        if isinstance(node, ast.With):
            batches = batches | dict(self._batches(node))
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if (
                owner == "op" or owner in batches
            ):
                self._operation(name, node, batches.get(owner), facts)
        for child in ast.iter_child_nodes(node):
            self._visit(child, batches, facts)

    def _batches(self, node: ast.With) -> Iterator[tuple[str, object]]:
        """`with op.batch_alter_table("users") as batch:`."""
        for item in node.items:
            match item:
                case ast.withitem(
                    context_expr=ast.Call(func=ast.Attribute(attr="batch_alter_table"), args=[table, *_]),
                    optional_vars=ast.Name(id=name),
                ):
                    yield name, self._value(table)

    def _value(self, node: ast.expr | None) -> object:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if not isinstance(self._constants.get(name), ast.Name | None):
                return self._value(self._constants[name])
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return tuple(self._value(part) for part in parts)
            case ast.Call(args=[first, *_]):  # `op.f(…)`, `sa.text(…)`, `sa.Column(…)`
                return self._value(first)
            case _:
                return None

    def _operation(self, name: str, call: ast.Call, batch: object, facts: Facts) -> None:
        if name not in _ARGUMENTS:
            return
        given = [self._value(argument) for argument in call.args]
        if batch:
            given.insert(_ARGUMENTS[name].index("table_name"), batch)
        keywords = {keyword.arg: self._value(keyword.value) for keyword in call.keywords}
        missing = _ARGUMENTS[name][len(given) :]
        arguments = [*given, *(keywords.get(argument) for argument in missing)][: len(_ARGUMENTS[name])]
        match name, arguments:
            case "create_table" | "drop_table" | "rename_table", _:
                facts["tables"].update(arguments)
            case "add_column", _:
                facts["added"].add(tuple(arguments))
            case "drop_column", _:
                facts["removed"].add(tuple(arguments))
            case "alter_column", [table, column]:
                new = keywords.get("new_column_name") or keywords.get("name")
                if new and new != column:
                    facts["removed"].add((table, column))
                    facts["added"].add((table, new))
                if isinstance(keywords.get("nullable"), bool):
                    facts["relaxed" if keywords["nullable"] else "required"].add((table, column))
            case _, [_, table, tuple() as columns]:
                facts["indexes"].add((table, tuple(map(str, columns))))


def told(changes: Iterable[Change]) -> Facts:
    """What the diff says."""
    facts: Facts = collections.defaultdict(set)
    for change in changes:
        record = ChangeRecord.of(change)
        if isinstance(change, TableChange):
            sides = (change.before, change.after)
            facts["tables"] |= {change.table, *(side.name for side in sides if side is not None)}
        elif change.kind in _FIELD_KINDS:
            facts[_FIELD_KINDS[change.kind]].add((change.table, record.field))
        elif change.kind in {"add_index", "change_index"} or (
            change.kind == "add_constraint" and record.type == "unique"
        ):
            facts["indexes"].add((change.table, tuple(record.fields or ())))
    return facts


def score(path: Path, sample: int, *, verbose: bool) -> dict[str, Any]:
    """Compare a sample of an application's landings."""
    repository = open_repository(path)
    exact, counted, totals = 0, 0, {kind: [0, 0, 0] for kind in KINDS}
    seconds = 0.0
    for landing in landings(path):
        want: Facts = collections.defaultdict(set)
        for revision in landing.revisions:
            for kind, found in Revision(git(path, "show", f"{landing.commit}:{revision}")).facts().items():
                want[kind] |= found
        if not want:
            continue
        start = time.process_time()
        sides = [READER.read(repository.source(ref), Config()) for ref in (landing.parent, landing.commit)]
        got = told(diff(sides[0], sides[1]))
        seconds += time.process_time() - start
        counted += 1
        right = _compare(landing.commit, want, got, totals, verbose=verbose)
        exact += right
        for side in sides if verbose and not right else ():
            opaque = [(part.reason, part.place and part.place.path) for part in side.opaque]
            print("   ", opaque[:3], [(part.path, part.reason) for part in side.unreadable][:3])
        if counted == sample:
            break
    name = path.parent.name if path.name == "repo" else path.name.removesuffix(".git")
    each = round(seconds / max(1, counted), 3)
    return {"repository": name, "landings": counted, "exact": exact, "seconds_each": each, **totals}


def _compare(commit: str, want: Facts, got: Facts, totals: dict[str, list[int]], *, verbose: bool) -> bool:
    """Add one landing to the totals (right, missing, extra); whether its columns are exact."""
    hidden = want["tables"] | got["tables"]
    mine = {kind: {item for item in got[kind] if item[0] not in hidden} for kind in KINDS}
    theirs = {kind: {item for item in want[kind] if item[0] not in hidden} for kind in KINDS}
    both = theirs["added"] & theirs["removed"]
    theirs["added"] -= both
    theirs["removed"] -= both
    for kind in KINDS:
        parts = (mine[kind] & theirs[kind], theirs[kind] - mine[kind], mine[kind] - theirs[kind])
        totals[kind] = [total + len(part) for total, part in zip(totals[kind], parts, strict=True)]
        if verbose and (parts[1] or parts[2]):
            missing, extra = (sorted(map(str, part))[:6] for part in parts[1:])
            print(commit[:10], kind, "missing", missing, "extra", extra)
    return mine["added"] == theirs["added"] and mine["removed"] == theirs["removed"]


def main() -> None:
    """Score every repository of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("repositories", nargs="+", type=Path)
    options = parser.parse_args()
    for path in options.repositories:
        found = score(path, options.sample, verbose=options.verbose)
        if options.json:
            print(json.dumps(found))
        else:
            kinds = " ".join(f"{k}={found[k][0]}/{found[k][0] + found[k][1]}(+{found[k][2]})" for k in KINDS)
            each = f"{found['seconds_each']} s CPU each"
            print(
                f"{found['repository']}: exact {found['exact']}/{found['landings']} {kinds} {each}",
                flush=True,
            )


if __name__ == "__main__":
    main()
