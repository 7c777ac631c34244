"""`plan`, `generate`, `state`, `advance`, `status` and `check`, typed one after the other in a real repository."""

from __future__ import annotations

import shutil
import sqlite3

import pytest
from alembic.util import CommandError

from alembic_project import Project
from commands import commit, git, run, write

MODELS = """\
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
"""
WANTED = MODELS.replace("    name:", "    label:") + "    bio: Mapped[str | None]\n"
CONFIG = """\
[tool.instar]
backend = "sqlite"

[tool.instar.environments.production]
url = "sqlite:///{database}"
"""
OTHER_HEAD = 'revision = "0002"\ndown_revision = "0001"\n\n\ndef upgrade():\n    pass\n'
RENAME = ("--rename", "users.name=label", "--name", "Labels")


class Application:
    """A repository with models, an Alembic folder, and one environment with a database of three users."""

    def __init__(self, folder):
        self.root, self.database = folder / "app", folder / "production.sqlite"
        self.alembic = Project(self.root, f"sqlite:///{self.database}")
        with sqlite3.connect(self.database) as connection:
            connection.execute(
                "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, name VARCHAR(80) NOT NULL)"
            )
            connection.executemany("INSERT INTO users (name) VALUES (?)", [("Ada",), ("Bo",), ("Cy",)])
        commit(self.root, {"models.py": MODELS, "pyproject.toml": CONFIG.format(database=self.database)})

    def instar(self, *arguments):
        return run(*arguments, cwd=self.root)

    def want(self, models=WANTED):
        write(self.root, {"models.py": models})

    def ship(self, message):
        """Commit what is there, upgrade the database, and record it."""
        commit(self.root, {}, message)
        self.alembic.upgrade("head")
        self.instar("state", "set", "--env", "production", "--code", "HEAD")

    def names(self):
        with sqlite3.connect(self.database) as connection:
            return [row[0] for row in connection.execute("SELECT label FROM users ORDER BY id")]


@pytest.fixture
def application(tmp_path):
    return Application(tmp_path)


def test_a_plan_shows_deploys_reasons_prices_and_the_source_edit_and_writes_nothing(application):
    application.want()
    before = git(application.root, "status", "--porcelain")
    done = application.instar("plan", *RENAME, "--diff")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("labels · SQLite · rolling · 3 deploys\n")
    for text in (
        "users.name ⇄ label kept in step by triggers",
        "Why three: code in service still selects users.name until deploy 2 is everywhere",
        "without triggers it takes 4 deploys (--sync app)",
        "Source edit of deploy 1: models.py +1 -2",
        "-    label: Mapped[str]",
        "+    name: Mapped[str]",
        "Next: instar generate",
    ):
        assert text in done.out
    assert git(application.root, "status", "--porcelain") == before


def test_a_plan_as_json(application):
    application.want()
    document = application.instar("plan", *RENAME, "--format", "json").json
    assert [deploy["number"] for deploy in document["deploys"]] == [1, 2, 3]
    assert document["changes"][0] == {
        "kind": "rename_field",
        "table": "users",
        "narrows": False,
        "field": "label",
        "from": "name",
        "to": "label",
    }
    assert {step["kind"] for deploy in document["deploys"] for step in deploy["steps"]} == {
        "ddl",
        "code",
        "backfill",
        "verify",
    }


def test_a_plan_asks_what_only_the_user_knows_and_generate_refuses_until_it_is_said(application):
    application.want(MODELS + "    avatar: Mapped[str]\n")
    done = application.instar("plan")
    assert "You decide: users.avatar is required and existing rows have no value" in done.out
    assert "--fill users.avatar=" in done.out
    refused = application.instar("generate")
    assert refused.code == 2
    assert "users.avatar" in refused.err
    assert application.instar("generate", "--fill", "users.avatar=''", "--dry-run").code == 0


def test_a_question_about_a_new_field_offers_the_one_that_it_looks_like(application):
    application.want(MODELS.replace("    name:", "    full_name:"))
    done = application.instar("generate")
    assert done.code == 2
    assert done.err.endswith(" or --rename users.name=full_name.\n")
    assert application.instar("generate", "--rename", "users.name=full_name", "--dry-run").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("plan", "--only", "users.nope"), "--only users.nope matches no change"),
        (("plan", "--rename", "users.nme=label"), "has no such field"),
        (("plan", "--convert", "users.name=x"), "--convert users.name reads"),
        (("plan", "--from", "nope"), "names no commit"),
        (("advance",), "name a migration"),
        (("advance", "nope"), 'there is no migration "nope"'),
        (("state", "set", "--env", "production", "--code", "nope"), "names no commit"),
        (("state", "set", "--env", "../x", "--code", "HEAD"), "cannot name an environment"),
        (("state", "pull", "--env", "staging"), 'there is no environment "staging"'),
        (("state", "show", "--env", "staging"), 'nothing is recorded of "staging"'),
        (("status", "--env", "staging"), "No migration is in flight"),
    ],
)
def test_bad_input_is_one_line(application, arguments, says):
    application.want()
    done = application.instar(*arguments)
    assert says in done.err + done.out
    assert done.code == (2 if done.err else 0)
    assert len(done.err.splitlines()) <= 1
    assert "instar/" not in git(application.root, "status", "--porcelain")


