import json

import pytest
from hypothesis import given

from instar.errors import InstarError
from instar.schema import snapshot
from schema_parts import SCHEMAS, field, schema, table

USERS = schema(table("users", field("id"), field("name", optional=True)))


@given(SCHEMAS)
def test_a_schema_survives_the_trip_through_its_snapshot(found):
    data = snapshot.encode(found)
    assert snapshot.decode(data, "x.json") == found
    assert snapshot.encode(snapshot.decode(data, "x.json")) == data


def test_a_snapshot_reads_as_sorted_json_that_says_its_format():
    text = snapshot.encode(USERS).decode()
    document = json.loads(text)
    assert (document["format"], document["kind"]) == (1, "snapshot")
    assert text == json.dumps(document, indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a snapshot"),
        (b"\xff\xfe", "not a snapshot"),
        (b"[" * 100_000, "not a snapshot"),
        (b'{"tables": []}', "not a snapshot"),
        (
            b'{"format": 99, "kind": "snapshot", "schema": {"of": "another shape"}}',
            "format 99 and this instar reads up to 1",
        ),
        (b'{"format": 1, "kind": "migration"}', 'a "migration" file'),
        (b'{"format": 1, "kind": "snapshot", "schema": {"tables": []}}', "damaged"),
    ],
)
def test_what_is_no_snapshot_is_named_with_its_path(data, said):
    with pytest.raises(InstarError, match=r"^old\.json: ") as caught:
        snapshot.decode(data, "old.json")
    assert said in str(caught.value)
