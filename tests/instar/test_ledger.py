from __future__ import annotations

import json

import msgspec
import pytest

from instar.config import Config
from instar.errors import InstarError
from instar.ledger import Snapshot, decode, encode, new_id, path_of, read_ledger, schema_of
from instar.plan import PlanOptions, make_plan
from instar.rebase import rebased
from instar.schema.diff import diff
from instar.schema.snapshot import decode as read_snapshot
from instar.schema.virtual import declared_after
from schemas import field, planned, schema, table

CONFIG = Config()
BASE = schema(table("users", field("name")), table("posts", field("title")))
FIRST = Snapshot(id="00000001", name="first", schema=BASE)


def adding(name, parent=FIRST.id, before=BASE, to="users"):
    """A migration that adds an optional field."""
    tables = tuple(
        msgspec.structs.replace(t, fields=(*t.fields, field(name, optional=True))) if t.name == to else t
        for t in before.tables
    )
    after = msgspec.structs.replace(before, tables=tables)
    return make_plan(
        before, after, diff(before, after), backend="postgresql", parent=parent, options=PlanOptions()
    )


def store(root, *versions):
    for version in versions:
        path = root / path_of(version, CONFIG)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(version))
    return read_ledger(root, CONFIG)


def test_what_is_written_is_read_back(tmp_path):
    migration = adding("bio")
    ledger = store(tmp_path, migration, FIRST)
    assert ledger.versions == (FIRST, migration)
    assert (
        ledger.migration(None) == ledger.migration("users-bio") == ledger.migration(migration.id) == migration
    )
    assert ledger.head() == migration
    assert schema_of(migration) == migration.target
    assert ledger.paths[migration.id] == f"instar/versions/{migration.id}_users_bio.json"


def test_the_bytes_of_a_version_are_the_same_every_time():
    migration = adding("bio")
    assert encode(migration) == encode(decode(encode(migration), "x.json"))
    assert new_id("a", "b") == new_id("a", "b") != new_id("ab")


def test_a_table_that_stays_is_written_once_and_older_files_have_it_twice():
    migration = adding("bio")
    document = json.loads(encode(migration))
    assert [table["name"] for table in document["migration"]["before"]["tables"]] == ["users", "posts"]
    assert [table["name"] for table in document["migration"]["target"]["tables"]] == ["users"]
    whole = json.loads(msgspec.json.encode(migration.target))
    older = {"format": 1, "kind": "migration", "migration": document["migration"] | {"target": whole}}
    assert decode(encode(migration), "x.json") == decode(json.dumps(older).encode(), "x.json") == migration


def test_a_snapshot_of_the_ledger_is_a_snapshot_everywhere():
    assert read_snapshot(encode(FIRST), "first.json") == BASE


def test_a_plain_snapshot_has_the_id_of_its_file():
    document = json.loads(encode(FIRST))
    del document["id"], document["name"]
    found = decode(json.dumps(document).encode(), "instar/versions/0000abcd_start.json")
    assert (found.id, found.name) == ("0000abcd", "start")


def test_an_empty_project_has_an_empty_ledger(tmp_path):
    ledger = read_ledger(tmp_path, CONFIG)
    assert ledger.versions == ()
    assert ledger.head() is None
    with pytest.raises(InstarError, match="no migration"):
        ledger.migration("x")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "no snapshot or migration"),
        (b"[]", "no snapshot or migration"),
        (b'{"format": 99, "kind": "migration"}', "format 99"),
        (b'{"format": 1, "kind": "other"}', "neither"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, data, says):
    store(tmp_path, FIRST)
    (tmp_path / "instar/versions/bad.json").write_bytes(data)
    with pytest.raises(InstarError, match=says) as error:
        read_ledger(tmp_path, CONFIG)
    assert error.value.path == "instar/versions/bad.json"


def test_two_files_with_one_id_are_an_error(tmp_path):
    store(tmp_path, FIRST)
    (tmp_path / "instar/versions/copy.json").write_bytes(encode(FIRST))
    with pytest.raises(InstarError, match="delete the one that is a copy"):
        read_ledger(tmp_path, CONFIG)


def test_two_heads_are_one_after_a_rebase(tmp_path):
    ours, theirs = adding("bio"), adding("subtitle", to="posts")
    ledger = store(tmp_path, FIRST, ours, theirs)
    with pytest.raises(InstarError, match="instar rebase"):
        ledger.head()
    (moved,) = rebased(ledger, {FIRST.id, theirs.id})
    assert (moved.id, moved.parent, moved.deploys) == (ours.id, theirs.id, ours.deploys)
    assert moved.before == theirs.target
    assert {f.name for t in moved.target.tables for f in t.fields} == {
        "id",
        "name",
        "bio",
        "title",
        "subtitle",
    }
    after = store(tmp_path, moved)
    assert after.head() == moved
    assert rebased(after, set()) == ()


def test_a_chain_moves_as_a_whole(tmp_path):
    first = adding("bio")
    second = adding("age", parent=first.id, before=first.target)
    theirs = adding("subtitle", to="posts")
    moved = rebased(store(tmp_path, FIRST, first, second, theirs), {theirs.id})
    assert [one.name for one in moved] == ["users-bio", "users-age"]
    assert [one.parent for one in moved] == [theirs.id, first.id]
    assert declared_after(moved[1], len(moved[1].deploys)) == moved[1].target


def test_what_is_applied_never_moves(tmp_path):
    ours, theirs = adding("bio"), adding("subtitle", to="posts")
    with pytest.raises(InstarError, match="neither can be moved"):
        rebased(store(tmp_path, FIRST, ours, theirs), {ours.id, theirs.id})


def test_two_migrations_that_change_one_field_are_not_put_in_a_row(tmp_path):
    ours = planned(BASE, schema(table("users", field("label")), BASE.tables[1]), "users.name=label")
    ours = msgspec.structs.replace(ours, parent=FIRST.id)
    theirs = planned(BASE, schema(table("users"), BASE.tables[1]), name="drop name")
    theirs = msgspec.structs.replace(theirs, parent=FIRST.id)
    with pytest.raises(InstarError, match="the other side has changed too"):
        rebased(store(tmp_path, FIRST, ours, theirs), {theirs.id})
