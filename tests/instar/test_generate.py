"""The whole way of a plan: files of each deploy, applied by Alembic, on a small real application."""

from __future__ import annotations

import difflib
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from alembic_project import ENV, Project
from instar.config import Config
from instar.dialects.base import Choices, Workspace
from instar.dialects.sqlalchemy.reader import READER
from instar.errors import InstarError
from instar.generate import Generated, generate
from instar.ledger import read_ledger
from instar.plan import PlanOptions, make_plan
from instar.rollback import rollback
from instar.schema.diff import diff
from instar.schema.migration import Migration
from instar.schema.operations import Conversion, DropField
from instar.schema.renames import parse_rename
from instar.sources import FolderSource
from instar.staging import write_all

DEMO = Path(__file__).parents[2] / "templates" / "demo"
CONFIG = Config(accessors="app/accessors")
PRIORITY = Conversion(mapping=(("low", 1), ("medium", 2), ("high", 3)), up_default=2, down_default="medium")
RENAME = parse_rename("users.user_name=display_name")


def workspace(root: Path) -> Workspace:
    return Workspace(FolderSource(root), CONFIG, lambda source: READER.read(source, CONFIG))


def planned(backend: str = "sqlite", **options: object) -> Migration:
    before = READER.read(FolderSource(DEMO / "first"), CONFIG)
    target = READER.read(FolderSource(DEMO / "wanted"), CONFIG)
    said = PlanOptions(
        conversions={"tasks.priority": PRIORITY},
        computes={"users.avatar_url": "app/avatars.py:avatar_url"},
        **options,
    )
    return make_plan(
        before, target, diff(before, target, [RENAME]), name="wanted", backend=backend, options=said
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The application with the target already written into its models."""
    folder = tmp_path / "app"
    shutil.copytree(DEMO / "first", folder)
    shutil.copytree(DEMO / "wanted", folder, dirs_exist_ok=True)
    return folder


def step(root: Path, migration: Migration, **more: object) -> Generated:
    made = generate(workspace(root), migration, base=FolderSource(DEMO / "first"), choices=Choices(**more))
    write_all(root, made.files)
    return made


def run(root: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=root, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_deploy_edits_the_models_and_ends_as_the_user_wanted_them(root: Path) -> None:
    migration = planned()
    wanted = (DEMO / "wanted/app/models.py").read_text()
    for deploy in migration.deploys:
        migration = step(root, migration).migration
        run(root, "-c", "import app.models")
        assert migration.generated == deploy.number
    final = (root / "app/models.py").read_text()
    changed = [line for line in difflib.ndiff(wanted.splitlines(), final.splitlines()) if line[0] in "+-"]
    assert changed == [
        "-     priority: Mapped[int]  # 1 is low, 2 medium, 3 high",
        '+     priority: Mapped[int] = mapped_column("priority_v2")  # 1 is low, 2 medium, 3 high',
    ]
    assert not (root / "app/accessors").exists() or not list((root / "app/accessors").glob("*.py"))


def test_the_first_deploy_puts_the_declarations_in_service_back_as_they_were(root: Path) -> None:
    step(root, planned())
    text = (root / "app/models.py").read_text()
    assert "    user_name: Mapped[str] = mapped_column(String(80))  # shown beside every post\n" in text
    assert "display_name" not in text
    assert "    priority: Mapped[str] = mapped_column(String(10))  # low, medium, high\n" in text


def test_the_migration_is_kept_in_the_ledger(root: Path) -> None:
    made = step(root, planned())
    kept = read_ledger(root, CONFIG).migration("wanted")
    assert kept == made.migration
    assert kept.generated == 1
    assert set(kept.revisions) == {s.id for s in kept.deploys[0].steps if s.operations}


def test_accessors_type_check_and_are_tidy(root: Path) -> None:
    migration = planned(code_first=True)
    seen = ""
    for _ in migration.deploys:
        migration = step(root, migration).migration
        modules = list((root / "app/accessors").glob("*.py")) if (root / "app/accessors").exists() else []
        if modules:
            run(root, "-m", "mypy", "--strict", "--cache-dir", str(root.parent / "mypy"), "app/accessors")
            run(
                root,
                "-m",
                "ruff",
                "check",
                "--no-cache",
                "--select",
                "E,F,I,UP,ANN,D",
                "--ignore",
                "E501,D203,D213",
                "app/accessors",
                "migrations/versions",
            )
            seen += "".join(path.read_text() for path in modules)
    assert "def avatar_url(row: User) -> str:" in seen
    assert "def display_name_expression()" in seen
    assert "Gone after deploy" in seen


def test_callers_of_accessors_go_back_to_attributes(root: Path) -> None:
    migration = planned(code_first=True)
    page = root / "app/page.py"
    while not (root / "app/accessors/users.py").exists():
        migration = step(root, migration).migration
    page.write_text(
        "from app.accessors import users\n"
        "from app.models import User\n\n\n"
        "def title(user: User) -> str:\n"
        "    return users.display_name(user).upper()  # shouted\n"
    )
    while migration.generated < len(migration.deploys):
        migration = step(root, migration).migration
    assert page.read_text() == (
        "from app.models import User\n\n\n"
        "def title(user: User) -> str:\n"
        "    return user.display_name.upper()  # shouted\n"
    )
    assert not (root / "app/accessors/users.py").exists()


def test_a_deploy_generated_twice_changes_nothing(root: Path) -> None:
    migration = step(root, planned()).migration
    again = generate(workspace(root), migration, number=1)
    assert again.files == {}


def test_an_edit_by_hand_is_kept_or_overwritten_only_when_told(root: Path) -> None:
    migration = step(root, planned()).migration
    revision = next(p for p in (root / "migrations/versions").glob("*.py") if "expand_ddl_1" in p.name)
    text = revision.read_text()
    revision.write_text(text.replace("    _run(", "    _run(  # formatted\n       ", 1))
    assert generate(workspace(root), migration, number=1, choices=Choices()).files == {}
    revision.write_text(text.replace("VARCHAR(80)", "VARCHAR(90)"))
    with pytest.raises(InstarError, match="--adopt"):
        generate(workspace(root), migration, number=1)
    adopted = generate(workspace(root), migration, number=1, choices=Choices(adopt=True))
    assert revision.relative_to(root).as_posix() not in adopted.files
    again = generate(workspace(root), adopted.migration, number=1)
    assert revision.relative_to(root).as_posix() not in again.files
    assert "VARCHAR(80)" in str(
        generate(workspace(root), migration, number=1, choices=Choices(force=True)).files.values()
    )
    kept = Choices(force=True, immutable=frozenset(migration.revisions.values()))
    with pytest.raises(InstarError, match="not written again, also not with --force"):
        generate(workspace(root), migration, number=1, choices=kept)
    revision.write_text(text)
    assert generate(workspace(root), migration, number=1, choices=kept).files == {}


def test_two_heads_are_listed_and_one_can_be_named(root: Path) -> None:
    first = root / "migrations/versions/0001_first_tables.py"
    other = first.with_name("0002_other.py")
    other.write_text(first.read_text().replace('revision = "0001"', 'revision = "0002"'))
    with pytest.raises(InstarError, match=r"0001 .*0002 .*--head"):
        generate(workspace(root), planned())
    made = generate(workspace(root), planned(), choices=Choices(head="0002"))
    revised = [
        text
        for text in made.files.values()
        if text and 'down_revision: str | tuple[str, ...] | None = "0002"' in text
    ]
    assert len(revised) == 1


def test_nothing_is_written_when_the_disk_is_full(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = generate(workspace(root), planned(), base=FolderSource(DEMO / "first"))
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    calls: list[int] = []

    def full(fd: int) -> None:
        calls.append(fd)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InstarError, match="No space left on device"):
        write_all(root, made.files)
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before


def test_a_file_that_cannot_be_placed_puts_the_others_back(root: Path) -> None:
    made = generate(workspace(root), planned(), base=FolderSource(DEMO / "first"))
    (root / "instar").write_text("in the way")
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    with pytest.raises(InstarError, match="Nothing was written"):
        write_all(root, made.files)
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before


ROWS = {
    "users": [(1, "a@x.org", "Ann", "2026-01-01 00:00:00"), (2, "b@x.org", "Bob", "2026-01-02 00:00:00")],
    "posts": [(1, 1, "T", "draft", None, "old")],
    "tasks": [(1, "wash", "low"), (2, "iron", "high")],
}


def test_the_data_goes_the_whole_way(root: Path, database: str) -> None:
    backend = sa.make_url(database).get_backend_name()
    shutil.rmtree(root / "migrations")
    project = Project(root, database, ENV)
    shutil.copy(
        DEMO / "first/migrations/versions/0001_first_tables.py", root / "migrations/versions/0001_first.py"
    )
    project.upgrade()
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        for name, rows in ROWS.items():
            width = ", ".join(f":v{n}" for n in range(len(rows[0])))
            for row in rows:
                connection.execute(
                    sa.text(f"INSERT INTO {name} VALUES ({width})"), {f"v{n}": v for n, v in enumerate(row)}
                )
    migration = planned(backend)
    for _ in migration.deploys:
        migration = step(root, migration).migration
        project.upgrade()
    with engine.connect() as connection:
        users = connection.execute(
            sa.text("SELECT id, display_name, avatar_url FROM users ORDER BY id")
        ).all()
        tasks = connection.execute(sa.text("SELECT id, priority_v2 FROM tasks ORDER BY id")).all()
    engine.dispose()
    assert [tuple(row)[:2] for row in users] == [(1, "Ann"), (2, "Bob")]
    assert all(row.avatar_url for row in users)
    assert [tuple(row) for row in tasks] == [(1, 1), (2, 3)]
    columns = {c["name"] for c in sa.inspect(sa.create_engine(database)).get_columns("users")}
    assert columns == {"id", "email", "display_name", "avatar_url", "created_at"}


def test_an_unanswered_question_stops_it(root: Path) -> None:
    before = READER.read(FolderSource(DEMO / "first"), CONFIG)
    target = READER.read(FolderSource(DEMO / "wanted"), CONFIG)
    plan = make_plan(before, target, diff(before, target, [RENAME]), backend="sqlite")
    with pytest.raises(InstarError, match=r"priority|avatar_url"):
        generate(workspace(root), plan)
    assert msgspec.structs.replace(plan, decisions=()).generated == 0


def test_a_constraint_that_would_name_a_column_that_is_gone_stops_it(root: Path) -> None:
    models = root / "app" / "models.py"
    wanted = models.read_text().replace(
        '    __tablename__ = "users"\n',
        '    __tablename__ = "users"\n    __table_args__ = (UniqueConstraint("email", "display_name", name="uq_who"),)\n',
    )
    models.write_text(
        wanted.replace("import ForeignKey, Index,", "import ForeignKey, Index, UniqueConstraint,")
    )
    with pytest.raises(
        InstarError, match=r"app/models\.py:\d+: this deploy's edit would leave a part of users"
    ):
        generate(workspace(root), planned())


def test_a_name_in_code_changes_where_it_stands_and_the_column_keeps_its_own(root: Path) -> None:
    before = READER.read(FolderSource(DEMO / "first"), CONFIG)
    text = (DEMO / "first/app/models.py").read_text()
    (root / "app/models.py").write_text(text.replace("    user_name: Mapped", "    display_name: Mapped"))
    target = READER.read(FolderSource(root), CONFIG)
    options = PlanOptions(keep_column=("users.display_name",))
    changes = [one for one in diff(before, target, [RENAME]) if one.table == "users"]
    step(root, make_plan(before, target, changes, name="wanted", backend="sqlite", options=options))
    assert (root / "app/models.py").read_text() == text.replace(
        "    user_name: Mapped[str] = mapped_column(",
        '    display_name: Mapped[str] = mapped_column("user_name", ',
    )


def test_listeners_keep_columns_in_step_where_triggers_do_not(root: Path) -> None:
    migration = planned(sync="app")
    models, listeners = root / "app/models.py", root / "app/accessors/users_in_step.py"
    seen = 0
    for _ in migration.deploys:
        before = models.read_text()
        migration = step(root, migration).migration
        text = models.read_text()
        kept = listeners.exists()
        assert ("@user_in_step\nclass User(" in text) == kept
        assert ("from app.accessors.users_in_step import in_step as user_in_step" in text) == kept
        run(root, "-c", "import app.models")
        if kept:
            names = ("app/accessors", "app/models.py")
            run(root, "-m", "mypy", "--strict", "--cache-dir", str(root.parent / "mypy"), *names)
            run(root, "-m", "ruff", "check", "--no-cache", "--isolated", "app/accessors")
            run(root, "-m", "ruff", "format", "--no-cache", "--isolated", "--check", str(listeners))
            seen += 1
        if not drops(migration):
            taken = rollback(workspace(root), migration).made.files.get("app/models.py") or text
            assert ("@user_in_step" in taken) == ("@user_in_step" in before)
    assert seen == 2
    assert "in_step" not in models.read_text()


def drops(migration: Migration) -> bool:
    last = migration.deploys[migration.generated - 1]
    return any(isinstance(act, DropField) for step in last.steps for act in step.operations)
