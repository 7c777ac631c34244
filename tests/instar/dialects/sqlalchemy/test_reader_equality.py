"""The static reading of a package in every style, held field by field against the MetaData that importing it gives."""

import importlib
import re
import warnings
from pathlib import Path

import pytest

from instar.config import Config
from instar.dialects.sqlalchemy.description import describe
from instar.dialects.sqlalchemy.metadata import schema_of
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.schema.model import Schema, Table
from instar.schema.sql_text import canonical
from instar.sources import FolderSource

STYLES = Path(__file__).parents[3] / "model_styles"


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


def fields(table: Table) -> dict[str, object]:
    def default(value):
        if value is None or not value.constant:
            return value and "computed"
        member = re.fullmatch(r"<\w+\.(\w+): .*>", value.text)
        return repr(member[1]) if member else value.text

    return {
        field.name: {
            "type": field.type,
            "optional": field.optional,
            "attribute": field.attribute,
            "default": default(field.default),
            "onupdate": default(field.onupdate),
            "server_default": field.server_default
            and (canonical(field.server_default.text), field.server_default.constant),
            "generated": canonical(field.generated),
            "autoincrement": field.autoincrement,
            "comment": field.comment,
        }
        for field in table.fields
    }


def indexes(table: Table) -> set[object]:
    return {
        (
            i.name,
            tuple((canonical(k.text), k.expression, k.descending) for k in i.keys),
            i.unique,
            i.kind,
            canonical(i.predicate),
            i.include,
        )
        for i in table.indexes
    }


def constraints(table: Table) -> set[object]:
    return {(c.kind, c.name, c.fields, canonical(c.expression), c.references) for c in table.constraints}


@pytest.mark.parametrize(
    ("module", "base"),
    [("modern", "Base"), ("legacy", "Base"), ("flask_style", "db"), ("sqlmodel_style", "SQLModel")],
)
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
    exact = {
        table.key
        for module, base in [
            ("modern", "Base"),
            ("legacy", "Base"),
            ("flask_style", "db"),
            ("sqlmodel_style", "SQLModel"),
        ]
        for table in imported(module, base).tables
    }
    assert set(static) == exact
