"""`instar init` on small applications: what it finds, what it writes, and where it ends instead of guessing."""

import subprocess
import sys
import tomllib

import pytest

from commands import commit, git, run, write
from instar.cli.project import Project
from instar.ledger import read_ledger

MODELS = """\
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
"""
PROJECT = '[project]\nname = "shop"  # ours\ndependencies = ["sqlalchemy", "psycopg"]\n\n[tool.ruff]\nline-length = 100\n'
ENV = "from alembic import context\n\ncontext.configure(url='x')\n"
SHOP = {
    "pyproject.toml": PROJECT,
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
    "migrations/env.py": ENV,
    "migrations/script.py.mako": "",
}


@pytest.fixture
def shop(tmp_path):
    commit(tmp_path / "shop", SHOP)
    return tmp_path / "shop"


def test_a_project_is_set_up_without_a_question(shop):
    done = run("init", "--yes", cwd=shop)
    assert (done.code, done.err) == (0, "")
    snapshot = next((shop / "instar" / "versions").iterdir()).name
    short = git(shop, "rev-parse", "--short=7", "HEAD")
    assert done.out == (
        f"""\
  models  sqlalchemy, 1 table in 1 file
  backend postgresql (pyproject.toml)
  alembic migrations
  wrote   pyproject.toml: [tool.instar]
  wrote   pyproject.toml: lint.external = ["INS"], so that ruff keeps # noqa: INS comments
  wrote   migrations/env.py: include_name and include_object keep autogenerate away from what instar has in flight
  wrote   instar/versions/{snapshot}: the schema as it is now, 1 table
In step: {short} and the work tree.
Next: edit a model, then: instar diff
"""
    )
    text = (shop / "pyproject.toml").read_text()
    assert text.startswith(PROJECT.rstrip("\n"))
    assert tomllib.loads(text)["tool"]["instar"] == {
        "dialect": "sqlalchemy",
        "backend": "postgresql",
        "alembic": "migrations",
    }
    assert tomllib.loads(text)["tool"]["ruff"]["lint"]["external"] == ["INS"]
    assert "include_name=include_name" in (shop / "migrations/env.py").read_text()
    project = Project.open(shop)
    head = read_ledger(project.root, project.config).head()
    assert (head.name, [table.name for table in head.schema.tables]) == ("initial", ["users"])


def test_a_second_time_changes_nothing(shop):
    run("init", "--yes", cwd=shop)
    commit(shop, {}, "set up")
    done = run("init", "--yes", cwd=shop)
    assert (done.code, git(shop, "status", "--short")) == (0, "")
    assert "wrote" not in done.out
    assert "In step" in done.out


def test_a_dry_run_shows_the_edits_and_writes_nothing(shop):
    done = run("init", "--dry-run", cwd=shop)
    assert (done.code, git(shop, "status", "--short")) == (0, "")
    assert '+[tool.instar]\n+dialect = "sqlalchemy"\n' in done.out
    assert "would write instar/versions/" in done.out
    assert done.out.endswith("Next: instar init\n")


def test_the_first_diff_after_it_is_the_users_own_edit(shop):
    run("init", "--yes", cwd=shop)
    commit(shop, {}, "set up")
    write(shop, {"shop/models.py": MODELS + "    mail: Mapped[str | None]\n"})
    done = run("diff", cwd=shop)
    assert done.out.startswith("users\n  + field   mail  str, optional\n")
    assert done.out.endswith("Next: instar plan\n")
    snapshot = next((shop / "instar" / "versions").iterdir())
    done = run("diff", "--from", snapshot.relative_to(shop), "--format", "json", cwd=shop)
    assert [one["field"] for one in done.json["changes"]] == ["mail"]


def test_a_project_without_pyproject_gets_a_file_of_our_own(tmp_path):
    write(tmp_path, {"models.py": MODELS, "requirements.txt": "sqlalchemy\npymysql\n"})
    done = run("init", cwd=tmp_path)
    assert done.code == 0
    assert (tmp_path / "instar.toml").read_text() == 'dialect = "sqlalchemy"\nbackend = "mariadb"\n'
    assert "In step: instar/versions/" in done.out
    assert "alembic no folder found" in done.out


def test_without_git_the_stored_version_is_compared_with(tmp_path):
    write(tmp_path, {"models.py": MODELS})
    run("init", cwd=tmp_path)
    write(tmp_path, {"models.py": MODELS + "    mail: Mapped[str | None]\n"})
    done = run("diff", cwd=tmp_path)
    assert done.out.startswith("users\n  + field   mail  str, optional\n\n1 change between instar/versions/")


def test_uncommitted_changes_are_a_finding_and_no_wall(shop):
    many = "".join(
        f"\n\nclass T{n}(Base):\n    __tablename__ = 't{n}'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        for n in range(60)
    )
    write(shop, {"shop/models.py": MODELS + many})
    done = run("init", "--yes", cwd=shop)
    assert "60 changes between" in done.out
    assert done.out.endswith("Next: instar diff\n")
    assert len(done.out.splitlines()) < 12


def test_an_env_that_cannot_be_edited_safely_is_left_with_the_text_to_add(shop):
    env = "from alembic import context\n\ncontext.configure(*arguments)\n"
    write(shop, {"migrations/env.py": env})
    done = run("init", "--yes", cwd=shop)
    assert done.code == 0
    assert (shop / "migrations/env.py").read_text() == env
    assert "migrations/env.py could not be edited safely" in done.out
    assert "    def include_name(name, type_, parent_names):\n" in done.out


