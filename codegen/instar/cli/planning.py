"""A plan from what the user typed: the options that say how, the versions, what is in flight already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
import msgspec

from instar.cli import options
from instar.cli.carried import not_carried
from instar.cli.comparison import Comparison, compare
from instar.errors import InstarError
from instar.ledger import Ledger, ledger_of
from instar.schema.migration import Migration
from instar.schema.virtual import declared_after, edited
from instar.sources import WORKTREE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from instar.cli.project import Project, SchemaVersion
    from instar.config import Config
    from instar.plan import PlanOptions
    from instar.schema.migration import DeployModel, Sync
    from instar.schema.model import Schema
    from instar.schema.renames import RenameCandidate

F = TypeVar("F", bound="Callable[..., Any]")

BACKENDS = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mariadb",
    "mariadb": "mariadb",
    "sqlite": "sqlite",
}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the user typed about a plan, unread; the parameters of `plan_options`."""

    renames: tuple[str, ...] = ()
    name: str | None = None
    only: tuple[str, ...] = ()
    fills: tuple[str, ...] = ()
    computes: tuple[str, ...] = ()
    conversions: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    sync: str | None = None
    code_first: bool = False
    keep_columns: tuple[str, ...] = ()


class Planning(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, and what it was made from.

    Attributes:
        comparison: The two versions, what in flight is already left out.
        migration: The plan.
        ledger: The versions on disk.
    """

    comparison: Comparison
    migration: Migration
    ledger: Ledger


def plan_options(command: F) -> F:
    """How to plan: renames, values, conversions, order. Pass the parameters on with `Said(**said)`."""
    for option in reversed(
        (
            options.renames,
            click.option("--name", metavar="NAME", help="The migration's name.  [default: from the changes]"),
            click.option(
                "--only", multiple=True, metavar="TABLE[.FIELD]", help="Plan these changes alone; repeatable."
            ),
            click.option(
                "--fill",
                "fills",
                multiple=True,
                metavar="FIELD=SQL",
                help="The value of existing rows: users.kind=\"'x'\".",
            ),
            click.option(
                "--compute",
                "computes",
                multiple=True,
                metavar="FIELD=PATH:FUNCTION",
                help="A function that gives the value of existing rows: users.url=app/urls.py:url.",
            ),
            click.option(
                "--convert",
                "conversions",
                multiple=True,
                metavar="FIELD=HOW",
                help='Old to new values: tasks.priority="low=1,high=2,*=0", or "up: SQL; down: SQL".',
            ),
            click.option(
                "--default",
                "defaults",
                multiple=True,
                metavar="FIELD=VALUE",
                help="A constant for existing and new rows.",
            ),
            options.sync,
            options.code_first,
            click.option(
                "--keep-column",
                "keep_columns",
                multiple=True,
                metavar="FIELD",
                help="Rename in code alone, the column keeps its name; * for every rename.",
            ),
        )
    ):
        command = option(command)
    return command


def make(project: Project, said: Said, *, from_version: str | None, to_version: str) -> Planning:
    """Compare two versions and plan what leads from one to the other.

    Raises:
        InstarError: A version cannot be read, an option does not fit, or no backend is known.
    """
    from instar.plan import make_plan

    base = from_version or project.deployed()
    ledger = ledger_of(project.source(), project.config)
    comparison = compare(base_schema(project, base, ledger), project.version(to_version), said.renames)
    if to_version == WORKTREE:
        rest = not_carried(project, base, comparison.changes, ledger)
        comparison = msgspec.structs.replace(comparison, changes=rest)
    old, new = comparison.before.schema, comparison.after.schema
    model = deploy_model(new if new.tables else old)
    head = ledger.head()
    migration = make_plan(
        old,
        new,
        comparison.changes,
        name=said.name or "",
        backend="" if model == "atomic" else backend_of(project),
        options=read_options(said, project.config),
        deploy_model=model,
        parent=head.id if head else None,
    )
    migration = _or_renamed(migration, comparison.questions)
    return Planning(comparison=comparison, migration=migration, ledger=ledger)


def _or_renamed(migration: Migration, candidates: Sequence[RenameCandidate]) -> Migration:
    """The questions about new fields, with one more answer where a field that goes looks like it."""
    told = {(one.rename.namespace, one.rename.table, one.rename.new): one.rename for one in candidates}
    decisions = tuple(
        msgspec.structs.replace(one, answers=(*one.answers, f"--rename {rename}"))
        if (rename := told.get((one.namespace, one.table, one.field))) is not None
        else one
        for one in migration.decisions
    )
    return msgspec.structs.replace(migration, decisions=decisions)


def read_options(said: Said, config: Config) -> PlanOptions:
    """The options of the planner.

    Raises:
        InstarError: One is not in the form that it has to be in.
    """
    from instar.changes.options import (
        PlanOptions,
        parse_computes,
        parse_conversions,
        parse_defaults,
        parse_fills,
    )

    return PlanOptions(
        conversions=parse_conversions(said.conversions),
        fills=parse_fills(said.fills),
        computes=parse_computes(said.computes),
        defaults=parse_defaults(said.defaults),
        sync=cast("Sync", said.sync or config.sync),
        code_first=said.code_first,
        keep_column=said.keep_columns,
        only=said.only,
        ddl=config.ddl,
        large_tables=config.large_tables,
    )


def base_schema(project: Project, version: str, ledger: Ledger) -> SchemaVersion:
    """The old version with what has been generated since: that is planned already.

    Args:
        project: The project.
        version: The old version: a git ref, a file of the ledger, a snapshot file or `db:ENV`.
        ledger: The ledger on disk.
    """
    found = project.version(version)
    if version.startswith("db:"):
        return found
    if not version.endswith(".json"):
        return with_generated(found, ledger_at(project, version), ledger)
    known = next((one for one in ledger.versions if ledger.paths[one.id] == version), None)
    if known is None:
        return found
    schema = declared_after(known, known.generated) if isinstance(known, Migration) else found.schema
    older = tuple(one for one in ledger.versions if one.id == known.id or not ledger.descends(one, known.id))
    return with_generated(msgspec.structs.replace(found, schema=schema), Ledger(older), ledger)


def with_generated(before: SchemaVersion, then: Ledger, now: Ledger) -> SchemaVersion:
    """The old version with what has been generated since: that is planned already.

    Args:
        before: The old version.
        then: The ledger of the old version.
        now: The ledger on disk.
    """
    schema = before.schema
    for migration in now.migrations:
        known = then.version(migration.id)
        done = known.generated if isinstance(known, Migration) else 0
        for deploy in migration.deploys[done : migration.generated]:
            for step in deploy.steps:
                schema = edited(schema, step.edits)
    return msgspec.structs.replace(before, schema=schema)


def ledger_at(project: Project, version: str) -> Ledger:
    """The ledger of a git ref; an empty one for a version that is no tree of files."""
    if project.repository is None or version.endswith(".json") or version.startswith("db:"):
        return Ledger()
    return ledger_of(project.source(version), project.config)


def deploy_model(schema: Schema) -> DeployModel:
    """How deploys of a dialect go: at once, or side by side."""
    return "atomic" if schema.dialect == "convex" else "rolling"


def backend_of(project: Project) -> str:
    """The database in production: configured, or told by a URL of an environment or of `alembic.ini`.

    Raises:
        InstarError: Nothing tells.
    """
    config = project.config
    if config.backend is not None:
        return config.backend
    urls = [environment.url for environment in config.environments.values() if environment.url]
    source = project.source()
    for file in source.files(("alembic.ini",)):
        lines = (source.read(file.path) or b"").decode("utf-8", "replace").splitlines()
        urls += [line.partition("=")[2].strip() for line in lines if line.startswith("sqlalchemy.url")]
    found = {BACKENDS[scheme] for url in urls if (scheme := _scheme(url)) in BACKENDS}
    if len(found) == 1:
        return found.pop()
    named = f"Found: {', '.join(sorted(found))}. " if found else ""
    raise InstarError(
        f'no backend is known, and DDL depends on it. {named}Set backend = "postgresql" (or "mariadb", "sqlite") in [tool.instar].'
    )


def _scheme(url: str) -> str:
    return url.partition(":")[0].partition("+")[0]
