"""`instar plan`: the deploys that a change needs, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from instar.cli import options
from instar.cli.output import print_json, say, warn
from instar.cli.planning import plan_options

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.planning import Planning
    from instar.cli.project import Project
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
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    from instar.cli.planning import Said, make  # noqa: PLC0415 - --help pays for nothing
    from instar.cli.project import Project  # noqa: PLC0415

    project = Project.open(repo, dialect=dialect, schema=schema)
    planning = make(project, Said(**said), from_version=from_version, to_version=to_version)
    migration = planning.migration
    if output_format == "json":
        from instar.cli.plan_document import document  # noqa: PLC0415

        print_json(document(migration))
    elif not migration.changes:
        after = planning.comparison.after.title
        say(
            f"Nothing differs between {planning.comparison.before.title} and {after}: there is nothing to deploy."
        )
    else:
        _print(project, planning, Said(**said), explain=explain, show_diff=show_diff)
    return 1 if exit_code and migration.changes else 0


def _print(project: Project, planning: Planning, said: Any, *, explain: bool, show_diff: bool) -> None:  # noqa: ANN401 - Said, imported late
    from instar.cli.plan_text import render  # noqa: PLC0415
    from instar.cli.source_edits import diff_lines, summary  # noqa: PLC0415

    migration = planning.migration
    for line in render(migration, explain=explain, other=_other(planning, project, said)):
        say(line)
    for question in planning.comparison.questions:
        say(f"You decide: drop + add, or a rename? --rename {question.rename}")
    edits = _edits(project, planning)
    if edits:
        say(
            f"Source edit of deploy 1: {summary(project.source(), edits)}"
            + ("" if show_diff else " (instar plan --diff)")
        )
    if show_diff:
        for line in diff_lines(project.source(), edits):
            say(line)
    open_questions = bool(migration.decisions or migration.unplanned)
    say("Next: instar generate" + (", with what is still to be decided" if open_questions else ""))


def _other(planning: Planning, project: Project, said: Any) -> Migration | None:  # noqa: ANN401 - Said, imported late
    """The same plan with the other way of keeping columns in step, where a plan has such columns."""
    import msgspec  # noqa: PLC0415

    from instar.cli.planning import read_options  # noqa: PLC0415
    from instar.plan import make_plan  # noqa: PLC0415

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


def _edits(project: Project, planning: Planning) -> Any:  # noqa: ANN401 - tuple[Edited, ...], imported late
    """The source edit of the first deploy, where the new version is the work tree."""
    from instar.cli.source_edits import edits_of  # noqa: PLC0415
    from instar.errors import InstarError  # noqa: PLC0415

    migration = planning.migration
    if planning.comparison.after.label != "WORKTREE" or migration.unplanned or migration.decisions:
        return ()
    try:
        return edits_of(project, planning.comparison.after.schema, migration, 1)
    except InstarError as error:
        warn(f"the source edit cannot be shown: {error}")
        return ()
