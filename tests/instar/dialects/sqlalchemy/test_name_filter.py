"""The filter in `env.py`, by running Alembic's autogenerate on the file that was edited."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from commands import write
from instar.dialects.sqlalchemy.name_filter import block, has_filter, with_filter

GENERIC = '''\
from logging.config import fileConfig

from alembic import context

# the MetaData object
target_metadata = None


def run_migrations_offline() -> None:
    """Run migrations in 'offline' mode."""
    context.configure(
        url="sqlite://",
        target_metadata=target_metadata,
        dialect_opts={"paramstyle": "named"},
    )


def run_migrations_online() -> None:
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)

        with context.begin_transaction():
            context.run_migrations()
'''


PLACE = ("migrations/env.py", "instar/versions")


def test_every_call_gets_the_filters_a_line_each():
    edited = with_filter(GENERIC, *PLACE)
    both = "include_name=include_name,\n        include_object=include_object,\n"
    assert edited == GENERIC.replace(
        "\n\ndef run_migrations_offline", f"\n{block(*PLACE)}\n\ndef run_migrations_offline", 1
    ).replace('{"paramstyle": "named"},\n', '{"paramstyle": "named"},\n        ' + both).replace(
        "        context.configure(connection=connection, target_metadata=target_metadata)",
        "        context.configure(\n"
        "            connection=connection,\n"
        "            target_metadata=target_metadata,\n"
        "            include_name=include_name,\n"
        "            include_object=include_object,\n"
        "        )",
    ).replace(
        "from logging.config import fileConfig\n",
        "import json\nfrom logging.config import fileConfig\nfrom pathlib import Path\n",
    )
    assert has_filter(edited)
    assert not has_filter(GENERIC)
    compile(edited, "env.py", "exec")


def test_the_block_stands_behind_what_belongs_to_the_lines_above():
    above = "target_metadata = None\n\n# other values:\n# option = config.get_main_option()\n"
    edited = with_filter(
        f"from alembic import context\n\n{above}\n\n# runs them\ndef run():\n    context.configure(a)\n",
        *PLACE,
    )
    assert f"{above}\nIN_FLIGHT = " in edited
    assert "in IN_FLIGHT for one in names)\n\n\n# runs them\ndef run():" in edited


def test_keywords_that_are_passed_on_win():
    text = "from alembic import context\n\nmine = str\noptions = {'include_object': mine}\ncontext.configure(\n    a,\n    **options,\n)\n"
    edited = with_filter(text, *PLACE)
    assert (
        '    a,\n    **{\n        "include_name": include_name,\n        "include_object": include_object,\n'
        "        **options,\n    },\n)\n"
    ) in edited
    given = {}
    names = {"context": SimpleNamespace(configure=lambda _, **kept: given.update(kept)), "a": 1}
    exec(edited.replace("from alembic import context\n", ""), {"__file__": "/app/migrations/env.py", **names})
    assert given["include_object"] is str
    assert not given["include_name"]("instar_migrations", "table", {})


@pytest.mark.parametrize(
    ("env", "depth"), [("env.py", 0), ("migrations/env.py", 1), ("src/app/db/env.py", 3)]
)
def test_the_versions_are_found_from_wherever_the_file_is(env, depth):
    assert f'parents[{depth}].glob("instar/versions/*.json")' in block(env, "instar/versions/")


@pytest.mark.parametrize(
    "call",
    [
        "context.configure()",
        "context.configure(a)",
        "context.configure(\n    a,\n    b\n)",
        "context.configure(\n    a, b\n)",
        "context.configure(a,)",
        "context.configure(\n    a,  # why\n)",
        "context.configure(\n    a  # why\n)",
        "context.configure(connection, **options)",
    ],
)
def test_the_call_still_parses_in_any_layout(call):
    edited = with_filter(f"from alembic import context\n\n{call}\n", *PLACE)
    assert edited.count("include_name") == 3
    compile(edited, "env.py", "exec")


UNSAFE = {
    "a filter of its own": "context.configure(include_name=mine)",
    "an object filter": "context.configure(include_object=mine)",
    "arguments passed on": "context.configure(*arguments)",
    "no call": "run()",
    "another configure": "app.configure(connection)",
    "the name means something": "include_name = 3\ncontext.configure(connection)",
    "no Python": "def (:",
}


@pytest.mark.parametrize("text", UNSAFE.values(), ids=UNSAFE)
def test_what_cannot_be_edited_safely_is_left_alone(text):
    assert with_filter(text, *PLACE) is None


def test_autogenerate_leaves_our_tables_alone(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "alembic", "init", "-t", "generic", "migrations"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    ini = tmp_path / "alembic.ini"
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", "sqlite:///app.sqlite"))
    env = tmp_path / "migrations" / "env.py"
    write(
        tmp_path,
        {
            "migrations/env.py": env.read_text().replace(
                "target_metadata = None", "import sqlalchemy\ntarget_metadata = sqlalchemy.MetaData()"
            )
        },
    )
    make = "import sqlite3; c = sqlite3.connect('app.sqlite'); c.execute('create table instar_migrations (id int)'); c.execute('create table other (id int)')"
    subprocess.run([sys.executable, "-c", make], cwd=tmp_path, check=True)

    def check() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "check"],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    assert "instar_migrations" in check()
    env.write_text(with_filter(env.read_text(), *PLACE))
    said = check()
    assert "instar_migrations" not in said
    assert "other" in said
