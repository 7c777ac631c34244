"""`instar diff` on git histories of real models: what counts as the old version, and what is never a drop."""

import pytest

from commands import commit, git, run, run_process, write

HEAD = """\
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass

"""
USERS = """
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(String(50))
"""
POSTS = """
class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
"""
FILES = {
    "app/__init__.py": "",
    "app/base.py": HEAD,
    "app/users.py": f"from app.base import *\n{USERS}",
    "app/posts.py": f"from app.base import *\n{POSTS}",
}


@pytest.fixture
def app(tmp_path):
    commit(tmp_path / "app", FILES)
    return tmp_path / "app"


def kinds(*arguments, cwd):
    done = run("diff", "--format", "json", *arguments, cwd=cwd)
    assert done.code == 0, done.err
    return [(one["kind"], one["table"], one.get("field") or one.get("name")) for one in done.json["changes"]]


def test_a_branch_is_compared_with_where_it_left_the_default_branch(app):
    git(app, "checkout", "-qb", "feature")
    commit(app, {"app/posts.py": FILES["app/posts.py"] + "    body: Mapped[str | None]\n"})
    git(app, "checkout", "-q", "main")
    commit(app, {"app/users.py": FILES["app/users.py"] + "    age: Mapped[int]\n"})
    git(app, "checkout", "-q", "feature")
    write(
        app,
        {"app/posts.py": FILES["app/posts.py"] + "    body: Mapped[str | None]\n    views: Mapped[int]\n"},
    )
    assert kinds(cwd=app) == [("add_field", "posts", "body"), ("add_field", "posts", "views")]
    assert kinds("--to", "feature", cwd=app) == [("add_field", "posts", "body")]
    assert ("drop_field", "users", "age") in kinds("--from", "main", cwd=app)


def test_a_bare_repository_is_read_without_a_checkout(app, tmp_path):
    commit(app, {"app/users.py": FILES["app/users.py"].replace("user_name", "display_name")})
    git(tmp_path, "clone", "-q", "--bare", str(app), "bare.git")
    told = ["--rename", "users.user_name=display_name"]
    arguments = ["--repo", tmp_path / "bare.git", "--from", "main~1", "--to", "main", *told]
    assert kinds(*arguments, cwd=tmp_path) == [("rename_field", "users", "display_name")]
    done = run("diff", "--repo", tmp_path / "bare.git", cwd=tmp_path)
    assert (done.code, "has no work tree" in done.err) == (2, True)


def test_a_look_alike_pair_is_a_question(app):
    write(app, {"app/users.py": FILES["app/users.py"].replace("user_name", "display_name")})
    done = run("diff", cwd=app)
    short = git(app, "rev-parse", "--short=7", "HEAD")
    assert done.out == (
        f"""\
users
  + field   display_name  str(50), required   existing rows have none
  - field   user_name  str(50), required      its values are lost

? users: drop user_name + add display_name, or a rename? instar diff --rename users.user_name=display_name

2 changes between {short} and the work tree; 2 can fail on stored rows, or lose data.
Next: instar plan
"""
    )


def test_a_model_that_moves_to_another_file_is_no_change(app):
    write(app, {"app/accounts.py": FILES["app/users.py"], "app/users.py": ""})
    assert kinds(cwd=app) == []


def test_a_file_that_does_not_parse_is_reported_and_drops_nothing(app):
    write(
        app,
        {
            "app/users.py": FILES["app/users.py"] + "print 'old'\n",
            "app/posts.py": FILES["app/posts.py"] + "    body: Mapped[str | None]\n",
        },
    )
    done = run("diff", cwd=app)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("posts\n  + field   body  str, optional\n\n1 change between")
    assert "1 file could not be read: app/users.py (line 7, " in done.out
    found = run("diff", "--format", "json", cwd=app).json
    assert [one["path"] for one in found["unreadable"]] == ["app/users.py"]


def test_a_side_without_models_counts_as_empty(app):
    commit(app, dict.fromkeys(FILES, ""))
    done = run("diff", "--from", "HEAD~1", "--to", "HEAD", "--format", "json", cwd=app)
    assert {one["kind"] for one in done.json["changes"]} == {"drop_table"}
    assert done.json["dialect"] == "sqlalchemy"
    assert "declares no models; it counts as an empty schema" in done.err


def test_schema_paths_that_an_old_version_does_not_have_are_no_error(app):
    moved = {path.replace("app/", "shop/"): text.replace("app.", "shop.") for path, text in FILES.items()}
    git(app, "rm", "-rq", "app")
    commit(app, {**moved, "instar.toml": 'schema = ["shop"]\n'})
    assert kinds("--from", "HEAD~1", cwd=app) == []
    done = run("diff", "--from", "HEAD~1", "--schema", "nowhere", cwd=app)
    assert (done.code, '"nowhere" in [tool.instar] schema matches no Python file' in done.err) == (2, True)


def test_a_configuration_below_the_top_is_not_silently_ignored(app):
    assert kinds(cwd=app / "app") == []
    write(app, {"app/pyproject.toml": "[project]\n"})
    assert kinds(cwd=app / "app") == []
    write(app, {"app/pyproject.toml": "[tool.instar]\n"})
    done = run("diff", cwd=app / "app")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("instar: app/pyproject.toml: instar is configured at the top of a repository")


BAD = [
    (["--from", "HEAD", "--to", "HEAD"], "declares any model. Name the files that do with --schema PATH"),
    (["--from", "sqlite:///x.db"], "instar snapshot --url"),
    (["--from", "v9"], '"v9" names no commit'),
    (["--from", "--all"], '"--all" names no commit'),
]


@pytest.mark.parametrize(("arguments", "said"), BAD)
def test_bad_input_is_one_line(tmp_path, arguments, said):
    commit(tmp_path / "empty", {"app.py": "x = 1\n"})
    done = run_process("diff", *arguments, cwd=tmp_path / "empty")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.startswith("instar: ")
    assert len(done.err.splitlines()) == 1


def test_a_repository_without_a_commit_says_what_to_do(tmp_path):
    write(tmp_path / "new", FILES)
    git(tmp_path / "new", "init", "-q", "-b", "main")
    done = run("diff", cwd=tmp_path / "new")
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
