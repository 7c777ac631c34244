"""`instar diff` between snapshots: what it prints, and how it refuses."""

import subprocess
import sys

import pytest

from commands import commit, run, run_process, write
from instar.schema import snapshot
from instar.schema.model import Opaque, Unreadable
from instar.schema.types import IntType, StringType
from schema_parts import field, index, points_at, schema, table, unique

ID = field("id", IntType())
BEFORE = schema(
    table("posts", ID, field("legacy_field", optional=True), field("status")),
    table("tasks", ID, field("priority")),
    table("users", ID, field("user_name")),
)
AFTER = schema(
    table("posts", ID, field("status"), index("by_status", "status"), unique("status")),
    table("tags", ID, field("name"), index("ix", "name")),
    table("tasks", ID, field("priority", IntType())),
    table("users", ID, field("display_name"), field("team", optional=True), points_at("teams", "team")),
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "old.json").write_bytes(snapshot.encode(BEFORE))
    (tmp_path / "new.json").write_bytes(snapshot.encode(AFTER))
    return tmp_path


def test_changes_are_grouped_by_table_with_the_reason_behind(folder):
    done = run("diff", "--from", "old.json", "--to", "new.json", cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        """\
posts
  - field   legacy_field  str(50), optional   its values are lost
  + index   by_status (status)
  + unique  (status)                          existing rows may hold duplicates
tasks
  ~ type    priority  str(50) → int   stored values must be converted
users
  + field   display_name  str(50), required   existing rows have none
  + field   team  str(50), optional
  - field   user_name  str(50), required      its values are lost
  + foreign (team) → teams (id)
+ table   tags  2 fields, 1 index

? users: drop user_name + add display_name, or a rename? instar diff --rename users.user_name=display_name

9 changes between old.json and new.json; 5 can fail on stored rows, or lose data.
"""
    )


def test_a_told_rename_is_one_change_and_no_question(folder):
    told = ["--rename", "users.user_name=display_name"]
    done = run("diff", "--from", "old.json", "--to", "new.json", *told, cwd=folder)
    assert "  ~ rename  user_name → display_name   declared in --rename\n" in done.out
    assert "?" not in done.out


def test_json_is_the_contract(folder):
    told = ["--rename", "users.user_name=display_name", "--format", "json"]
    done = run("diff", "--from", "old.json", "--to", "new.json", *told, cwd=folder)
    found = done.json
    assert (found["from"], found["to"], found["dialect"]) == ("old.json", "new.json", "sqlalchemy")
    assert (found["unreadable"], found["opaque"]) == ([], [])
    changes = {(one["kind"], one["table"]): one for one in found["changes"]}
    assert changes["rename_field", "users"] == {
        "kind": "rename_field",
        "table": "users",
        "narrows": False,
        "field": "display_name",
        "from": "user_name",
        "to": "display_name",
    }
    assert changes["add_index", "posts"]["fields"] == ["status"]
    assert changes["add_constraint", "posts"]["type"] == "unique"
    assert changes["drop_field", "posts"]["narrows"] is True


def test_the_exit_code_says_whether_there_is_something_only_when_asked(folder):
    assert run("diff", "--from", "old.json", "--to", "new.json", "--exit-code", cwd=folder).code == 1
    assert run("diff", "--from", "old.json", "--to", "old.json", "--exit-code", cwd=folder).code == 0
    assert run("diff", "--from", "old.json", "--to", "new.json", cwd=folder).code == 0


def test_what_could_not_be_read_is_said_and_not_dropped(folder):
    unread = schema(
        table("users", ID, field("user_name"), Opaque(reason="type from a call", field="age")),
        Unreadable(path="app/legacy.py", reason="invalid syntax", line=12),
    )
    (folder / "new.json").write_bytes(snapshot.encode(unread))
    done = run("diff", "--from", "old.json", "--to", "new.json", cwd=folder)
    assert done.out == (
        "No changes between old.json and new.json.\n"
        "1 file could not be read: app/legacy.py (line 12, invalid syntax).\n"
        "1 definition could not be understood: users.age (type from a call).\n"
    )


def test_many_new_tables_do_not_become_a_wall(folder):
    many = schema(*(table(f"t{n:03}", ID) for n in range(150)))
    (folder / "new.json").write_bytes(snapshot.encode(many))
    (folder / "old.json").write_bytes(snapshot.encode(schema(table("t000", ID))))
    done = run("diff", "--from", "old.json", "--to", "new.json", cwd=folder)
    assert "and 129 more tables" in done.out
    assert len(done.out.splitlines()) < 30


