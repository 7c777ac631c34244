import pytest

from commands import write
from instar.cli.setup.backend import find_backends
from instar.sources import FolderSource

INI = "[alembic]\nscript_location = migrations\nsqlalchemy.url = {}\n"
FILES = [
    ({"alembic.ini": INI.format("postgresql+psycopg://u:p@h/d")}, {"postgresql": "alembic.ini"}),
    ({"alembic.ini": INI.format("mysql+pymysql://u:p@h/d")}, {"mariadb": "alembic.ini"}),
    ({"alembic.ini": INI.format("sqlite:///app.db")}, {"sqlite": "alembic.ini"}),
    (
        {
            "alembic.ini": INI.format("driver://user:pass@localhost/dbname"),
            "requirements.txt": "SQLAlchemy\npsycopg2-binary>=2\n",
        },
        {"postgresql": "requirements.txt"},
    ),
    (
        {"pyproject.toml": '[project]\ndependencies = ["asyncpg>=0.29", "aiosqlite"]\n'},
        {"postgresql": "pyproject.toml"},
    ),
    ({"pyproject.toml": '[tool.poetry.dependencies]\nmysqlclient = "^2"\n'}, {"mariadb": "pyproject.toml"}),
    (
        {"requirements/main.in": "psycopg[binary]\n", "requirements/tests.txt": "pymysql\n"},
        {"postgresql": "requirements/main.in"},
    ),
    (
        {"requirements.txt": "asyncpg\nPyMySQL\n"},
        {"postgresql": "requirements.txt", "mariadb": "requirements.txt"},
    ),
    ({"app/settings.py": 'URL = "sqlite+aiosqlite:///shop.db"\n'}, {"sqlite": "app/settings.py"}),
    (
        {"docker-compose.yml": "environment:\n  DB: postgres://u:p@db/x\n"},
        {"postgresql": "docker-compose.yml"},
    ),
    ({"tests/conftest.py": 'URL = "mysql://x"\n'}, {}),
    ({"README.txt": "psycopg\n"}, {}),
]


@pytest.mark.parametrize(("files", "found"), FILES)
def test_the_database_is_found_by_what_the_project_says(tmp_path, files, found):
    assert find_backends(FolderSource(write(tmp_path, files))) == found
