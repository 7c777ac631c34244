"""`instar snapshot`: from an imported application, from a live database, and back into `instar diff`."""

import json
import sys

import pytest
import sqlalchemy as sa

from commands import run, run_process, write
from instar.dialects.sqlalchemy.engine import resolve_url
from instar.schema import snapshot
from instar.schema.types import IntType, StringType

MODELS = """\
import os
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

print("models are imported")


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column("mail", String(80), unique=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    __table_args__ = (Index("by_name", "name"),)
"""


@pytest.fixture
def app(tmp_path):
    return write(tmp_path, {"app/__init__.py": "", "app/db.py": MODELS})


def found(text):
    schema = snapshot.decode(text.encode(), "out")
    return {table.name: table for table in schema.tables}


@pytest.mark.parametrize("target", ["app.db:Base", "app.db:Base.metadata"])
def test_an_imported_application_gives_its_exact_schema(app, target):
    done = run("snapshot", "--import", target, "--python", sys.executable, cwd=app)
    assert (done.code, done.err) == (0, "")
    users = found(done.out)["users"]
    assert [(one.name, one.type, one.optional) for one in users.fields] == [
        ("id", IntType(), False),
        ("mail", StringType(length=80), False),
        ("team_id", IntType(), True),
    ]
    assert users.field("mail").attribute == ("email" if target == "app.db:Base" else "")
    assert [(one.kind, one.fields) for one in users.constraints] == [
        ("primary_key", ("id",)),
        ("unique", ("mail",)),
        ("foreign_key", ("team_id",)),
    ]
    assert [index.name for index in found(done.out)["teams"].indexes] == ["by_name"]


def test_a_snapshot_is_written_whole_and_taken_as_a_version(app):
    wanted = ["snapshot", "--import", "app.db:Base", "--python", sys.executable, "--output", "now.json"]
    done = run(*wanted, "--dry-run", cwd=app)
    assert (done.code, (app / "now.json").exists()) == (0, False)
    assert "Would write now.json: 2 tables" in done.out
    done = run(*wanted, cwd=app)
    assert done.out == "Wrote now.json: 2 tables.\nNext: instar diff --from now.json\n"
    assert sorted(path.name for path in app.iterdir()) == ["app", "now.json"]
    done = run("diff", "--from", "now.json", "--to", "now.json", cwd=app)
    assert done.out == "No changes between now.json and now.json.\n"


BAD_IMPORTS = [
    ("app.db", "--import reads module:name, such as app.db:Base"),
    (
        "app.nothing:Base",
        "ModuleNotFoundError: No module named 'app.nothing'. Name the interpreter that has it with --python.",
    ),
    ("app.db:Nothing", "AttributeError"),
    ("app.db:os", "and has no MetaData"),
    ("app.broken:Base", "SystemExit: not today"),
    ("app.killed:Base", "cannot import app.killed:Base"),
]


@pytest.mark.parametrize(("target", "said"), BAD_IMPORTS)
def test_an_import_that_fails_is_one_line(app, target, said):
    write(
        app, {"app/broken.py": "import sys\nsys.exit('not today')", "app/killed.py": "import os\nos._exit(7)"}
    )
    done = run("snapshot", "--import", target, "--python", sys.executable, cwd=app)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_an_import_that_hangs_is_stopped(app):
    write(app, {"app/slow.py": "import time\ntime.sleep(600)"})
    done = run(
        "snapshot", "--import", "app.slow:Base", "--python", sys.executable, "--timeout", "0.5", cwd=app
    )
    assert done.code == 2
    assert "took longer than 0.5 s" in done.err


def test_an_interpreter_that_is_not_there_is_named(app):
    done = run("snapshot", "--import", "app.db:Base", "--python", "no/such/python", cwd=app)
    assert (done.code, "cannot run no/such/python" in done.err) == (2, True)


def test_a_file_that_is_no_snapshot_is_not_overwritten(app):
    (app / "notes.json").write_text("{}")
    done = run(
        "snapshot", "--import", "app.db:Base", "--python", sys.executable, "--output", "notes.json", cwd=app
    )
    assert done.code == 2
    assert "notes.json: this is not a snapshot" in done.err
    assert (app / "notes.json").read_text() == "{}"


@pytest.fixture
def deployed(app, database):
    """A configured project, its models as a snapshot, and a production database made of an older version of them."""
    write(app, {"pyproject.toml": '[tool.instar.environments.production]\nurl = "env:SHOP_DATABASE"\n'})
    run("snapshot", "--import", "app.db:Base", "--python", sys.executable, "--output", "now.json", cwd=app)
    engine = sa.create_engine(resolve_url(database, "it"))
    with engine.begin() as connection:
        connection.execute(
            sa.text("create table teams (id integer not null primary key, name varchar(20) not null)")
        )
        connection.execute(
            sa.text(
                "create table users (id integer not null primary key, mail varchar(80) not null unique, "
                "team_id integer, foreign key (team_id) references teams (id))"
            )
        )
    engine.dispose()
    return app, database


