"""Revisions of a deploy taken back in a database, also where one of them stopped half way."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.dialects.sqlalchemy.script_folder import Script


def undo_revisions(url: str, scripts: Sequence[tuple[Script, str]]) -> tuple[str, ...]:
    """Run the downgrades of generated revisions, last first, and set the database's version back.

    A revision whose parent is the database's version may have stopped half way where the backend commits every
    statement; its downgrade runs too, since each of its statements can run without harm.

    Args:
        url: The database.
        scripts: The revisions in their order, each with its text.

    Returns:
        The ids of the revisions that were taken back.

    Raises:
        InstarError: The database cannot be reached, or refuses a statement.
    """
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    undone: list[str] = []
    try:
        with engine.connect() as connection:
            for script, text in reversed(scripts):
                if _undo(connection, script, text):
                    undone.append(script.revision)
    except sa.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        done = f" Taken back so far: {', '.join(undone)}." if undone else ""
        raise InstarError(f"the database refuses to go back: {said}.{done} No file was changed.") from None
    finally:
        engine.dispose()
    return tuple(undone)


def _undo(connection: sa.Connection, script: Script, text: str) -> bool:
    """Take one revision back where it is applied, or may be so in part."""
    context = MigrationContext.configure(connection)
    heads = set(context.get_current_heads())
    connection.commit()
    applied = script.revision in heads
    half = connection.dialect.name != "sqlite" and bool(heads & set(script.parents))
    if not applied and not half:
        return False
    module = types.ModuleType(script.revision)
    module.__file__ = script.path
    exec(compile(text, script.path, "exec"), module.__dict__)  # noqa: S102 - a revision that instar generated
    with Operations.context(context), context.begin_transaction():
        module.downgrade()
        if applied:
            _set_back(connection, script)
    if connection.in_transaction():
        connection.commit()
    return True


def _set_back(connection: sa.Connection, script: Script) -> None:
    version = sa.table("alembic_version", sa.column("version_num"))
    here = version.c.version_num == script.revision
    if not script.parents:
        connection.execute(version.delete().where(here))
        return
    connection.execute(version.update().where(here).values(version_num=script.parents[0]))
    for parent in script.parents[1:]:
        connection.execute(version.insert().values(version_num=parent))
