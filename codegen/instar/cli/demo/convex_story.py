"""The story of a Convex application, from the first look at a change to the last deploy; no deployment is touched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import click

from instar.cli.demo.narrator import Narrator
from instar.cli.demo.workspace import Workspace, application
from instar.errors import InstarError

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.demo.convex_deployment import Deployment

NAME = "profiles"
ANSWERS = (
    "--rename users.name=displayName --fill users.createdAt=doc._creationTime "
    f'--convert tasks.priority="low=1,medium=2,high=3" --name {NAME}'
)
DOCUMENTS = 250
_RESULTS = ".results.json"


class _Story(NamedTuple):
    workspace: Workspace
    narrator: Narrator
    deployment: Deployment | None

    def lay_out(self, version: str, *names: str) -> None:
        """Put files of a version of the application in place; all of them when none is named."""
        files = application(f"convex/{version}")
        self.workspace.lay_out({path: text for path, text in files.items() if not names or path in names})

    def read(self, path: str) -> str:
        return (self.workspace.root / path).read_text("utf-8")


def tell_convex(folder: Path, deployment: Deployment | None) -> None:
    """Tell the whole story in an empty folder.

    Args:
        folder: Where.
        deployment: What runs the backfills; without one the story makes up their results, and says so.

    Raises:
        InstarError: There is no git, or a command of the story did not end as it should.
    """
    workspace = Workspace(folder)
    if not workspace.git:
        raise InstarError("this story compares versions in git, and there is no git on PATH. Install git.")
    story = _Story(workspace, Narrator(workspace), deployment)
    _begin(story)
    _wish(story)
    _first_deploy(story)
    _second_deploy(story)
    _third_deploy(story)
    click.echo()


def _begin(story: _Story) -> None:
    workspace, narrator = story.workspace, story.narrator
    narrator.chapter("A Convex application in production")
    story.lay_out("first")
    workspace.lay_out({".gitignore": f"node_modules\n_generated/\n{_RESULTS}\n"})
    workspace.run("git init -q")
    narrator.say("convex/schema.ts declares users, posts and tasks; queries and mutations stand beside it.")
    workspace.commit("The application as it runs today")
    narrator.type("instar init --yes")
    workspace.commit("Add instar")
    narrator.type("instar state set --env production --code HEAD")
    workspace.commit("Record what is in service")


def _wish(story: _Story) -> None:
    narrator = story.narrator
    narrator.chapter("What the developers want")
    story.lay_out("wanted")
    narrator.say("They edit convex/schema.ts to what it should be, and the code with it.")
    narrator.type("git diff --stat")
    narrator.type("instar diff --rename users.name=displayName")
    narrator.chapter("Could it ship like this?")
    narrator.type("instar lint convex", ends=(1,))
    narrator.say(
        "No: Convex refuses a push that a stored document does not fit, the query needs an index that"
    )
    narrator.say("production does not have, and the weekly report reads a field that is gone.")
    narrator.chapter("The deploys that it needs")
    narrator.type(f"instar plan {ANSWERS}")


def _first_deploy(story: _Story) -> None:
    narrator = story.narrator
    narrator.chapter("Deploy 1: the schema takes both shapes")
    narrator.type(f"instar generate {ANSWERS}")
    narrator.type("git diff convex/schema.ts", most=80)
    narrator.say("convex/migrations/users_displayName.ts holds a backfill of 100 documents a transaction:")
    _show(story, "convex/migrations/users_displayName.ts", after="rewritePage", most=36)
    narrator.say("convex/model/users.ts reads the new field, and the old one where it is not filled yet:")
    _show(story, "convex/model/users.ts", after="displayName`, or", most=9)
    narrator.type("instar lint convex", ends=(1,))
    narrator.say(
        "They keep the old query for now, use the accessors, and take the field that goes out of the report."
    )
    story.lay_out("first", "convex/posts.ts")
    story.lay_out("bridge")
    narrator.type("git diff convex/users.ts convex/report.ts")
    narrator.type("instar lint convex")
    _deploy(story, 1)
    _backfill(story, 1)


def _second_deploy(story: _Story) -> None:
    narrator = story.narrator
    narrator.chapter("Deploy 2: the schema narrows, the code moves over")
    narrator.type("instar advance --env production")
    story.lay_out("wanted", "convex/posts.ts", "convex/users.ts", "convex/tasks.ts")
    narrator.say(
        "The index is in production now, and every document has the new shape: their first version is right."
    )
    narrator.type("instar lint convex")
    _deploy(story, 2)
    _backfill(story, 2)


def _third_deploy(story: _Story) -> None:
    narrator = story.narrator
    narrator.chapter("Deploy 3: what nobody uses any more goes")
    narrator.type("instar advance --env production")
    _deploy(story, 3)
    narrator.type("instar status")
    narrator.type("instar lint convex")
    if "name:" in story.read("convex/schema.ts").partition("posts:")[0]:
        raise InstarError("the schema still has users.name at the end of the story. Please report it.")


def _deploy(story: _Story, number: int) -> None:
    narrator = story.narrator
    story.workspace.commit(f"Deploy {number}")
    narrator.say("They commit, and deploy with: npx convex deploy")
    narrator.type("instar state set --env production --code HEAD")
    story.workspace.commit(f"Record deploy {number}")


def _backfill(story: _Story, number: int) -> None:
    """The backfills of a deploy: run by the deployment where there is one."""
    narrator = story.narrator
    narrator.type(f"instar run {NAME} --env production")
    narrator.type(f"instar verify {NAME} --env production")
    if story.deployment is not None:
        narrator.say(f"convex-test stands in for the deployment, with {DOCUMENTS} old documents a table:")
        results = story.deployment.backfill(story.workspace.root)
    else:
        results = [
            json.dumps({"name": name, "checked": DOCUMENTS, "remaining": 0, "examples": []})
            for name in _backfills(story, number)
        ]
        narrator.say("There is no deployment here: the results below are made up, so that the story goes on.")
        narrator.say("instar demo convex --run runs the backfills under convex-test instead.")
        narrator.say("While documents are left, nothing narrows:")
        left = json.loads(results[0]) | {"remaining": 3, "examples": ["k17", "k42", "k99"]}
        _record(story, [json.dumps(left)])
        narrator.type("instar advance --env production")
        narrator.say("And when none is:")
    for line in results:
        narrator.say(line)
    _record(story, results)


def _record(story: _Story, results: list[str]) -> None:
    story.workspace.lay_out({_RESULTS: "\n".join(results) + "\n"})
    story.narrator.type(f"instar state set --env production --code HEAD --backfills {_RESULTS}")


def _backfills(story: _Story, number: int) -> list[str]:
    """The names of a deploy's backfills, from the migration that was written."""
    from instar.config import Config
    from instar.ledger import ledger_of
    from instar.sources import FolderSource

    migration = ledger_of(FolderSource(story.workspace.root), Config()).migration(NAME)
    return [
        step.work.name
        for step in migration.deploys[number - 1].steps
        if step.kind == "backfill" and step.work is not None
    ]


def _show(story: _Story, path: str, *, after: str, most: int) -> None:
    """Show a part of a file, from the line that holds a text on."""
    lines = story.read(path).splitlines()
    start = next((number for number, line in enumerate(lines) if after in line), 0)
    click.echo()
    for line in lines[start : start + most]:
        story.narrator.say(f"  {line}".rstrip())
    click.echo()