def test_a_side_without_models_is_an_empty_schema_with_a_warning(folder):
    (folder / "none.json").write_bytes(snapshot.encode(schema()))
    done = run("diff", "--from", "none.json", "--to", "new.json", "--format", "json", cwd=folder)
    assert [one["kind"] for one in done.json["changes"]] == ["add_table"] * 4
    assert done.err == "instar: none.json declares no models; it counts as an empty schema.\n"


BAD = [
    (["--from", "none.json", "--to", "none.json"], "neither none.json nor none.json declares any model"),
    (["--from", "nowhere.json"], "nowhere.json: there is no such snapshot file"),
    (["--from", "broken.json"], "broken.json: this is not a snapshot of instar"),
    (["--from", "newer.json"], "newer.json: this snapshot has format 2"),
    (["--from", "folder.json"], "folder.json: there is no such snapshot file"),
    (["--from", "main"], 'is not in a git repository, so "main" names no version'),
    ([], "is not in a git repository, so there is no version to compare with"),
    (["--repo", "nowhere"], "there is no folder nowhere"),
    (
        ["--from", "old.json", "--to", "new.json", "--rename", "users"],
        "a rename reads users.user_name=display_name",
    ),
    (
        ["--from", "old.json", "--to", "new.json", "--rename", "users.a=b"],
        "the old version has no such field",
    ),
    (["--format", "yaml"], "'yaml' is not one of 'text', 'json'"),
    (["--form"], "No such option"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD)
def test_bad_input_is_one_line_and_exit_code_2(folder, arguments, said):
    (folder / "none.json").write_bytes(snapshot.encode(schema()))
    write(folder, {"broken.json": "{", "newer.json": '{"format": 2, "schema": {}}', "folder.json/x": ""})
    done = run("diff", *arguments, cwd=folder)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.startswith("instar: ")
    assert len(done.err.splitlines()) == 1


CONFIGS = [
    (
        "[tool.instar]\nversoins = 'x'\n",
        'pyproject.toml:2: unknown key "versoins" in [tool.instar]. Did you mean versions?',
    ),
    ("[tool.instar]\nddl = 'sideways'\n", "pyproject.toml: [tool.instar] is not valid"),
    ("[tool.instar\n", "pyproject.toml:1: this is not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), CONFIGS)
def test_a_configuration_that_is_not_valid_is_named_with_its_line(folder, text, said):
    write(folder, {"pyproject.toml": text})
    done = run("diff", "--from", "old.json", "--to", "new.json", cwd=folder)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"instar: {said}")


def test_an_unknown_ref_names_near_ones(tmp_path):
    commit(tmp_path / "project", {"a.txt": "x"})
    done = run("diff", "--from", "mian", cwd=tmp_path / "project")
    assert done.code == 2
    assert "Did you mean main?" in done.err


def test_a_pipe_gets_plain_text_and_a_narrow_encoding_gets_ascii(folder):
    done = run_process("diff", "--from", "old.json", "--to", "new.json", cwd=folder, PYTHONIOENCODING="ascii")
    assert (done.code, done.err) == (0, "")
    assert "priority  str(50) -> int" in done.out
    assert "\x1b" not in done.out


@pytest.mark.parametrize("versions", [("old.json", "new.json"), ("HEAD", "WORKTREE")])
def test_json_needs_none_of_the_heavy_libraries(folder, versions):
    models = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import DeclarativeBase\n\nclass Base(DeclarativeBase):\n    pass\n\n"
    user = "class User(Base):\n    __tablename__ = 'users'\n    id = Column(Integer, primary_key=True)\n"
    commit(folder, {"models.py": models + user})
    write(folder, {"models.py": models + user + "    age = Column(Integer)\n"})
    old, new = versions
    program = (
        f"import sys; sys.argv = ['instar', 'diff', '--from', {old!r}, '--to', {new!r}, '--format', 'json']\n"
        "import atexit; from instar.cli.app import main\n"
        "heavy = {'sqlalchemy', 'libcst', 'jinja2', 'rich', 'alembic', 'sqlglot', 'tomlkit'}\n"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr))\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
    assert '"changes"' in done.stdout


def test_help_shows_an_example():
    done = run("diff", "--help")
    assert done.code == 0
    assert "instar diff --from db:production --to WORKTREE" in done.out


def test_a_schema_of_another_type_is_compared_by_value(folder):
    wide = schema(
        table("posts", ID, field("status", StringType(length=80)), field("legacy_field", optional=True))
    )
    (folder / "new.json").write_bytes(snapshot.encode(wide))
    done = run("diff", "--from", "old.json", "--to", "new.json", cwd=folder)
    assert "~ type    status  str(50) → str(80)\n" in done.out
