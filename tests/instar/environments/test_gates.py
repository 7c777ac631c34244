"""What each gate asks, and what it says when it does not hold."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from instar.environments import BackfillState, EnvironmentState, Evidence, UnresolvedUse, gates, standing
from instar.environments.evidence import ago, parse_age
from instar.errors import InstarError
from instar.plan import PlanOptions
from instar.schema.virtual import declared_after, schema_after
from schemas import field, planned, table

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
OLD, NEW = "a" * 40, "b" * 40
RENAME = planned(
    table("users", field("name")), table("users", field("label")), "users.name=label", name="labels"
)
(WORK,) = {step.work.name for step in RENAME.steps if step.work}


def known(deploy, *, backfill=None, code=(NEW,), generated=3, **more):
    """Evidence of an environment whose database is after `deploy` and whose code has `generated` deploys."""
    state = EnvironmentState(
        name="production",
        code=code,
        code_as_of=NOW - dt.timedelta(minutes=2),
        schema=schema_after(RENAME, deploy),
        database_as_of=NOW - dt.timedelta(minutes=2),
        backfills={WORK: backfill} if backfill else {},
    )
    done = {ref: generated if ref == NEW else 0 for ref in code}
    mapped = {ref: declared_after(RENAME, done[ref]) for ref in code}
    return Evidence(state=state, now=NOW, generated=done, mapped=mapped, **more)


FILLED = BackfillState(status="completed", remaining=0, disagreeing=0)


@pytest.mark.parametrize(
    ("deploy", "evidence", "lacks"),
    [
        (1, Evidence(state=None, now=NOW), []),
        (2, Evidence(state=None, now=NOW), ["a record: nothing has been recorded"]),
        (
            2,
            known(0),
            [
                "the DDL of deploy 1: users.label added, nullable (as of 2 minutes ago)",
                "backfill users.label: it has not run (as of 2 minutes ago)",
            ],
        ),
        (2, known(1), ["backfill users.label: it has not run (as of 2 minutes ago)"]),
        (
            2,
            known(1, backfill=BackfillState(status="running", remaining=470_219)),
            ["backfill users.label: 470,219 rows left (as of 2 minutes ago)"],
        ),
        (
            2,
            known(1, backfill=BackfillState(status="failed", error="no image", remaining=3)),
            ["backfill users.label: it failed: no image (as of 2 minutes ago)"],
        ),
        (
            2,
            known(1, backfill=BackfillState(status="completed")),
            ["verification of users.label: its rows were not counted (as of 2 minutes ago)"],
        ),
        (
            2,
            known(1, backfill=BackfillState(status="completed", remaining=0, disagreeing=2)),
            ["agreement of users.label: 2 rows disagree (as of 2 minutes ago)"],
        ),
        (2, known(1, backfill=FILLED), []),
        (3, known(1, backfill=FILLED), []),
        (
            3,
            known(1, backfill=FILLED, generated=1),
            ["the code of deploy 2: bbbbbbb is still in service and maps users.name"],
        ),
        (
            3,
            known(1, backfill=FILLED, code=(OLD, NEW)),
            ["the code of deploy 2: aaaaaaa is still in service and maps users.name"],
        ),
        (3, known(1, backfill=FILLED, code=()), ["the code of deploy 2: no code is recorded in service"]),
    ],
)
def test_a_gate_says_what_is_missing(deploy, evidence, lacks):
    assert [missing.text for missing in gates(RENAME, deploy, evidence)] == lacks


def test_an_old_record_satisfies_nothing():
    (database, code) = gates(RENAME, 3, known(1, backfill=FILLED, max_age=dt.timedelta(minutes=1)))
    assert (
        database.text
        == "a newer record of the database: the last one is from 2 minutes ago, and max_age is 1m"
    )
    assert code.hint == "instar state set --env production --code $SHA"


def test_a_record_of_half_of_what_is_asked_is_not_enough():
    evidence = known(1, backfill=FILLED)
    state = msgspec.structs.replace(evidence.state, database_as_of=None)
    (missing,) = gates(RENAME, 2, msgspec.structs.replace(evidence, state=state))
    assert (missing.kind, missing.hint) == ("record", "instar state pull --env production")


def test_uses_that_could_not_be_resolved_want_the_users_word():
    uses = {
        "users.name": (
            UnresolvedUse("app/api.py", 140, "**payload"),
            UnresolvedUse("app/export.py", 7, "getattr(user, name)"),
        )
    }
    evidence = known(1, backfill=FILLED, unresolved=uses)
    (missing,) = gates(RENAME, 2, evidence)
    assert missing.text == (
        "proof for 2 uses of users.name that could not be resolved: "
        "app/api.py:140 **payload, app/export.py:7 getattr(user, name)"
    )
    assert missing.hint == "read them, then --accept-unproven"
    assert gates(RENAME, 2, msgspec.structs.replace(evidence, accept_unproven=True)) == ()


def test_a_drop_asks_for_it_where_the_first_deploy_has_unmapped_the_field():
    removal = planned(table("users", field("name"), field("fax")), table("users", field("name")), name="fax")
    unresolved = {"users.fax": (UnresolvedUse("app/export.py", 7, "getattr(user, name)"),)}
    state = EnvironmentState(
        name="production", code=(NEW,), code_as_of=NOW, schema=schema_after(removal, 1), database_as_of=NOW
    )
    evidence = Evidence(state=state, now=NOW, generated={NEW: 1}, unresolved=unresolved)
    (missing,) = gates(removal, 2, evidence)
    assert missing.kind == "proof"


def test_revisions_count_more_than_the_look_of_the_schema():
    generated = msgspec.structs.replace(RENAME, revisions={"expand-ddl-1": "e1"})
    evidence = known(1, backfill=FILLED)
    assert gates(generated, 2, msgspec.structs.replace(evidence, applied=frozenset({"e1"}))) == ()
    (missing,) = gates(generated, 2, msgspec.structs.replace(evidence, applied=frozenset({"e0"})))
    assert "(revision e1)" in missing.text


@pytest.mark.parametrize(
    ("evidence", "deploy"),
    [
        (Evidence(state=None, now=NOW), 1),
        (known(0), 1),
        (known(1, backfill=FILLED, generated=0), 2),
        (known(1, backfill=FILLED), 3),
        (known(3, backfill=FILLED), 4),
    ],
)
def test_an_environment_stands_at_the_first_deploy_that_is_not_done(evidence, deploy):
    assert standing(RENAME, evidence).deploy == deploy


def test_what_nobody_recorded_is_unknown_and_never_done():
    assert set(standing(RENAME, Evidence(state=None, now=NOW)).steps.values()) == {"unknown"}


@pytest.mark.parametrize(("text", "age"), [("30m", 1800), ("24h", 86400), ("7d", 604800), ("5s", 5)])
def test_ages(text, age):
    assert parse_age(text) == dt.timedelta(seconds=age)


def test_an_age_of_another_form_is_an_error():
    with pytest.raises(InstarError, match="soon"):
        parse_age("soon")


@pytest.mark.parametrize(
    ("seconds", "says"), [(5, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (90000, "1 day ago")]
)
def test_how_long_ago(seconds, says):
    assert ago(NOW - dt.timedelta(seconds=seconds), NOW) == says


def test_the_final_sweep_counts_only_after_the_last_old_writer_is_gone():
    added = planned(
        table("users", field("name")),
        table("users", field("name"), field("avatar")),
        options=PlanOptions(fills={"users.avatar": "''"}),
    )
    (name,) = {step.work.name for step in added.steps if step.work}
    pulled, shipped = NOW - dt.timedelta(minutes=5), NOW - dt.timedelta(minutes=2)
    state = EnvironmentState(
        name="production",
        code=(NEW,),
        code_as_of=shipped,
        schema=schema_after(added, 1),
        database_as_of=pulled,
        backfills={name: FILLED},
    )
    (missing,) = gates(added, 2, Evidence(state=state, now=NOW, generated={NEW: 1}))
    assert missing.text.startswith("verification of users.avatar after the code of deploy 1")
    later = msgspec.structs.replace(state, database_as_of=NOW)
    assert gates(added, 2, Evidence(state=later, now=NOW, generated={NEW: 1})) == ()
