"""Version tables that SQLAlchemy-Continuum makes beside mapped ones."""

import pytest

from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.sources import FolderSource, OverlaySource

MODELS = """
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()

class Versioned(Base):
    __abstract__ = True
    __versioned__ = {options}

class Org(Versioned):
    __tablename__ = "orgs"
    id = Column(Integer, primary_key=True)
    name = Column(String(20), nullable=False, unique=True, index=True)
    parent_id = Column(ForeignKey("orgs.id"))

class Plain(Base):
    __tablename__ = "plain"
    id = Column(Integer, primary_key=True)
"""


def tables(tmp_path, options):
    files = {"app/models.py": MODELS.replace("{options}", options).encode()}
    schema = read_models(OverlaySource(FolderSource(tmp_path), files), Config(), Cache(None)).schema
    return {table.name: table for table in schema.tables}


@pytest.mark.parametrize(
    ("options", "name", "columns"),
    [
        ("{}", "orgs_version", {"name", "parent_id", "transaction_id", "end_transaction_id", "operation_type"}),
        ("{'exclude': ['parent_id'], 'table_name': 'old_%s'}", "old_orgs", {"name", "transaction_id", "end_transaction_id", "operation_type"}),
        ("{'strategy': 'subquery', 'transaction_column_name': 'tx'}", "orgs_version", {"name", "parent_id", "tx", "operation_type"}),
    ],
)  # fmt: skip
def test_a_versioned_table_has_another_that_keeps_its_old_rows(tmp_path, options, name, columns):
    found = tables(tmp_path, options)
    assert set(found) == {"orgs", "plain", name}
    assert {field.name for field in found[name].fields} == {"id", *columns}


def test_old_rows_may_lack_a_value_and_repeat_one(tmp_path):
    versions = tables(tmp_path, "{}")["orgs_version"]
    assert {field.name for field in versions.fields if not field.optional} == {
        "id",
        "transaction_id",
        "operation_type",
    }
    assert {index.fields: index.unique for index in versions.indexes} == {
        ("name",): False,
        ("transaction_id",): False,
        ("end_transaction_id",): False,
        ("operation_type",): False,
    }
    assert [constraint.kind for constraint in versions.constraints] == ["primary_key"]


@pytest.mark.parametrize("options", ["None", "True", "{'table_name': 'fixed'}"])
def test_other_uses_of_the_name_make_no_table(tmp_path, options):
    assert set(tables(tmp_path, options)) == {"orgs", "plain"}