def test_drift_between_a_live_database_and_the_models(deployed, monkeypatch):
    app, url = deployed
    monkeypatch.setenv("SHOP_DATABASE", url)
    done = run("diff", "--from", "db:production", "--to", "now.json", cwd=app)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "teams\n  + index   by_name (name)\n\n1 change between the database of production and now.json.\n"
    )
    with sa.create_engine(resolve_url(url, "it")).begin() as connection:
        connection.execute(sa.text("create index by_name on teams (name)"))
    done = run("diff", "--from", "db:production", "--to", "now.json", "--exit-code", cwd=app)
    assert (done.code, done.out) == (0, "In step: the database of production and now.json.\n")
    live = run("snapshot", "--url", url, cwd=app)
    assert live.err == ""
    assert set(found(live.out)) == {"teams", "users"}
    write(app, {"live.json": live.out})
    done = run("diff", "--from", "now.json", "--to", "live.json", cwd=app)
    assert done.out == "In step: now.json and live.json.\n"


UNREACHABLE = [
    (
        "postgresql://ada:s3cret@127.0.0.1:1/shop",
        ["host 127.0.0.1", "port 1", "refused", "The password is not shown."],
    ),
    ("mysql://ada:s3cret@127.0.0.1:1/shop", ["host 127.0.0.1", "port 1", "The password is not shown."]),
    ("sqlite:///no/such/file.sqlite", ["there is no file no/such/file.sqlite"]),
    ("sqlite://", ["in memory"]),
    ("oracle://ada:s3cret@host/x", ["names oracle; instar knows sqlite, postgresql"]),
    ("ada:s3cret@host", ["cannot be read. It looks like postgresql://"]),
    ("postgresql://ada:s3cret@host:port/x", ["cannot be read. It looks like postgresql://"]),
    ("env:SHOP_NOWHERE", ["the variable SHOP_NOWHERE is not set"]),
]


@pytest.mark.parametrize(("url", "said"), UNREACHABLE)
def test_a_database_that_cannot_be_reached_is_one_line_without_the_password(app, url, said):
    write(app, {"instar.toml": f'[environments.staging]\nurl = "{url}"\n'})
    for arguments in (["snapshot", "--url", url], ["diff", "--from", "db:staging"]):
        done = run(*arguments, cwd=app)
        assert (done.code, done.out) == (2, "")
        assert len(done.err.splitlines()) == 1
        assert all(part in done.err for part in said), done.err
        assert "s3cret" not in done.err
    assert not (app / "no").exists()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("prodution", "Did you mean production?"),
        ("qa", "There are: production, staging."),
        ("staging", "has no url"),
    ],
)
def test_an_environment_that_is_not_configured_is_named(app, environment, said):
    write(app, {"instar.toml": "[environments.production]\n[environments.staging]\n"})
    done = run("diff", "--from", f"db:{environment}", cwd=app)
    assert (done.code, said in done.err) == (2, True)


def test_a_file_that_is_no_database_is_named(app):
    write(app, {"x.sqlite": "not a database at all, but some text of more than a hundred bytes" * 20})
    done = run("snapshot", "--url", "sqlite:///x.sqlite", cwd=app)
    assert done.code == 2
    assert "cannot reach the database (file is not a database, file x.sqlite)" in done.err


def test_a_snapshot_that_cannot_be_written_leaves_nothing(app):
    write(app, {"taken": "a file"})
    done = run_process(
        "snapshot",
        "--import",
        "app.db:Base",
        "--python",
        sys.executable,
        "--output",
        "taken/now.json",
        cwd=app,
    )
    assert done.code == 2
    assert "Nothing was written." in done.err
    assert sorted(path.name for path in app.iterdir()) == ["app", "taken"]


def test_two_sources_at_once_are_refused(app):
    done = run("snapshot", "--import", "a:b", "--url", "sqlite:///x", cwd=app)
    assert (done.code, "name one" in done.err) == (2, True)


def test_the_printed_snapshot_is_json_in_any_encoding(app):
    write(app, {"app/db.py": MODELS.replace('"by_name"', '"nach_größe"')})
    done = run_process(
        "snapshot", "--import", "app.db:Base", "--python", sys.executable, cwd=app, PYTHONIOENCODING="ascii"
    )
    assert json.loads(done.out)["kind"] == "snapshot"
    assert "nach_größe" in done.out
