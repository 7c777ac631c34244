"""SQLAlchemy models to a schema, statically: no user code runs and nothing of SQLAlchemy is imported."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.mapping import Reading
from instar.dialects.sqlalchemy.reading.cache import Cache, cache_file
from instar.dialects.sqlalchemy.reading.declaring import declares
from instar.dialects.sqlalchemy.reading.files import Files
from instar.schema.model import Schema, Table, Unreadable

if TYPE_CHECKING:
    from collections.abc import Collection

    from instar.config import Config
    from instar.dialects.sqlalchemy.reading.allowance import Allowance
    from instar.dialects.sqlalchemy.reading.parse import Unparsable
    from instar.dialects.sqlalchemy.reading.survey import Survey
    from instar.schema.migration import DeployModel
    from instar.sources import Source

NAME = "sqlalchemy"
_USES = re.compile(rb"^\s*(from|import)\s+(sqlalchemy|sqlmodel|flask_sqlalchemy)\b", re.MULTILINE)
_CLASS = re.compile(rb"^class\s+(\w+)", re.MULTILINE)
_HINT = re.compile(r"models?\b|/db\b|database|schema|tables?\b")
"""Where models usually are: looked at first."""

_ROUND = 20
_STACK = 3_000


class SqlAlchemyReader:
    """Implements `instar.dialects.base.Reader`."""

    name = NAME
    deploy_model: DeployModel = "rolling"

    def detects(self, source: Source) -> bool:
        """Whether a Python file imports SQLAlchemy or a library on top of it."""
        paths = [file.path for file in source.files((".py",))]
        paths.sort(key=lambda path: (_HINT.search(path) is None, path.count("/"), path))
        for start in range(0, len(paths), _ROUND):
            if any(_USES.search(data) for data in source.read_many(paths[start : start + _ROUND]).values()):
                return True
        return False

    def read(self, source: Source, config: Config) -> Schema:
        """The schema that the models declare.

        Raises:
            InstarError: The configuration names what does not exist.
        """
        cache = _user_cache()
        fingerprint = Files(source, config, cache).fingerprint()
        found = cache.get_schema(fingerprint)
        if found is None:
            found = _read(source, config, cache)[0]
            cache.put_schema(fingerprint, found)
        cache.save()
        return found


READER = SqlAlchemyReader()


def read_around(source: Source, config: Config, paths: Collection[str]) -> Schema:
    """What some files declare, together with the other models that name one of their classes.

    Args:
        source: The version.
        config: The project's configuration.
        paths: The files.
    """
    texts = source.read_many(paths)
    names = {name for data in texts.values() for name in _CLASS.findall(data)}
    others = source.read_many(file.path for file in source.files((".py",)) if file.path not in texts)
    named = re.compile(rb"\b(" + b"|".join(map(re.escape, sorted(names))) + rb")\b") if names else None
    around = [path for path, data in others.items() if named and named.search(data) and declares(data)]
    narrowed = msgspec.structs.replace(config, schema=(*texts, *around))
    return _read(source, narrowed, None)[0]


def read_models(
    source: Source, config: Config, cache: Cache | None = None, allowance: Allowance | None = None
) -> Reading:
    """Read one version of a project: its schema, and what its classes map.

    Args:
        source: The version.
        config: Its configuration.
        cache: Lowered files of other versions; the user's own when absent.
        allowance: How long it may take; as long as it takes when None.

    Raises:
        PutOffError: The allowance was spent; the cache keeps what was read.
        InstarError: The configuration names what does not exist.
    """
    from instar.dialects.sqlalchemy.reading.describe import Description  # noqa: PLC0415 - a diff does without

    schema, survey = _read(source, config, cache, allowance)
    models = Description(survey).models()
    return Reading(schema, models, tuple(sorted(survey.project.files.read)))


def _read(
    source: Source, config: Config, cache: Cache | None, allowance: Allowance | None = None
) -> tuple[Schema, Survey]:
    shared = cache if cache is not None else _user_cache()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _STACK))
    try:
        files = Files(source, config, shared, allowance)
        paths = files.schema()
        inside = [path for path in paths if not files.aside(path)]
        files.prepare(inside or paths)
        survey, tables = _survey(files, config, inside or paths)
        if not tables and not config.schema and len(inside) != len(paths):
            survey, tables = _survey(files, config, paths)
    finally:
        sys.setrecursionlimit(limit)
        shared.save()
    return _schema(survey, files, paths, tables), survey


def _survey(files: Files, config: Config, paths: list[str]) -> tuple[Survey, tuple[Table, ...]]:
    from instar.dialects.sqlalchemy.reading.project import Project  # noqa: PLC0415 - detection does without
    from instar.dialects.sqlalchemy.reading.survey import Survey  # noqa: PLC0415 - not where the reading is kept

    survey = Survey(Project(files, config))
    return survey, survey.run(paths)


def _schema(survey: Survey, files: Files, paths: list[str], tables: tuple[Table, ...]) -> Schema:
    """Unreadable are files that look like they declare tables, tests and examples left out."""
    failed: dict[str, Unparsable] = survey.project.unparsable
    wanted = sorted(path for path in failed if path in set(paths) and not files.aside(path))
    unreadable = [
        Unreadable(path=path, reason=failed[path].reason, line=failed[path].line, content=files.content(path))
        for path in wanted
    ]
    return Schema(
        dialect=NAME,
        tables=tables,
        opaque=tuple(dict.fromkeys(survey.tables.opaque)),
        unreadable=tuple(unreadable),
    )


_shared: list[Cache] = []


def _user_cache() -> Cache:
    """The user's cache, opened once for all versions that one command reads."""
    if not _shared:
        _shared.append(Cache(cache_file()))
    return _shared[0]
