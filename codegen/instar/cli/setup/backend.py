"""Which database a project runs on: by its Alembic configuration, its dependencies, or the URLs in its files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.sources import Source

Backend: TypeAlias = Literal["sqlite", "postgresql", "mariadb"]

DRIVERS: dict[str, Backend] = {
    "psycopg": "postgresql", "psycopg2": "postgresql", "asyncpg": "postgresql", "pg8000": "postgresql",
    "pymysql": "mariadb", "mysqlclient": "mariadb", "aiomysql": "mariadb", "asyncmy": "mariadb",
    "mysql-connector-python": "mariadb", "mariadb": "mariadb",
    "aiosqlite": "sqlite",
}  # fmt: skip
_SCHEMES: dict[str, Backend] = {
    "postgres": "postgresql", "postgresql": "postgresql", "mysql": "mariadb", "mariadb": "mariadb", "sqlite": "sqlite",
}  # fmt: skip
_INI_URL = re.compile(r"^\s*sqlalchemy\.url\s*=\s*(\w+?)(?:\+\w+)?:", re.MULTILINE)
_URL = re.compile(r"\b(postgres(?:ql)?|mysql|mariadb|sqlite)(?:\+\w+)?:(?://|\\/\\/)")
_REQUIREMENT = re.compile(r"""(?:^|["'\s])([A-Za-z][\w.-]*)""", re.MULTILINE)
_DEPENDENCIES = re.compile(
    r"(?:^|/)(?:pyproject\.toml|setup\.(?:py|cfg)|Pipfile|environment\.ya?ml|[\w./-]*requirements[\w./-]*\.(?:txt|in))\Z"
)
_TESTS = re.compile(r"(?:^|[/_-])(?:tests?|dev|docs?|lint|ci)(?:[/_.-]|\Z)")
_SETTINGS = (".py", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".env", ".example")


def find_backends(source: Source) -> dict[Backend, str]:
    """The backends that a project names, each with the file that names it.

    The first kind of evidence that says anything decides; a server's driver outweighs SQLite's, which tests use.
    """
    for evidence in (_by_alembic, _by_dependencies, _by_urls):
        found: dict[Backend, str] = {}
        for backend, path in evidence(source):
            found.setdefault(backend, path)
        if len(found) > 1:
            found.pop("sqlite", None)
        if found:
            return found
    return {}


def _by_alembic(source: Source) -> Iterator[tuple[Backend, str]]:
    for path, text in _texts(source, (".ini",)):
        for match in _INI_URL.finditer(text):
            if match[1] in _SCHEMES:
                yield _SCHEMES[match[1]], path


def _by_dependencies(source: Source) -> Iterator[tuple[Backend, str]]:
    """Files of tests and tools come last: their drivers count only where no other file names one."""
    files = [
        (path, text)
        for path, text in _texts(source, (".toml", ".py", ".cfg", ".txt", ".in", "Pipfile", ".yml", ".yaml"))
        if _DEPENDENCIES.search(path)
    ]
    for wanted in (False, True):
        found = [
            (DRIVERS[name.lower()], path)
            for path, text in files
            if bool(_TESTS.search(path)) is wanted
            for name in (
                match[1].removesuffix("-binary").removesuffix("-c") for match in _REQUIREMENT.finditer(text)
            )
            if name.lower() in DRIVERS
        ]
        if found:
            yield from found
            return


def _by_urls(source: Source) -> Iterator[tuple[Backend, str]]:
    for path, text in _texts(source, _SETTINGS):
        if not _TESTS.search(path):
            for match in _URL.finditer(text):
                yield _SCHEMES[match[1]], path


def _texts(source: Source, suffixes: Iterable[str]) -> Iterator[tuple[str, str]]:
    files = [file.path for file in source.files(suffixes) if file.size < 1_000_000]
    for path, data in source.read_many(files).items():
        yield path, data.decode(errors="replace")


def as_backend(text: str) -> Backend:
    """A backend that an option allowed."""
    return cast("Backend", text)
