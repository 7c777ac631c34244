"""Hold the schema reader and the diff against an application's own Alembic revisions, landing by landing.

A landing is a first-parent commit that adds revisions; what it migrated is read from the calls of `op` in their
`upgrade`. It is exact when the columns that the diff says were added and dropped are those of the revisions; columns
of new, dropped and renamed tables are not compared.

usage: python benchmarks/read_history.py [--sample N] [--verbose] [--json] REPOSITORY...
"""

from __future__ import annotations

import argparse
import ast
import collections
import json
import random
import subprocess
import time
from pathlib import Path
from typing import Any

from instar.config import Config
from instar.dialects.sqlalchemy.reader import READER
from instar.schema.change import FieldChange, IndexChange, TableChange
from instar.schema.diff import diff
from instar.sources import open_repository

KINDS = ("added", "removed", "required", "relaxed", "indexes")
Facts = dict[str, set[Any]]


def git(repo: Path, *arguments: str) -> str:
    """What git says."""
    command = [
        "git",
        "-C",
        str(repo),
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, errors="replace").stdout


def landings(repo: Path) -> list[tuple[str, str, list[str]]]:
    """Parent, commit and the revisions that it adds, newest first."""
    said = git(
        repo,
        "log",
        "--first-parent",
        "-m",
        "--no-renames",
        "--diff-filter=A",
        "--name-only",
        "--format=%x00%H %P",
        "HEAD",
    )
    found = []
    for record in said.split("\0")[1:]:
        head, *paths = [line for line in record.splitlines() if line]
        commit, *parents = head.split()
        added = [path for path in paths if "/versions/" in path and path.endswith(".py")]
        if added and parents:
            found.append((parents[0], commit, added))
    return found


def _text(node: ast.expr | None) -> object:
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except ValueError:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "f":
            return _text(node.args[0])
        if isinstance(node, ast.Call) and node.args:
            return _text(node.args[0])
        return None


def _keyword(call: ast.Call, name: str) -> object:
    return _text(next((k.value for k in call.keywords if k.arg == name), None))


def migrated(text: str) -> Facts:
    """What `upgrade` does, as far as its calls have literal names."""
    facts: Facts = collections.defaultdict(set)
    try:
        body = ast.parse(text).body
    except SyntaxError:  # Python 2
        return facts
    function = next((n for n in body if isinstance(n, ast.FunctionDef) and n.name == "upgrade"), None)
    if function is None:
        return facts
    batches: dict[str, str] = {}
    for node in ast.walk(function):
        for item in node.items if isinstance(node, ast.With) else ():
            if (
                isinstance(item.context_expr, ast.Call)
                and isinstance(item.optional_vars, ast.Name)
                and item.context_expr.args
            ):
                batches[item.optional_vars.id] = _text(item.context_expr.args[0])
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            batch = batches.get(node.func.value.id)
            if node.func.value.id == "op" or batch:
                _operation(facts, node.func.attr, node, batch)
    return facts


def _operation(facts: Facts, name: str, call: ast.Call, batch: str | None) -> None:
    arguments = [_text(argument) for argument in call.args]
    if batch and name in {"create_index", "create_unique_constraint"}:
        arguments.insert(1, batch)
    elif batch:
        arguments.insert(0, batch)
    table = arguments[0] if arguments else None
    if name in {"create_table", "drop_table"}:
        facts["tables"].add(table)
    elif name == "rename_table":
        facts["tables"].update(arguments[:2])
    elif name == "add_column":
        facts["added"].add((table, arguments[1]))
    elif name == "drop_column":
        facts["removed"].add((table, arguments[1]))
    elif name == "alter_column" and len(arguments) > 1:
        new = _keyword(call, "new_column_name")
        if new and new != arguments[1]:
            facts["removed"].add((table, arguments[1]))
            facts["added"].add((table, new))
        nullable = _keyword(call, "nullable")
        if nullable is not None:
            facts["relaxed" if nullable else "required"].add((table, arguments[1]))
    elif (
        name in {"create_index", "create_unique_constraint"}
        and len(arguments) > 2
        and isinstance(arguments[2], list)
    ):
        facts["indexes"].add((arguments[1], tuple(str(column) for column in arguments[2])))


def told(changes: tuple[Any, ...]) -> Facts:
    """What the diff says."""
    facts: Facts = collections.defaultdict(set)
    for change in changes:
        match change:
            case TableChange(table=table, before=before, after=after):
                facts["tables"] |= {table, before and before.name, after and after.name}
            case FieldChange(kind="add_field", table=table):
                facts["added"].add((table, change.field))
            case FieldChange(kind="drop_field", table=table):
                facts["removed"].add((table, change.field))
            case FieldChange(kind="require_field", table=table):
                facts["required"].add((table, change.field))
            case FieldChange(kind="relax_field", table=table):
                facts["relaxed"].add((table, change.field))
            case IndexChange(kind="add_index" | "change_index", table=table, after=after) if after:
                facts["indexes"].add((table, after.fields))
            case _ if change.kind == "add_constraint" and change.after.kind == "unique":
                facts["indexes"].add((change.table, change.after.fields))
    return facts


def score(path: Path, sample: int, *, verbose: bool) -> dict[str, Any]:
    """Compare a sample of an application's landings."""
    repository = open_repository(path)
    rows = landings(path)
    random.Random(7).shuffle(rows)
    exact, counted, totals = 0, 0, {kind: [0, 0, 0] for kind in KINDS}
    start = time.process_time()
    for parent, commit, revisions in rows[:sample]:
        want: Facts = collections.defaultdict(set)
        for revision in revisions:
            for kind, found in migrated(git(path, "show", f"{commit}:{revision}")).items():
                want[kind] |= found
        sides = [READER.read(repository.source(ref), Config()) for ref in (parent, commit)]
        got = told(diff(sides[0], sides[1]))
        hidden = want["tables"] | got["tables"]
        counted += 1
        mine = {kind: {item for item in got[kind] if item[0] not in hidden} for kind in KINDS}
        theirs = {kind: {item for item in want[kind] if item[0] not in hidden} for kind in KINDS}
        both = theirs["added"] & theirs["removed"]
        theirs["added"] -= both
        theirs["removed"] -= both
        right = mine["added"] == theirs["added"] and mine["removed"] == theirs["removed"]
        exact += right
        for kind in KINDS:
            parts = (mine[kind] & theirs[kind], theirs[kind] - mine[kind], mine[kind] - theirs[kind])
            totals[kind] = [total + len(part) for total, part in zip(totals[kind], parts, strict=True)]
            if verbose and (parts[1] or parts[2]):
                print(
                    commit[:10],
                    kind,
                    "missing",
                    sorted(map(str, parts[1]))[:5],
                    "extra",
                    sorted(map(str, parts[2]))[:5],
                )
        if verbose and not right:
            for side in sides:
                print(
                    "   ",
                    [o.reason for o in side.opaque][:3],
                    [(u.path, u.reason) for u in side.unreadable][:3],
                )
    seconds = (time.process_time() - start) / max(1, counted)
    return {
        "repository": path.parent.name,
        "landings": counted,
        "exact": exact,
        "seconds_each": round(seconds, 3),
        **totals,
    }


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
            print(
                f"{found['repository']}: exact {found['exact']}/{found['landings']} {kinds} {found['seconds_each']} s CPU each"
            )


main()
