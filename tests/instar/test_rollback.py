"""A generated deploy taken back: the files as they were, and the database too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from alembic_project import Project
from instar.config import Config
from instar.dialects.base import Workspace
from instar.dialects.sqlalchemy.reader import READER
from instar.dialects.sqlalchemy.undo import undo_revisions
from instar.errors import InstarError
from instar.generate import generate
from instar.plan import PlanOptions, make_plan
from instar.rollback import rollback
from instar.schema.diff import diff
from instar.schema.migration import Migration
from instar.schema.operations import Conversion
from instar.schema.renames import parse_rename
from instar.sources import FolderSource
from instar.staging import write_all

DEMO = Path(__file__).parents[2] / "templates" / "demo"
CONFIG = Config(accessors="app/accessors")
SCALE = Conversion(mapping=(("low", 1), ("medium", 2), ("high", 3)), up_default=2, down_default="medium")


def workspace(root: Path) -> Workspace:
    return Workspace(FolderSource(root), CONFIG, lambda source: READER.read(source, CONFIG))


def planned(backend: str, *, code_first: bool = False) -> Migration:
    before = READER.read(FolderSource(DEMO / "first"), CONFIG)
    target = READER.read(FolderSource(DEMO / "wanted"), CONFIG)
    changes = diff(before, target, [parse_rename("users.user_name=display_name")])
    options = PlanOptions(
        conversions={"tasks.priority": SCALE},
        computes={"users.avatar_url": "app/avatars.py:avatar_url"},
        code_first=code_first,
    )
    return make_plan(before, target, changes, name="wanted", backend=backend, options=options)


@pytest.fixture
def project(database: str, tmp_path: Path) -> Project:
    """The application as it is deployed, on an empty database."""
    folder = tmp_path / "app"
    shutil.copytree(DEMO / "first", folder)
    first = (folder / "migrations/versions/0001_first_tables.py").read_bytes()
    shutil.rmtree(folder / "migrations")
    made = Project(folder, database)
    (made.versions / "0001_first.py").write_bytes(first)
    made.upgrade()
    return made


def texts(root: Path) -> dict[str, str]:
    paths = [path for path in root.rglob("*") if path.suffix in {".py", ".json"}]
    return {path.relative_to(root).as_posix(): path.read_text() for path in paths}


def columns(url: str) -> dict[str, object]:
    engine = sa.create_engine(url)
    inspector = sa.inspect(engine)
    found = {
        table: {c["name"]: c["nullable"] for c in inspector.get_columns(table)}
        for table in inspector.get_table_names()
    }
    engine.dispose()
    return found


def written(project: Project, migration: Migration) -> Migration:
    made = generate(workspace(project.folder), migration)
    write_all(project.folder, made.files)
    return made.migration


def test_the_first_deploy_goes_back_to_how_it_was(project: Project) -> None:
    files, tables = texts(project.folder), columns(project.url)
    migration = written(project, planned(sa.make_url(project.url).get_backend_name()))
    project.upgrade()
    assert columns(project.url) != tables
    back = rollback(workspace(project.folder), migration)
    assert undo_revisions(project.url, back.scripts) == tuple(reversed(migration.revisions.values()))
    write_all(project.folder, back.made.files)
    assert texts(project.folder) == files
    assert columns(project.url) == tables
    project.upgrade()


def test_a_deploy_that_stopped_half_way_goes_back(project: Project) -> None:
    tables = columns(project.url)
    migration = written(project, planned(sa.make_url(project.url).get_backend_name()))
    (revision,) = project.versions.glob("*expand_ddl_1.py")
    whole = revision.read_text()
    start = whole.index("def downgrade")
    revision.write_text(f"{whole[:start].rstrip()}\n    raise RuntimeError('power cut')\n\n\n{whole[start:]}")
    with pytest.raises(RuntimeError, match="power cut"):
        project.upgrade()
    back = rollback(workspace(project.folder), migration)
    undo_revisions(project.url, back.scripts)
    assert columns(project.url) == tables


def test_code_goes_back_to_the_deploy_before(project: Project) -> None:
    migration = written(project, planned("sqlite"))
    files = texts(project.folder)
    migration = written(project, migration)
    assert (project.folder / "app/accessors/users.py").exists()
    back = rollback(workspace(project.folder), migration)
    write_all(project.folder, back.made.files)
    after = texts(project.folder)
    for path in files:
        assert after[path].splitlines() == files[path].splitlines(), path
    assert after.keys() == files.keys()


PAGE = """\
from app.accessors import users
from app.models import User


def title(user: User) -> str:
    return users.display_name(user).upper()  # shouted


def footer() -> str:
    return "made with care"


def rename(user: User, name: str) -> None:
    # one of many
    {call}
"""


@pytest.mark.parametrize(
    ("edits", "call"),
    [
        ({}, "users.set_display_name(user, name)"),
        ({"made with care": "made", "one of many": "one"}, "users.set_display_name(user, name)"),
        (
            {"user.display_name = name": "user.display_name = name.strip()"},
            "user.display_name = name.strip()",
        ),
    ],
    ids=["as written", "edited elsewhere", "edited there"],
)
def test_callers_of_accessors_go_back_with_their_code_step(
    tmp_path: Path, edits: dict[str, str], call: str
) -> None:
    root = tmp_path / "app"
    shutil.copytree(DEMO / "first", root)
    project = Project.__new__(Project)
    project.folder = root
    migration = planned("sqlite", code_first=True)
    while not (root / "app/accessors/users.py").exists():
        migration = written(project, migration)
    page, before = root / "app/page.py", PAGE.format(call="users.set_display_name(user, name)")
    page.write_text(before)
    while page.read_text() == before:
        migration = written(project, migration)
    after = page.read_text()
    assert "accessors" not in after
    for old, new in edits.items():
        assert old in after
        after = after.replace(old, new)
        before = before.replace(old, new)
    page.write_text(after)
    back = rollback(workspace(root), migration)
    write_all(root, back.made.files)
    assert page.read_text() == (before if not back.lost else PAGE.format(call=call))
    assert bool(back.lost) == ("strip" in call)
    written(project, back.made.migration)
    assert page.read_text() == after


def test_a_drop_cannot_be_taken_back(project: Project) -> None:
    migration = planned("sqlite")
    for _ in migration.deploys:
        migration = written(project, migration)
    with pytest.raises(InstarError, match=r"drops .* cannot come back"):
        rollback(workspace(project.folder), migration)


def test_a_drop_that_is_applied_nowhere_is_taken_back_as_files(project: Project) -> None:
    migration = planned("sqlite")
    for _ in migration.deploys[:-1]:
        migration = written(project, migration)
    files = texts(project.folder)
    migration = written(project, migration)
    only_files = frozenset(migration.revisions.values())
    write_all(
        project.folder, rollback(workspace(project.folder), migration, only_files=only_files).made.files
    )
    assert texts(project.folder).keys() == files.keys()
