"""The story, from the first look at a change to the last row compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.cli.demo import seed
from instar.cli.demo.narrator import Narrator
from instar.cli.demo.sides import Side, converse
from instar.cli.demo.workspace import Workspace, application
from instar.errors import InstarError

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.demo.seed import Expected

NAME = "profile-and-priorities"
ANSWERS = (
    "--rename users.user_name=display_name --compute users.avatar_url=app/avatars.py:avatar_url "
    f'--convert tasks.priority="low=1,medium=2,high=3" --name {NAME}'
)


def tell(folder: Path) -> None:
    """Tell the whole story in an empty folder.

    Raises:
        InstarError: A command of the story did not end as it should, or a row differs in the end.
    """
    workspace = Workspace(folder)
    narrator = Narrator(workspace)
    expected = _begin(workspace, narrator)
    _wish(workspace, narrator)
    _first_deploy(workspace, narrator)
    _second_deploy(workspace, narrator, expected)
    _third_deploy(workspace, narrator)
    _compare(workspace, narrator, expected)


def _begin(workspace: Workspace, narrator: Narrator) -> Expected:
    narrator.chapter("An application in production")
    workspace.lay_out(application("first"))
    workspace.lay_out({".gitignore": "app.db*\n__pycache__/\n/.old/\n"})
    if workspace.git:
        workspace.run("git init -q")
    else:
        narrator.say("There is no git on this machine: the story compares snapshots instead of commits.")
    narrator.type("alembic upgrade head")
    expected = seed.fill(workspace.database)
    narrator.say(f"{expected.rows:,} rows are in app.db; app/models.py declares users, posts and tasks.")
    workspace.commit("The application as it runs today")
    narrator.type("instar init --yes")
    workspace.append("pyproject.toml", '\n[tool.instar.environments.production]\nurl = "sqlite:///app.db"\n')
    narrator.say("They add where production is: [tool.instar.environments.production] in pyproject.toml.")
    workspace.commit("Add instar")
    _in_service(workspace, narrator)
    workspace.commit("Record what is in service")
    workspace.keep_version(".old")
    return expected


def _wish(workspace: Workspace, narrator: Narrator) -> None:
    narrator.chapter("What the developers want")
    workspace.lay_out(application("wanted"))
    narrator.say("They edit app/models.py to what it should be, and the code with it.")
    narrator.type("git diff --stat") if workspace.git else None
    narrator.type("instar diff --rename users.user_name=display_name")
    narrator.chapter("Could it ship like this?")
    narrator.type("instar lint app", ends=(1,))
    narrator.say("No: the query is slow until its index is there, and the export reads a field that goes.")
    narrator.type("flake8 --select INS app", ends=(1,))
    narrator.chapter("The deploys that it needs")
    narrator.type(f"instar plan {ANSWERS}")
    narrator.type(f"instar plan {ANSWERS} --diff")


def _first_deploy(workspace: Workspace, narrator: Narrator) -> None:
    narrator.chapter("Deploy 1: the database learns the new shape, the code stays as it is")
    narrator.type(f"instar generate {ANSWERS}")
    workspace.lay_out({"app/repository.py": application("first")["app/repository.py"]})
    workspace.commit("Deploy 1")
    narrator.type("alembic upgrade head")
    narrator.type("alembic check")
    narrator.type(f"instar run {NAME} --env production", live=True)
    narrator.type(f"instar verify {NAME} --env production")
    _in_service(workspace, narrator)
    narrator.type("instar state pull --env production")


def _second_deploy(workspace: Workspace, narrator: Narrator, expected: Expected) -> None:
    narrator.chapter("Deploy 2: the code moves over")
    narrator.type("instar advance --env production")
    workspace.lay_out({"app/repository.py": application("wanted")["app/repository.py"]})
    narrator.type("instar lint app", ends=(1,))
    narrator.type("instar fix app")
    narrator.say("What only a person can decide, they edit: the export no longer has a source.")
    workspace.lay_out({"app/export.py": application("mended")["app/export.py"]})
    narrator.type("instar lint app")
    workspace.commit("Deploy 2")
    narrator.chapter("Old and new code side by side, while deploy 2 rolls out")
    with Side(workspace, workspace.root / ".old") as old, Side(workspace, workspace.root) as new:
        tally = converse(old, new, expected, rounds=300)
    narrator.say(f"{tally.writes} writes by either side, {tally.reads} reads by both: {tally.wrong} wrong.")
    if tally.wrong:
        raise InstarError(f"{tally.wrong} reads were wrong while both versions ran. Please report it.")
    _in_service(workspace, narrator)
    sweep = "" if workspace.git else " --deploy 2"  # nothing records that its code is in service
    narrator.type(f"instar run {NAME} --env production{sweep}", live=True)
    narrator.type(f"instar verify {NAME} --env production")
    narrator.type("instar state pull --env production")


def _third_deploy(workspace: Workspace, narrator: Narrator) -> None:
    narrator.chapter("Deploy 3: what nobody uses any more goes")
    narrator.type("instar advance --env production")
    narrator.type("alembic upgrade head")
    workspace.commit("Deploy 3")
    _in_service(workspace, narrator)
    narrator.type("instar state pull --env production")
    narrator.type("instar status")
    narrator.type("alembic check")


def _in_service(workspace: Workspace, narrator: Narrator) -> None:
    """What a deploy job records; without git there is no commit to name, and the database speaks for itself."""
    if workspace.git:
        narrator.type("instar state set --env production --code HEAD")
    else:
        narrator.type("instar state pull --env production")


def _compare(workspace: Workspace, narrator: Narrator, expected: Expected) -> None:
    narrator.chapter("Every row, compared with what the story says")
    differing = seed.differences(workspace.database, expected)
    for line in differing[:10]:
        narrator.say(line)
    narrator.say(f"{expected.rows:,} rows compared, {len(differing)} differ.")
    if differing:
        raise InstarError(f"{len(differing)} rows differ from the story. Please report it.")
    click.echo()
