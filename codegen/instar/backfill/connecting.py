"""Connections: opened with one clear line where that fails, and read from without taking locks."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from instar.dialects.sqlalchemy.engine import resolve_url
from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.backfill.backends.base import Backend


def parse_url(text: str) -> sa.URL:
    """A database URL, or `env:VARIABLE`.

    Raises:
        InstarError: It is none. The message does not repeat it, for it may hold a password.
    """
    return resolve_url(text, "the database")


def connect(backend: Backend, url: sa.URL, *, lock_timeout: float) -> sa.Engine:
    """An engine whose server has answered.

    Raises:
        InstarError: It does not answer; the message has no password.
    """
    if backend.name == "sqlite" and url.database not in {None, "", ":memory:"}:
        _check_file(str(url.database))
    engine = backend.engine(url, lock_timeout=lock_timeout)
    try:
        with reading(engine):
            return engine
    except sa.exc.DBAPIError as error:
        engine.dispose()
        raise unreachable(url, error) from None


def unreachable(url: sa.URL, error: BaseException) -> InstarError:
    """The one line about a database that does not answer."""
    reason = " ".join(str(getattr(error, "orig", None) or error).split())
    reason = re.sub(r"^\(\d+, ['\"](.*)['\"]\)$", r"\1", reason)
    if url.password:
        reason = reason.replace(str(url.password), "***")
    place = [f"host {url.host}"] if url.host else []
    place += [f"port {url.port}"] if url.port else []
    place += [f'database "{url.database}"'] if url.database else []
    return InstarError(
        f"cannot reach the database ({', '.join(place)}): {reason[:300]}. The password is not shown. "
        "Check that the server runs and takes connections from here."
    )


def refused(name: str, error: Exception, *, recorded: bool = True) -> InstarError:
    """What ended a backfill, on one line; an error of our own is that line already."""
    if isinstance(error, InstarError):
        return error
    reason = " ".join(str(getattr(error, "orig", None) or error).split()) or type(error).__name__
    place = f"{name}: " if name else ""
    advice = (
        "The failure is recorded; run it again to resume."
        if recorded
        else "That could not be recorded; run it again when the cause is gone."
    )
    return InstarError(f"{place}the database refused: {reason[:500]}. {advice}")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for reading: every statement sees the newest rows, and no lock is taken."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            yield connection.execution_options(instar_reads=True)
        else:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def _check_file(path: str) -> None:
    if not path.startswith("file:") and not Path(path).is_file():
        raise InstarError(f'there is no database file "{path}". Check the path in the URL.')
