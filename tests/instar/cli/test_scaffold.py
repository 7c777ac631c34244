"""`instar scaffold` and `instar generate`, as they are typed."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from instar.cli.app import main

DEMO = Path(__file__).parents[3] / "templates" / "demo"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The application as it is deployed, under no version control."""
    folder = tmp_path / "app"
    shutil.copytree(DEMO / "first", folder)
    return folder


def instar(root: Path, *arguments: str, code: int = 0) -> str:
    """Run a command as typed in the project's folder; what it printed."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        contextlib.chdir(root),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", ["instar", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    said = out.buffer.getvalue().decode()  # JSON is written as bytes
    assert ended.value.code == code, said
    return said


CHANGES = {
    "a field": (
        ("add-field", "users.avatar_url", "str(200)", "--required", "--compute", "app/avatars.py:avatar_url"),
        "    avatar_url: Mapped[str | None] = mapped_column(String(200))\n",
    ),
    "an optional field": (
        ("add-field", "tasks.done_at", "datetime"),
        "    done_at: Mapped[datetime | None]\n",
    ),
    "a rename": (
        ("rename", "users.user_name", "display_name", "--keep-column"),
        '    display_name: Mapped[str] = mapped_column("user_name", String(80))  # shown beside every post\n',
    ),
    "an index": (
        ("add-index", "posts", "status", "published_at", "--index-name", "by_status"),
        '    __table_args__ = (Index("by_status", "status", "published_at"),)\n',
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_models_are_edited_in_their_style(root: Path, change: str) -> None:
    arguments, line = CHANGES[change]
    before = (root / "app/models.py").read_text()
    shown = instar(root, "scaffold", *arguments, "--dry-run")
    assert line.rstrip() in shown
    assert (root / "app/models.py").read_text() == before
    instar(root, "scaffold", *arguments)
    assert line in (root / "app/models.py").read_text()
    subprocess.run([sys.executable, "-c", "import app.models"], cwd=root, check=True)


def test_a_rename_goes_without_triggers_where_the_application_keeps_both_in_step(root: Path) -> None:
    said = instar(root, "scaffold", "rename", "users.user_name", "display_name", "--sync", "app", "--dry-run")
    assert "TRIGGER" not in said
    assert "deploy 1 of 4" in said
    kept = instar(root, "scaffold", "rename", "users.user_name", "full_name", "--keep-column", "--dry-run")
    assert kept.endswith("\n2 files. Nothing was written.\n")


def test_a_removed_field_leaves_the_models_and_its_column_is_relaxed(root: Path) -> None:
    shown = instar(root, "scaffold", "remove-field", "posts.legacy_field", "--format", "json")
    document = json.loads(shown)
    assert document["written"]
    assert len(document["revisions"]) == 1
    assert "legacy_field" not in (root / "app/models.py").read_text()


def test_a_change_of_type_starts_with_the_database(root: Path) -> None:
    before = (root / "app/models.py").read_text()
    instar(root, "scaffold", "change-type", "tasks.priority", "int", "--convert", "low=1,medium=2,high=3,*=2")
    assert (root / "app/models.py").read_text() == before
    (revision,) = (root / "migrations/versions").glob("*expand*.py")
    assert "ADD COLUMN priority_v2 INTEGER" in revision.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add-field", "userz.a", "str"), 'no model has the table "userz". Did you mean users?'),
        (("add-field", "users.a", "strr"), '"strr" is no type that instar knows'),
        (("add-field", "users.email", "str"), 'has a field "email" already'),
        (("add-field", "users.kind", "str", "--required"), "--fill users.kind"),
        (("rename", "users.user_nam", "x"), "Did you mean user_name?"),
        (("remove-field", "users.id"), "part of the primary key"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_written(
    root: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    output = instar(root, "scaffold", *arguments, code=2)
    assert said in output
    assert output.startswith("instar: ")
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
