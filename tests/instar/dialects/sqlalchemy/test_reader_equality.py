"""The static reading of a package in every style, held field by field against the MetaData that importing it gives."""

import importlib
import warnings
from pathlib import Path

import pytest

from instar.config import Config
from instar.dialects.sqlalchemy.description import describe
from instar.dialects.sqlalchemy.metadata import schema_of
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.schema.model import Schema, Table
from instar.sources import FolderSource
from readings import constraints, fields, indexes

STYLES = Path(__file__).parents[3] / "model_styles"
MODULES = {
    "modern": "Base",
    "legacy": "Base",
    "flask_style": "db",
    "sqlmodel_style": "SQLModel",
    "extended": "Base",
    "versioned": "Base",
}
"""Module to the name of what holds its `MetaData`."""


def imported(module: str, path: str) -> Schema:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        base = importlib.import_module(f"model_styles.{module}")
        for part in path.split("."):
            base = getattr(base, part)
        model = getattr(base, "Model", base)
        registry = getattr(model, "registry", None) or model._sa_registry
        return schema_of(describe(base.metadata, registry.mappers))


@pytest.fixture(scope="module")
def static() -> dict[tuple[str | None, str], Table]:
    source = FolderSource(STYLES.parent)
    schema = read_models(source, Config(schema=("model_styles",)), Cache(None)).schema
    assert schema.opaque == ()
    assert schema.unreadable == ()
    return {table.key: table for table in schema.tables}


@pytest.mark.parametrize(("module", "base"), MODULES.items(), ids=MODULES)
def test_static_reading_equals_the_imported_metadata(static, module, base):
    exact = imported(module, base)
    assert len(exact.tables) >= 3
    for table in exact.tables:
        read = static[table.key]
        assert read.opaque == ()
        mine, theirs = fields(read), fields(table)
        assert mine.keys() == theirs.keys(), table.key
        for name, field in theirs.items():
            assert mine[name] == field, (table.key, name)
        assert indexes(read) == indexes(table), table.key
        assert constraints(read) == constraints(table), table.key


def test_nothing_is_read_that_importing_does_not_give(static):
    exact = {table.key for module, base in MODULES.items() for table in imported(module, base).tables}
    assert set(static) == exact
