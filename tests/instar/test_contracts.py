import json

import msgspec

from instar.contracts import ChangeRecord
from instar.schema.change import FieldChange, IndexChange
from instar.schema.model import Field, Index, IndexKey
from instar.schema.types import StringType


def record(change):
    return json.loads(msgspec.json.encode(ChangeRecord.of(change)))


def test_a_rename_carries_both_names():
    change = FieldChange(
        kind="rename_field",
        table="users",
        before=Field(name="user_name", type=StringType()),
        after=Field(name="display_name", type=StringType()),
    )
    assert record(change) == {
        "kind": "rename_field", "table": "users", "field": "display_name",
        "from": "user_name", "to": "display_name", "narrows": False,
    }  # fmt: skip


def test_an_index_carries_its_columns_and_kind():
    index = Index(name="by_status", keys=(IndexKey("status"), IndexKey("created DESC", expression=True)))
    got = record(IndexChange(kind="add_index", table="posts", namespace="blog", after=index))
    assert got == {
        "kind": "add_index", "table": "posts", "schema": "blog", "name": "by_status", "narrows": False,
        "fields": ["status", "created DESC"], "unique": False, "index_kind": "btree", "staged": False,
    }  # fmt: skip