def test_no_backend_is_an_error_that_says_how_to_set_it(application):
    config = application.root / "pyproject.toml"
    config.write_text('[tool.instar]\ncode = ["."]\n')
    application.want()
    done = application.instar("plan", *RENAME)
    assert (done.code, 'Set backend = "postgresql"' in done.err) == (2, True)


def test_a_migration_goes_from_plan_to_done(application):
    application.want()
    assert application.instar("check").code == 1
    assert application.instar("generate", *RENAME).code == 0
    assert (application.root / "models.py").read_text().count("name: Mapped") == 1

    waiting = application.instar("advance")
    assert "production lacks:\n  - a record: nothing has been recorded" in waiting.out
    assert "instar state pull --env production" in waiting.out
    application.instar("state", "set", "--env", "production", "--code", "HEAD")
    application.instar("state", "pull", "--env", "production")
    waiting = application.instar("advance", "--exit-code")
    assert (waiting.code, waiting.out.splitlines()[0]) == (1, "Not yet. production lacks:")
    assert "the DDL of deploy 1" in waiting.out
    assert "backfill users.label: it has not run" in waiting.out
    assert waiting.out.endswith("Nothing was written.\n")

    application.ship("deploy 1")
    application.instar("state", "pull", "--env", "production")
    assert "backfill users.label: 3 rows left" in application.instar("advance").out
    assert "instar run labels --env production" in application.instar("status").out
    assert application.instar("run", "labels", "--env", "production", "--progress", "none").code == 0
    application.instar("state", "pull", "--env", "production")
    assert "Next: instar advance labels" in application.instar("status").out
    assert application.instar("check", "--no-lint").code == 0

    assert "deploy 2 of 3" in application.instar("advance").out
    assert application.instar("check", "--no-lint").code == 0
    assert "label: Mapped" in (application.root / "models.py").read_text()
    assert "the code of deploy 2" in application.instar("advance", "labels").out
    application.ship("deploy 2")
    application.instar("state", "pull", "--env", "production")

    assert "deploy 3 of 3" in application.instar("advance").out
    application.ship("deploy 3")
    application.instar("state", "pull", "--env", "production")
    assert application.names() == ["Ada", "Bo", "Cy"]
    assert "labels is done everywhere." in application.instar("status", "--all").out
    assert application.instar("status").out.startswith("No migration is in flight.")
    done = application.instar("check")
    assert (done.code, done.out) == (0, "All in step: models, ledger, gates, drift and code.\n")


def test_what_could_not_be_resolved_is_read_and_accepted(application):
    application.want()
    application.instar("generate", *RENAME)
    write(
        application.root,
        {
            "export.py": "from models import User\n\nCOLUMNS = ['name']\n\ndef cell(user: User, column: str):\n    return getattr(user, column)\n"
        },
    )
    application.ship("deploy 1")
    application.instar("run", "labels", "--env", "production", "--progress", "none")
    application.instar("state", "pull", "--env", "production")
    waiting = application.instar("advance")
    assert "proof for 1 use of users.name that could not be resolved: export.py:6" in waiting.out
    assert "read them, then --accept-unproven" in waiting.out
    assert "deploy 2 of 3" in application.instar("advance", "--accept-unproven").out


def test_deploys_that_come_before_their_gates_fail_the_check(application):
    application.want()
    application.instar("generate", *RENAME)
    application.ship("deploy 1")
    git(application.root, "switch", "-q", "-c", "hasty")
    application.instar("generate", "labels")
    (path,) = (application.root / "instar/versions").glob("*labels.json")
    path.write_text(path.read_text().replace('"generated": 1', '"generated": 3'))
    application.instar("state", "pull", "--env", "production")
    problems = application.instar("check", "--format", "json", "--no-lint").json["problems"]
    gates = [one["message"] for one in problems if one["check"] == "gates"]
    assert gates[0].startswith("labels has 2 new deploys in one merge")
    assert gates[1].startswith("deploy 3 of labels is ahead of production, which lacks")


def test_a_column_added_by_hand_in_production_is_drift(application):
    application.instar("state", "set", "--env", "production", "--code", "HEAD")
    with sqlite3.connect(application.database) as connection:
        connection.execute("ALTER TABLE users ADD COLUMN hotfix TEXT")
    application.instar("state", "pull", "--env", "production")
    done = application.instar("check", "--format", "github")
    assert done.code == 1
    assert done.out.startswith("::error title=instar drift::production has drifted")
    assert "users.hotfix" in done.out


