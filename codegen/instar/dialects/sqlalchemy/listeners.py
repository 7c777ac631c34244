"""The listeners of a project that keeps columns in step in code, after each deploy: modules and decorated models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.accessor_home import Home, class_of
from instar.dialects.sqlalchemy.in_step import in_step_module, kept_by_code, with_decorator
from instar.dialects.sqlalchemy.python_text import slug
from instar.dialects.sqlalchemy.reader import read_models

if TYPE_CHECKING:
    from instar.config import Config
    from instar.schema.migration import FieldAccess, Migration
    from instar.sources import Source

_TableKey = tuple[str | None, str]


class ListenerFiles(msgspec.Struct, frozen=True):
    """Modules to be written or deleted, and models whose decorator comes or goes."""

    owned: dict[str, str | None]
    edited: dict[str, str]


def listener_files(source: Source, config: Config, migration: Migration, number: int) -> ListenerFiles:
    """What the code of a deploy needs to keep columns in step by itself.

    The models import their listeners, never the other way round, so that an application cannot map the columns
    and forget the listeners.

    Args:
        source: The files with the deploy's source edits.
        config: The project's configuration.
        migration: The plan.
        number: The deploy; 0 for the code before the first one.

    Raises:
        InstarError: No class maps a table whose columns code keeps in step.
    """
    fields: dict[_TableKey, dict[str, FieldAccess]] = {}
    for deploy in migration.deploys:
        for step in deploy.steps:
            for access in step.access:
                live = fields.setdefault((access.namespace, access.table), {})
                if deploy.number <= number:
                    live[access.field.name] = access
    tables = {
        (access.namespace, access.table)
        for step in migration.steps
        for access in step.access
        if kept_by_code(access)
    }
    if not tables:
        return ListenerFiles({}, {})
    models = read_models(source, config).models
    owned: dict[str, str | None] = {}
    texts: dict[str, str] = {}
    for key in sorted(tables, key=str):
        mapped = class_of(models, key)
        home = Home(mapped, config)
        path = f"{home.folder}/{slug(key[0] or '', key[1])}_in_step.py"
        kept = [access for access in fields[key].values() if kept_by_code(access)]
        if kept or source.read(path) is not None:
            owned[path] = in_step_module(migration, kept) if kept else None
        text = texts.get(mapped.path, (source.read(mapped.path) or b"").decode())
        texts[mapped.path] = with_decorator(text, mapped.name, home.dotted(path) if kept else None)
    edited = {path: text for path, text in texts.items() if text.encode() != source.read(path)}
    return ListenerFiles(owned, edited)
