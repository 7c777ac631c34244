"""Connections to a project's databases, and errors that never show a password."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
EXTRAS = {"psycopg": "postgresql", "pymysql": "mysql"}
CONNECT_TIMEOUT = 10
VARIABLE = "env:"


def resolve_url(text: str, what: str) -> sa.URL:
    """Read `postgresql://…` or `env:VARIABLE`, with the driver that instar itself uses.

    Args:
        text: What the user gave.
        what: What it is the URL of, for errors: `the database of "staging"`.

    Raises:
        InstarError: The variable is not set, or it is no URL of a database that instar knows.
    """
    given = text
    if text.startswith(VARIABLE):
        name = text.removeprefix(VARIABLE)
        given = os.environ.get(name, "")
        if not given:
            raise InstarError(f"the variable {name} is not set; it holds the URL of {what}.")
    if given.startswith("postgres://"):
        given = given.replace("postgres://", "postgresql://", 1)
    try:
        url = sa.make_url(given)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise InstarError(
            f"the URL of {what} cannot be read. It looks like postgresql://user:password@host:5432/name."
        ) from None
    if backend not in DRIVERS:
        raise InstarError(f"the URL of {what} names {backend}; instar knows {', '.join(DRIVERS)}.")
    return url.set(drivername=DRIVERS[backend])


@contextmanager
def connect(url: sa.URL, what: str) -> Iterator[sa.Connection]:
    """A connection for reading; the transaction is rolled back at the end.

    Args:
        url: As `resolve_url` gives it.
        what: What it is, for errors.

    Raises:
        InstarError: The database cannot be reached, or its driver is not installed; without the password.
    """
    engine = _engine(url, what)
    try:
        try:
            connection = engine.connect()
        except (SQLAlchemyError, OSError) as error:
            raise unreachable(url, what, error) from None
        with connection:
            yield connection
    finally:
        engine.dispose()


def unreachable(url: sa.URL, what: str, error: BaseException) -> InstarError:
    """What to say of a database that did not answer: the reason, host and port, and no password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = [str(part) for part in getattr(cause, "args", ()) if isinstance(part, str)] or [str(cause)]
    reason = " ".join(said[-1].split()).rstrip(".")[:300]
    if url.password:
        reason = reason.replace(str(url.password), "***")
    place = [f"{name} {value}" for name, value in (("host", url.host), ("port", url.port)) if value]
    if url.get_backend_name() == "sqlite":
        place = [f"file {url.database}"]
    hidden = " The password is not shown." if url.password else ""
    return InstarError(f"cannot reach {what} ({', '.join([reason, *place])}).{hidden}")


def _engine(url: sa.URL, what: str) -> sa.Engine:
    backend = url.get_backend_name()
    arguments: dict[str, object] = {}
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise InstarError(f"{what} is in memory, so there is nothing to read.")
        if not Path(url.database.removeprefix("file:").partition("?")[0]).is_file():
            raise InstarError(f"cannot reach {what}: there is no file {url.database}.")
    else:
        arguments["connect_timeout"] = CONNECT_TIMEOUT
    try:
        return sa.create_engine(url, connect_args=arguments, poolclass=sa.pool.NullPool)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(error.name or "", backend)
        raise InstarError(
            f"the driver {error.name} for {what} is not installed. Install it with: pip install 'instar[{extra}]'"
        ) from None