def test_a_change_that_a_revision_of_the_branch_carries_is_no_problem(application):
    git(application.root, "switch", "-q", "-c", "bio")
    application.want(MODELS + "    bio: Mapped[str | None]\n")
    assert "add field users.bio" in application.instar("check").out
    revision = 'down_revision = "0001"\nrevision = "0002"\n\n\ndef upgrade():\n    op.add_column("users", sa.Column("bio"))\n'
    commit(application.root, {"migrations/versions/0002_bio.py": revision})
    assert "no migration carries" not in application.instar("check").out


def test_two_heads_are_found_and_put_in_a_row(application):
    git(application.root, "switch", "-q", "-c", "bio")
    application.want(MODELS + "    bio: Mapped[str | None]\n")
    application.instar("generate", "--name", "bio")
    commit(application.root, {}, "bio")
    git(application.root, "switch", "-q", "main")
    application.want(MODELS + "    age: Mapped[int | None]\n")
    application.instar("generate", "--name", "age")
    commit(application.root, {}, "age")
    git(application.root, "checkout", "-q", "bio", "--", "instar/versions")
    assert (
        "bio and age" in application.instar("check").out or "age and bio" in application.instar("check").out
    )
    application.instar("state", "pull", "--env", "production")
    assert "Next, in production: deploy 1: two migrations follow the same version: instar rebase" in (
        application.instar("status").out
    )
    assert "bio now follows age." in application.instar("rebase", "--dry-run").out
    assert "bio now follows age." in application.instar("rebase").out
    assert application.instar("rebase").out == "There is one head; nothing to do.\n"
    assert "heads" not in application.instar("check").out


def test_the_next_step_with_two_alembic_heads_is_one_that_alembic_takes(application):
    application.want(MODELS + "    bio: Mapped[str | None]\n")
    application.instar("generate", "--name", "bio")
    write(application.root, {"migrations/versions/0002_other.py": OTHER_HEAD})
    commit(application.root, {}, "bio")
    application.instar("state", "set", "--env", "production", "--code", "HEAD~1")
    application.instar("state", "pull", "--env", "production")
    assert "deploy 1: alembic upgrade heads\n" in application.instar("status").out
    application.alembic.upgrade("heads")
    application.instar("state", "pull", "--env", "production")
    assert "alembic upgrade" not in application.instar("status").out


def test_a_rename_that_is_committed_already_is_planned_from_the_version_before(application):
    application.want()
    commit(application.root, {}, "the models as they are wanted")
    done = application.instar("plan", *RENAME)
    assert done.code == 2
    assert "name the version before it, as in --from HEAD~1" in done.err
    assert "users.name ⇄ label" in application.instar("plan", *RENAME, "--from", "HEAD~1").out


def test_the_alembic_revisions_of_a_migration_move_with_it(application):
    git(application.root, "switch", "-q", "-c", "bio")
    application.want(MODELS + "    bio: Mapped[str | None]\n")
    application.instar("generate", "--name", "bio")
    commit(application.root, {}, "bio")
    git(application.root, "switch", "-q", "main")
    application.want(MODELS + "    age: Mapped[int | None]\n")
    application.instar("generate", "--name", "age")
    commit(application.root, {}, "age")
    git(application.root, "checkout", "-q", "bio", "--", "instar/versions", "migrations")
    with pytest.raises(CommandError, match="Multiple head revisions"):
        application.alembic.upgrade("head")
    assert "now follows the other Alembic head" in application.instar("rebase").out
    application.alembic.upgrade("head")
    application.want(MODELS + "    age: Mapped[int | None]\n    bio: Mapped[str | None]\n")
    assert "written" not in application.instar("generate", "bio").out


def test_what_is_planned_already_is_not_planned_again(application):
    git(application.root, "switch", "-q", "-c", "labels")
    application.want()
    application.instar("generate", *RENAME)
    assert application.instar("plan").out.startswith("Nothing differs between")
    commit(application.root, {}, "deploy 1")
    write(application.root, {"models.py": MODELS + "    age: Mapped[int | None]\n"})
    document = application.instar("plan", "--format", "json").json
    assert [(change["kind"], change["field"]) for change in document["changes"]] == [("add_field", "age")]


def test_without_git_the_ledger_says_what_is_planned_already(application):
    application.want()
    application.instar("snapshot", "--output", "before.json", "--ref", "HEAD")
    shutil.rmtree(application.root / ".git")
    assert application.instar("generate", *RENAME, "--from", "before.json").code == 0
    assert application.instar("plan").out.startswith("Nothing differs between")
    assert application.instar("check", "--no-lint").code == 0
