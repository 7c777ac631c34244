from __future__ import annotations

import datetime as dt

import pytest

from instar.config import Config
from instar.environments import (
    BackfillState,
    EnvironmentState,
    decode_state,
    encode_state,
    read_states,
    state_path,
)
from instar.errors import InstarError
from instar.sources import FolderSource
from schemas import schema, table

STATE = EnvironmentState(
    name="production",
    code=("a" * 40,),
    code_as_of=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
    schema=schema(table("users")),
    revisions=("e1",),
    backfills={"x/users.label": BackfillState(status="running", remaining=3)},
)


def test_what_is_recorded_is_read_back(tmp_path):
    path = tmp_path / state_path("production", Config())
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_state(STATE))
    assert read_states(FolderSource(tmp_path), Config()) == {"production": STATE}


@pytest.mark.parametrize("data", [b"{", b'{"format": 2, "environment": {"name": "production"}}'])
def test_a_damaged_or_newer_record_is_named(data):
    with pytest.raises(InstarError) as error:
        decode_state(data, "instar/environments/production.json")
    assert error.value.path == "instar/environments/production.json"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".x"])
def test_a_name_stays_in_its_folder(name):
    with pytest.raises(InstarError, match="cannot name an environment"):
        state_path(name, Config())


def test_a_record_about_another_environment_is_an_error(tmp_path):
    path = tmp_path / state_path("staging", Config())
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_state(STATE))
    with pytest.raises(InstarError, match='about "production"'):
        read_states(FolderSource(tmp_path), Config())
