"""What `run` and `verify` say for a Convex migration: the commands to type, and what their results mean."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from instar.cli.output import bad, good, print_json, say
from instar.dialects.convex.commands import command_of
from instar.dialects.convex.results import BackfillResult, parse_results
from instar.errors import InstarError

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.project import Project
    from instar.schema.migration import Migration, Step, StepKind


def convex_migration(repo: Path, name: str | None) -> Migration | None:
    """The migration of that name where the project is a Convex one; None for another dialect."""
    from instar.cli.project import Project

    project = Project.open(repo)
    return _named(project, name)


def _named(project: Project, name: str | None) -> Migration | None:
    from instar.ledger import ledger_of

    ledger = ledger_of(project.source(), project.config)
    if not ledger.migrations or any(one.dialect != "convex" for one in ledger.migrations):
        return None
    return ledger.migration(name)


def print_commands(
    migration: Migration, kind: StepKind, *, environment: str | None, deploy: int | None, output_format: str
) -> int:
    """Print the commands of a deploy's backfills or verifications; nothing is run."""
    number = deploy or max(migration.generated, 1)
    steps: list[Step] = [
        step
        for one in migration.deploys
        if one.number == number
        for step in one.steps
        if step.kind == kind and step.work is not None
    ]
    production = environment in {"production", "prod"}
    commands = [command_of(step, production=production) for step in steps]
    if output_format == "json":
        print_json({"migration": migration.name, "deploy": number, "commands": commands})
        return 0
    if not commands:
        say(f"Deploy {number} of {migration.name} has no backfill.")
        return 0
    for command in commands:
        say(command)
    place = environment or "ENV"
    if kind == "backfill":
        say(f"Type them once deploy {number} is in service; instar runs nothing in a deployment by itself.")
        say(f"Next: instar verify {migration.name}")
    else:
        say("Keep what they print: npx convex run … >> results.json")
        say(f"Next: instar state set --env {place} --code $SHA --backfills results.json")
    return 0


def read_results(file: Path) -> tuple[BackfillResult, ...]:
    """The results in a file; `-` is standard input.

    Raises:
        InstarError: The file cannot be read, or holds no results.
    """
    if str(file) == "-":
        return parse_results(sys.stdin.read(), "standard input")
    try:
        return parse_results(file.read_text(encoding="utf-8"), str(file))
    except OSError as error:
        raise InstarError(f"this file cannot be read: {error.strerror}.", path=str(file)) from None


def judge(migration: Migration, results: tuple[BackfillResult, ...], output_format: str) -> int:
    """Say which verifications of the last generated deploys hold; 1 where one does not, or is missing."""
    by_name = {result.name: result for result in results}
    wanted = [
        step.work.name
        for one in migration.deploys[: max(migration.generated, 1)]
        for step in one.steps
        if step.kind == "verify" and step.work is not None
    ]
    left = {name: by_name[name].remaining if name in by_name else None for name in wanted}
    if output_format == "json":
        print_json({"backfills": [{"name": name, "left": count} for name, count in left.items()]})
    else:
        for name, count in left.items():
            title = name.partition("/")[2]
            if count is None:
                say(f"{title}: {bad('not verified')}, no result of its verify function")
            elif count:
                ids = ", ".join(by_name[name].examples)
                say(f"{title}: {count:,} documents left ({ids}) {bad('not verified')}")
            else:
                say(f"{title}: 0 documents left {good('ok')}")
    return 0 if all(count == 0 for count in left.values()) else 1
