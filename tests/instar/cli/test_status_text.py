"""The one thing to do next, over several environments."""

from __future__ import annotations

import datetime as dt

import msgspec

from instar.cli.status_text import Place, next_act, render
from instar.environments import EnvironmentState, Evidence
from instar.schema.virtual import schema_after
from schemas import field, planned, table

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
REMOVAL = planned(table("users", field("name"), field("fax")), table("users", field("name")), name="fax")


def place(name: str, deploys: int, *, required: bool = True) -> Place:
    """An environment that has so many deploys of the migration."""
    state = EnvironmentState(
        name=name,
        code=("a" * 40,),
        code_as_of=NOW,
        schema=schema_after(REMOVAL, deploys),
        database_as_of=NOW,
    )
    evidence = Evidence(state=state, environment=name, now=NOW, generated={"a" * 40: deploys})
    return Place.of(name, REMOVAL, evidence, required=required)


def test_a_place_that_is_not_required_comes_last() -> None:
    count = len(REMOVAL.deploys)
    written = msgspec.structs.replace(REMOVAL, generated=count)
    behind, done = place("dev", 0, required=False), place("production", count)
    assert next_act(written, [behind, place("production", 0)]).startswith("Next, in production: ")
    assert next_act(written, [behind, done]).startswith("Next, in dev: ")
    assert "is done everywhere" in next_act(written, [place("dev", count), done])


def test_a_place_that_is_not_required_holds_no_deploy_up() -> None:
    first = msgspec.structs.replace(REMOVAL, generated=1)
    assert next_act(first, [place("dev", 0, required=False), place("production", 1)]).startswith(
        "Next: instar advance"
    )


def test_a_table_is_named_with_its_schema_where_it_has_one() -> None:
    before = msgspec.structs.replace(table("users", field("name")), namespace="auth")
    after = msgspec.structs.replace(table("users", field("label")), namespace="auth")
    rename = planned(before, after, "auth.users.name=label", name="labels")
    evidence = Evidence(state=None, environment="production", now=NOW)
    shown = [
        line for line in render(rename, [Place.of("production", rename, evidence)]) if "deploy" not in line
    ]
    assert [line for line in shown[1:] if "auth.users.label" not in line] == []