AMBIGUOUS = {
    "two Alembic folders": (
        {"other/migrations/env.py": ENV, "other/migrations/script.py.mako": ""},
        "there are 2 Alembic folders: migrations, other/migrations. Say which one: instar init --alembic migrations",
        ["--alembic", "other/migrations"],
        {"alembic": "other/migrations"},
    ),
    "two bases": (
        {
            "stats/__init__.py": "",
            "stats/tables.py": MODELS.replace("users", "visits").replace("User", "Visit"),
            "stats/more.py": "from stats.tables import Base\nfrom sqlalchemy import Column, Integer\n\n\nclass Page(Base):\n"
            "    __tablename__ = 'pages'\n    id = Column(Integer, primary_key=True)\n",
        },
        "there are 2 declarative bases: stats.tables.Base (2 tables), shop.models.Base (1 table). Say which one: instar init --base stats.tables.Base",
        ["--base", "stats.tables.Base"],
        {"schema": ["stats"]},
    ),
    "two databases": (
        {"pyproject.toml": PROJECT.replace('"psycopg"', '"psycopg", "pymysql"')},
        "there are 2 databases: postgresql (pyproject.toml), mariadb (pyproject.toml). Say which one: instar init --backend postgresql",
        ["--backend", "mariadb"],
        {"backend": "mariadb"},
    ),
}


@pytest.mark.parametrize("case", AMBIGUOUS.values(), ids=AMBIGUOUS)
@pytest.mark.parametrize("flags", [["--yes"], []])
def test_a_choice_is_the_users(shop, case, flags):
    files, said, told, written = case
    write(shop, files)
    before = git(shop, "status", "--short", "-uall")
    done = run("init", *flags, cwd=shop)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"instar: {said}\n"
    assert git(shop, "status", "--short", "-uall") == before
    done = run("init", *flags, *told, cwd=shop)
    assert (done.code, done.err) == (0, "")
    section = tomllib.loads((shop / "pyproject.toml").read_text())["tool"]["instar"]
    assert section.items() >= written.items()
    if "schema" in written:
        assert "2 tables in 2 files" in done.out


def test_a_person_is_asked(shop):
    files, _, _, written = AMBIGUOUS["two Alembic folders"]
    write(shop, files)
    done = run("init", cwd=shop, stdin="other/migrations\n", terminal=True)
    assert done.code == 0
    assert done.out.startswith("There are 2 Alembic folders: migrations, other/migrations.\nWhich one")
    section = tomllib.loads((shop / "pyproject.toml").read_text())["tool"]["instar"]
    assert section.items() >= written.items()
    assert run("init", "--yes", cwd=shop, stdin="migrations\n", terminal=True).code == 0


def test_a_person_who_stops_has_written_nothing(shop):
    write(shop, AMBIGUOUS["two Alembic folders"][0])
    before = git(shop, "status", "--short", "-uall")
    done = run("init", cwd=shop, stdin="", terminal=True)
    assert (done.code, git(shop, "status", "--short", "-uall")) == (130, before)


BAD = [
    (["--alembic", "shop"], "shop has no env.py, so it is no Alembic folder. There are: migrations."),
    (
        ["--base", "shop.models.Nothing"],
        'there is no declarative base "shop.models.Nothing". There are: shop.models.Base.',
    ),
    (["--backend", "oracle"], "'oracle' is not one of"),
    (["--repo", "nowhere"], "there is no folder nowhere"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD)
def test_bad_input_is_one_line_and_nothing_is_written(shop, arguments, said):
    done = run("init", "--yes", *arguments, cwd=shop)
    assert (done.code, done.out, git(shop, "status", "--short")) == (2, "", "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_folder_without_models_is_refused(tmp_path):
    write(tmp_path, {"app.py": "print('hello')\n"})
    done = run("init", "--yes", cwd=tmp_path)
    assert (done.code, "declares no models" in done.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]


def test_a_bare_repository_is_refused(shop, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(shop), "bare.git")
    done = run("init", "--yes", "--repo", "bare.git", cwd=tmp_path)
    assert (done.code, "Clone it first" in done.err) == (2, True)


def test_a_pyproject_that_leaves_no_room_is_refused_and_nothing_is_written(shop):
    commit(
        shop,
        {"pyproject.toml": 'tool = {black = {line-length = 1}}\nproject = {dependencies = ["psycopg"]}\n'},
    )
    done = run("init", "--yes", cwd=shop)
    assert (done.code, git(shop, "status", "--short")) == (2, "")
    assert "pyproject.toml: [tool.instar] cannot be added" in done.err


def test_a_file_that_does_not_parse_is_said_and_the_rest_goes_on(shop):
    write(shop, {"shop/legacy.py": MODELS.replace("users", "old_users") + "print 'old'\n"})
    done = run("init", "--yes", cwd=shop)
    assert done.code == 0
    assert "shop/legacy.py could not be read" in done.err


def test_the_edited_env_still_runs(shop):
    run("init", "--yes", cwd=shop)
    program = "import sys, types; a = types.ModuleType('alembic'); a.context = types.SimpleNamespace(configure=lambda **k: print(k['include_name']('instar_migrations', 'table', {}))); sys.modules['alembic'] = a; import runpy; runpy.run_path('migrations/env.py')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=shop, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
