"""What recorded environments change about the findings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from commands import git, run, write
from instar.environments import BackfillState, EnvironmentState, encode_state
from instar.schema.virtual import schema_after
from standing_project import CODE, display_names, dropping, lay_out, order_phase

NAMED = (
    CODE
    + "def named(s: Session, n: str):\n    return s.scalars(select(User).where(User.display_name == n)).all()\n"
)
READ = CODE + "def note(post: Post):\n    return post.legacy_note\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def record(
    folder: Path,
    name: str,
    migration,
    point: int | None = None,
    *,
    filled: bool = False,
    age: dt.timedelta | None = None,
) -> None:
    """The state of an environment after a deploy of the migration."""
    works = [step.work.name for step in migration.steps if step.kind == "backfill" and step.work]
    state = EnvironmentState(
        name=name,
        schema=schema_after(migration, len(migration.deploys) if point is None else point),
        database_as_of=None if age is None else dt.datetime.now(dt.UTC) - age,
        backfills={work: BackfillState(status="completed", remaining=0) for work in works} if filled else {},
    )
    write(folder, {f"instar/environments/{name}.json": encode_state(state).decode()})


def messages(folder: Path, *arguments: str) -> list[str]:
    done = run("lint", "--repo", folder, *arguments)
    assert done.code in (0, 1), done.err
    return [line.split(": ", 1)[1] for line in done.out.splitlines()]


def test_a_field_is_unfilled_until_every_required_environment_has_filled_it(folder):
    migration = display_names(folder)
    lay_out(folder, migration, {"app/views.py": NAMED})
    record(folder, "staging", migration, 1, filled=True)
    record(folder, "production", migration, 1)
    assert messages(folder) == [
        (
            "INS206 users.display_name is not filled yet in production (display-names): filtering by it loses rows; "
            "use app.accessors.users.display_name_expression() [instar fix]"
        )
    ]
    assert messages(folder, "--env", "staging") == []
    record(folder, "production", migration, 1, filled=True)
    assert messages(folder) == []


def test_an_environment_that_is_not_required_does_not_count(folder):
    migration = display_names(folder)
    lay_out(folder, migration, {"app/views.py": NAMED})
    record(folder, "production", migration, 1, filled=True)
    record(folder, "preview", migration, 1)
    config = (folder / "pyproject.toml").read_text()
    write(folder, {"pyproject.toml": config + "\n[tool.instar.environments.preview]\nrequired = false\n"})
    assert messages(folder) == []


def test_an_index_is_deployed_where_it_is_valid(folder):
    query = (
        CODE + 'def recent(s: Session):\n    return s.scalars(select(Post).where(Post.status == "x")).all()\n'
    )
    migration = dropping(folder)
    lay_out(folder, None, {"app/views.py": query})
    assert len(messages(folder)) == 1
    declared = run("lint", "--repo", folder, "--format", "json").json["findings"][0]
    assert (declared["code"], declared["index"]) == ("INS101", "by_status_and_published")
    schema = schema_after(migration, 0)
    posts = schema.table("posts")
    with_index = msgspec.structs.replace(posts, indexes=(*posts.indexes, _declared_index(folder)))
    tables = tuple(with_index if table.name == "posts" else table for table in schema.tables)
    state = EnvironmentState(name="production", schema=msgspec.structs.replace(schema, tables=tables))
    write(folder, {"instar/environments/production.json": encode_state(state).decode()})
    assert messages(folder) == []


def _declared_index(folder: Path):
    from instar.config import Config
    from instar.dialects.sqlalchemy.reader import read_models
    from instar.sources import FolderSource

    posts = read_models(FolderSource(folder), Config()).schema.table("posts")
    return next(index for index in posts.indexes if index.name == "by_status_and_published")


def test_a_field_is_remembered_after_the_code_that_unmaps_it_has_landed(folder):
    migration = dropping(folder)
    lay_out(folder, migration, {"app/views.py": READ})
    models = (folder / "app/models.py").read_text()
    note = "    legacy_note: Mapped[str | None] = mapped_column(String(50))\n"
    assert note in models
    write(folder, {"app/models.py": models.replace(note, "")})
    record(folder, "production", migration, migration.generated)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "no longer mapped")
    (message,) = messages(folder)
    assert message.startswith("INS201 posts.legacy_note was removed with drop-legacy-note")


def test_a_finished_migration_says_nothing_more(folder):
    migration = dropping(folder)
    lay_out(folder, migration, {"app/views.py": READ})
    assert any("INS303" in message for message in messages(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "the change")
    record(folder, "production", migration, filled=True)
    assert messages(folder) == []


@pytest.mark.parametrize(("kept", "said"), [(True, False), (False, True)])
def test_a_write_that_listeners_complete_is_not_spoken_of(folder, kept, said):
    migration = order_phase(folder)
    if kept:
        migration = msgspec.structs.replace(migration, files={"app/accessors/orders_in_step.py": "0"})
    views = CODE + 'def close(order: Order):\n    order.phase = "closed"\n'
    lay_out(folder, migration, {"app/views.py": views})
    assert any("must both be written" in message for message in messages(folder)) is said


def test_a_rename_that_code_cannot_follow_yet_is_not_spoken_of(folder):
    migration = display_names(folder)
    views = CODE + "def greeting(user: User):\n    return user.user_name\n"
    lay_out(folder, migration, {"app/views.py": views})
    models = (folder / "app/models.py").read_text()
    write(
        folder,
        {
            "app/models.py": models.replace(
                "    display_name: Mapped[str | None] = mapped_column(String(50))\n", ""
            )
        },
    )
    (folder / "app/accessors/users.py").unlink()
    assert messages(folder) == []


@pytest.mark.parametrize(
    ("age", "counts", "said"),
    [
        (dt.timedelta(minutes=5), True, ""),
        (dt.timedelta(hours=30), False, "the record of production is from 1 day ago"),
        (None, False, "the record of production has no date"),
    ],
)
def test_a_record_that_is_too_old_counts_for_nothing(folder, age, counts, said):
    migration = display_names(folder)
    lay_out(folder, migration, {"app/views.py": NAMED})
    config = (folder / "pyproject.toml").read_text()
    write(folder, {"pyproject.toml": f'{config}\n[tool.instar.environments.production]\nmax_age = "24h"\n'})
    record(folder, "production", migration, 1, filled=True, age=age)
    done = run("lint", "--repo", folder)
    assert (done.out == "") is counts
    assert len(done.err.splitlines()) == (not counts)
    assert said in done.err
    assert "INS206" not in done.out or "not filled yet in main (" in done.out
