"""Backfills as the command line names them: which database, which works, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from instar.cli import options
from instar.cli.databases import environment_url
from instar.cli.project import Project
from instar.errors import InstarError
from instar.schema.operations import BackfillWork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from instar.backfill.progress import Progress
    from instar.schema.migration import Migration

F = TypeVar("F", bound="Callable[..., Any]")


def database(command: F) -> F:
    """Which database: `repo` and `environment`, or `url`."""
    url = click.option(
        "--url", metavar="URL", help="The database, instead of --env; env:VARIABLE keeps it out of the shell."
    )
    return options.repo(options.environment(url(command)))


def database_url(repo: Path, environment: str | None, url: str | None) -> str:
    """The URL of the database that the options name.

    Raises:
        InstarError: They name none, or both, or the environment is not configured.
    """
    if (environment is None) == (url is None):
        raise InstarError("name the database: --env NAME as in [tool.instar.environments], or --url URL.")
    if url is None:
        url = environment_url(Project.open(repo).config, str(environment))
    from instar.dialects.sqlalchemy.engine import resolve_url

    what = f'the database of "{environment}"' if environment else "the database"
    return resolve_url(url, what).render_as_string(hide_password=False)


def place(environment: str | None) -> str:
    """The option that names the same database in the next command; a URL may hold a password and is not repeated."""
    return f"--env {environment}" if environment is not None else "--url URL"


def read_works(files: Sequence[Path]) -> tuple[BackfillWork, ...]:
    """The works in JSON files, each one work or a list of them.

    Raises:
        InstarError: A file is missing or holds something else.
    """
    works: list[BackfillWork] = []
    for file in files:
        try:
            found = msgspec.json.decode(file.read_bytes(), type=BackfillWork | list[BackfillWork])
        except OSError as error:
            raise InstarError(f"it cannot be read: {error.strerror}.", path=str(file)) from None
        except msgspec.DecodeError as error:
            raise InstarError(f"this is no backfill: {error}.", path=str(file)) from None
        works += found if isinstance(found, list) else [found]
    return tuple(works)


def find_migration(repo: Path, name: str | None) -> tuple[Project, Migration]:
    """The migration of that name or id in the project's ledger, or the only one.

    Raises:
        InstarError: There is none of that name, or several.
    """
    from instar.ledger import read_ledger

    project = Project.open(repo)
    return project, read_ledger(project.root, project.config).migration(name)


def works_by_deploy(migration: Migration) -> dict[int, tuple[BackfillWork, ...]]:
    """What the backfill steps of each deploy rewrite, in order; deploys without any are left out."""
    found = {
        deploy.number: tuple(step.work for step in deploy.steps if step.kind == "backfill" and step.work)
        for deploy in migration.deploys
    }
    return {number: works for number, works in found.items() if works}


def stricter_checks(migration: Migration, works: Sequence[BackfillWork]) -> dict[str, BackfillWork]:
    """What the verify step beside a backfill asks, by name, where it asks more than that every row was rewritten.

    The guard of a conversion leaves out the rows that it has no value for; the verify step counts them.
    """
    found: dict[str, BackfillWork] = {}
    for deploy in migration.deploys:
        steps = [(step.kind, step.work) for step in deploy.steps if step.work is not None]
        if not any(kind == "backfill" and work in works for kind, work in steps):
            continue
        guards = {work.name: work.guard for work in works}
        found |= {
            work.name: work
            for kind, work in steps
            if kind == "verify" and work.guard != guards.get(work.name, work.guard)
        }
    return found


def works_to_run(
    project: Project,
    migration: Migration,
    known: Sequence[Progress],
    *,
    environment: str | None,
    deploy: int | None,
    sweep: bool,
) -> tuple[BackfillWork, ...]:
    """The works that `instar run` is to work on: of the first deploy that has some left, or of the named one.

    A run that is repeated goes on to a later deploy whose code comes before its backfills only when that code alone
    is recorded in service, since older code would go on to write rows that it has just been over. A sweep stays with
    the deploy before, then.

    Raises:
        InstarError: There is nothing to do, or the next deploy's code is not in service.
    """
    number, works = next_works(migration, known, deploy, again=sweep)
    before = [each for each in works_by_deploy(migration) if each < number]
    if deploy is not None or not before or not _follows_code(migration, number):
        return works
    lacking = _code_lacking(project, migration, number, environment)
    if lacking is None:
        return works
    if sweep:
        return works_by_deploy(migration)[before[-1]]
    record = f"instar state set --env {environment} --code COMMIT"
    raise InstarError(
        f"the backfills of deploy {before[-1]} of {migration.name} are completed, and those of deploy {number} "
        f"wait for its code: {lacking}. Once it is in service everywhere, record it: {record}. "
        "For rows that came in since: --sweep."
    )


def _follows_code(migration: Migration, number: int) -> bool:
    """Whether a deploy ships code before its first backfill."""
    kinds = [step.kind for deploy in migration.deploys if deploy.number == number for step in deploy.steps]
    return "code" in kinds[: kinds.index("backfill")]


def _code_lacking(project: Project, migration: Migration, number: int, environment: str | None) -> str | None:
    """Why the code of a deploy does not count as in service; None where it does."""
    if environment is None:
        return f"--url has no record of the code in service; name the deploy with --deploy {number}"
    from instar.cli.evidence import environments, evidence

    found = evidence(project, migration, environment, environments(project).states.get(environment))
    if found.state is None or not found.state.code:
        return f'no code is recorded in service in "{environment}"'
    older = [ref[:7] for ref in found.state.code if found.generated.get(ref, 0) < number]
    return f"{', '.join(older)} is still in service" if older else None


def next_works(
    migration: Migration, known: Sequence[Progress], deploy: int | None, *, again: bool = False
) -> tuple[int, tuple[BackfillWork, ...]]:
    """The works of the first deploy that has some left, or of the one that is named.

    With `again` those of the last deploy that is written, where none is left. A later deploy's backfills wait for
    its DDL and its code, so that they are never begun in passing: a column of that name may still be another one.

    Raises:
        InstarError: The migration rewrites nothing, or everything is done that is due.
    """
    works = works_by_deploy(migration)
    if not works:
        raise InstarError(f"{migration.name} has no backfill.")
    if deploy is not None:
        if deploy not in works:
            listed = ", ".join(str(number) for number in works)
            raise InstarError(f"deploy {deploy} of {migration.name} has no backfill; these have: {listed}.")
        return deploy, works[deploy]
    done = {progress.name for progress in known if progress.status == "completed"}
    written = max(migration.generated, 1)
    for number, of_deploy in works.items():
        if number <= written and any(work.name not in done for work in of_deploy):
            return number, of_deploy
    if again and min(works) <= written:
        last = max(number for number in works if number <= written)
        return last, works[last]
    later = min((number for number in works if number > written), default=None)
    if later is not None:
        raise InstarError(
            f"every backfill of {migration.name} so far is completed; the next one belongs to deploy {later}, "
            f"which is not written yet: instar advance {migration.name}"
        )
    raise InstarError(
        f"every backfill of {migration.name} is completed. "
        "For rows that came in since, use --sweep; to check them: instar verify."
    )


def one_of(known: Sequence[Progress], name: str | None, *, wanted: str) -> str:
    """The full name of a backfill that the user named in short, or of the only one that is not completed.

    Args:
        known: The backfills of a database.
        name: The full name, or its end such as `users.avatar_url`.
        wanted: What is to be done with it, for errors.

    Raises:
        InstarError: None fits, or several.
    """
    if name is None:
        fitting = [one.name for one in known if one.status not in {"completed", "cancelled"}]
    else:
        fitting = [one.name for one in known if one.name == name] or [
            one.name for one in known if one.name.endswith(f"/{name}")
        ]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(one.name for one in known) or "none"
    if name is not None and not fitting:
        raise InstarError(f'no backfill "{name}" has run in this database. There are: {listed}.')
    if fitting:
        raise InstarError(
            f"several backfills could be meant: {', '.join(fitting)}. Name the one to {wanted}."
        )
    raise InstarError(f"there is no backfill to {wanted}. In this database: {listed}.")


def title(name: str) -> str:
    """A backfill as a person calls it: without the id of its migration."""
    return name.partition("/")[2] or name
