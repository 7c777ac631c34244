"""`instar plan`: the deploys that a change needs, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from instar.cli import options
from instar.cli.output import print_json, say, warn
from instar.cli.planning import plan_options

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.planning import Planning, Said
    from instar.cli.project import Project
    from instar.cli.source_edits import SourceEdits
    from instar.schema.migration import Migration


@click.command(name="plan")
@options.project
@options.versions
@plan_options
@click.option("--explain", is_flag=True, help="Say of every step why it is there.")
@click.option("--diff", "show_diff", is_flag=True, help="Show the source edit of the first deploy as a diff.")
@options.output_format
@options.exit_code
def command(
    *,
    repo: Path,
    dialect: str | None,
    schema: tuple[str, ...],
    from_version: str | None,
    to_version: str,
    explain: bool,
    show_diff: bool,
    output_format: str,
    exit_code: bool,
    **said: Any,  # noqa: ANN401 - click's values for the fields of Said, which checks them
) -> int:
    """Show the deploys that lead from what is deployed to what the models say. Nothing is written.

    \b
    Examples:
      instar plan
      instar plan --rename users.user_name=display_name --explain
      instar plan --compute users.avatar_url=app/avatars.py:avatar_url --diff
      instar plan --convert tasks.priority="low=1,medium=2,high=3" --only tasks
    """
    from instar.cli.planning import Said, make
    from instar.cli.project import Project

    project = Project.open(repo, dialect=dialect, schema=schema)
    planning = make(project, Said(**said), from_version=from_version, to_version=to_version)
    migration = planning.migration
    if output_format == "json":
        from instar.cli.plan_document import document

        print_json(document(migration))
    elif not migration.changes:
        after = planning.comparison.after.title
        say(
            f"Nothing differs between {planning.comparison.before.title} and {after}: there is nothing to deploy."
        )
    else:
        _print(
            project, planning, Said(**said), from_version=from_version, explain=explain, show_diff=show_diff
        )
    return 1 if exit_code and migration.changes else 0


def _print(
    project: Project,
    planning: Planning,
    said: Said,
    *,
    from_version: str | None,
    explain: bool,
    show_diff: bool,
) -> None:
    from instar.cli.generating import diff_of
    from instar.cli.plan_text import render

    migration = planning.migration
    for line in render(migration, explain=explain, other=_other(planning, project, said)):
        say(line)
    for question in planning.comparison.questions:
        say(f"You decide: drop + add, or a rename? --rename {question.rename}")
    edits = _edits(project, planning, from_version)
    if edits is not None and edits.after:
        say(f"Source edit of deploy 1: {edits.summary}" + ("" if show_diff else " (instar plan --diff)"))
    if edits is not None and show_diff:
        for line in diff_of(edits.before, edits.after):
            say(line)
    say(f"Next: {_next(migration)}")


def _next(migration: Migration) -> str:
    if not migration.deploys:
        return "a revision of your own; instar generate refuses what is not planned"
    if migration.unplanned:
        return "instar generate --only TABLE.FIELD, for what is planned"
    return f"instar generate{', with what is still to be decided' if migration.decisions else ' with the same options'}"


def _other(planning: Planning, project: Project, said: Said) -> Migration | None:
    """The same plan with the other way of keeping columns in step, where a plan has such columns."""
    import msgspec

    from instar.cli.planning import read_options
    from instar.plan import make_plan

    migration = planning.migration
    if migration.deploy_model == "atomic":
        return None
    flipped = "app" if migration.sync == "trigger" else "trigger"
    said_otherwise = msgspec.structs.replace(said, sync=flipped)
    return make_plan(
        planning.comparison.before.schema,
        planning.comparison.after.schema,
        planning.comparison.changes,
        name=migration.name,
        backend=migration.backend,
        options=read_options(said_otherwise, project.config),
    )


def _edits(project: Project, planning: Planning, from_version: str | None) -> SourceEdits | None:
    """The source edit of the first deploy, where the new version is the work tree."""
    from instar.cli.source_edits import edits_of
    from instar.errors import InstarError

    migration = planning.migration
    if planning.comparison.after.label != "WORKTREE" or migration.unplanned or migration.decisions:
        return None
    try:
        return edits_of(project, migration, from_version)
    except InstarError as error:
        warn(f"the source edit cannot be shown: {error}")
        return None
