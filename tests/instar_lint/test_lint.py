"""Facts and a deployment to findings."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from instar_lint.deployment import Environment
from instar_lint.lint import lint_facts
from standing_example import BY_AUTHOR, DEPLOYMENT, at, index, posts, query, schema, use


def said(*facts, deployment=DEPLOYMENT):
    return [f"{finding.code} {finding.message}" for finding in lint_facts(facts, deployment)]


def test_a_query_that_needs_an_index_that_production_lacks():
    assert said(query("status", order="published_at")) == [
        (
            "INS101 posts filtered by status and ordered by published_at relies on index by_status_and_published, "
            "not deployed in production; ship deploy 1 of display-names first"
        )
    ]


@pytest.mark.parametrize(
    "served",
    [
        query("author_id"),
        query("id", "status"),
        query("title"),
        query("published_at"),
        query("status", whole=False),
        query("status", table="comments"),
    ],
)
def test_a_query_that_no_missing_index_serves_better_is_silent(served):
    assert said(served) == []


def test_an_index_that_is_deployed_under_another_name_counts():
    same = index("other_name", "status", "published_at")
    deployed = msgspec.structs.replace(
        DEPLOYMENT, environments=(Environment(name="production", schema=schema(posts(BY_AUTHOR, same))),)
    )
    assert said(query("status"), deployment=deployed) == []


def test_an_invalid_leftover_does_not_count_as_deployed():
    broken = index("by_status_and_published", "status", "published_at", valid=False)
    deployed = msgspec.structs.replace(
        DEPLOYMENT, environments=(Environment(name="production", schema=schema(posts(broken))),)
    )
    assert len(said(query("status"), deployment=deployed)) == 1
    assert len(said(query(named_index="by_status_and_published"), deployment=deployed)) == 1


def test_every_environment_that_lacks_it_is_named_once():
    both = (
        Environment(name="staging", schema=schema(posts())),
        Environment(name="production", schema=schema(posts())),
    )
    [message] = said(query("status"), deployment=msgspec.structs.replace(DEPLOYMENT, environments=both))
    assert "not deployed in staging and production;" in message


def test_a_record_says_since_when_an_index_is_missing():
    (production,) = DEPLOYMENT.environments
    dated = msgspec.structs.replace(production, as_of=dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC))
    [message] = said(query("status"), deployment=msgspec.structs.replace(DEPLOYMENT, environments=(dated,)))
    assert "not deployed in production (as of 2026-03-01 09:30 UTC); ship deploy 1" in message


def test_a_conflict_relies_on_a_unique_index_until_it_is_gone():
    unique = index("one_title", "title", unique=True)
    here = (Environment(name="production", schema=schema(posts(unique))),)
    gone = schema(posts())
    leaving = msgspec.structs.replace(DEPLOYMENT, declared=gone, environments=here, target=gone)
    [message] = said(query(unique_on=("title",)), deployment=leaving)
    assert message == (
        "INS102 ON CONFLICT (title) of posts relies for correctness on unique index one_title, "
        "which goes with display-names; keep it until no query needs it"
    )


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (
            use("legacy_field"),
            (
                "INS201 posts.legacy_field was removed with display-names; "
                "take this read out, or keep the field until no code needs it"
            ),
        ),
        (
            use("legacy_field", "write"),
            (
                "INS202 posts.legacy_field was removed with display-names; "
                "take this write out, or keep the field until no code needs it"
            ),
        ),
        (
            use("user_name", table="users", subject="user"),
            (
                "INS203 users.user_name leaves with display-names; "
                "read app.accessors.users.display_name(user) [instar fix]"
            ),
        ),
        (
            use("user_name", "write", table="users", subject="user"),
            "INS204 users.user_name leaves with display-names; write display_name instead",
        ),
    ],
)
def test_uses_of_fields_in_flight(fact, message):
    assert said(fact) == [message]


@pytest.mark.parametrize(
    "innocent",
    [
        use("legacy_field", table="comments"),
        use("title"),
        use("legacy_field", via="implicit"),
        use("legacy_field", via="declaration"),
    ],
)
def test_other_fields_other_tables_and_implicit_uses_are_silent(innocent):
    assert said(innocent) == []


def test_a_field_without_a_table_is_as_sure_as_its_fact():
    [finding] = lint_facts([use("legacy_field", table=None, confidence="likely")], DEPLOYMENT)
    assert (finding.confidence, finding.field) == ("likely", "legacy_field")


LEAVING = {"table": "users", "subject": "User", "receiver": "class"}


@pytest.mark.parametrize(
    ("more", "next_step", "fixed"),
    [
        ({"role": "filter"}, "use app.accessors.users.display_name_expression() [instar fix]", True),
        ({"role": "filter", "receiver": "alias"}, "read display_name instead", False),
        (
            {"role": "filter", "receiver": "row", "subject": "user"},
            "read app.accessors.users.display_name(user) [instar fix]",
            True,
        ),
        (
            {"role": "filter", "via": "keyword", "receiver": "row", "subject": ""},
            "use filter(app.accessors.users.display_name_expression() == …)",
            False,
        ),
        ({"role": "value"}, "use app.accessors.users.display_name_expression()", False),
        ({"role": "value", "receiver": "row", "subject": ""}, "read display_name instead", False),
    ],
    ids=["a class", "an alias", "a row in a filter", "filter_by", "a function over it", "a pattern"],
)
def test_what_stands_for_a_field_fits_what_it_is_read_of(more, next_step, fixed):
    (one,) = (f for f in DEPLOYMENT.fields if f.field.name == "user_name")
    one = msgspec.structs.replace(one, expression="app.accessors.users.display_name_expression")
    deployment = msgspec.structs.replace(DEPLOYMENT, fields=(one,))
    [finding] = lint_facts([use("user_name", **(LEAVING | more))], deployment)
    assert (finding.message.partition("; ")[2], finding.fix is not None) == (next_step, fixed)


def test_a_line_that_reads_and_writes_at_once_is_said_once():
    augmented = [use("user_name", access, table="users", subject="user") for access in ("read", "write")]
    assert [message[:6] for message in said(*augmented)] == ["INS204"]


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ({"via": "attribute"}, ["INS204"]),
        ({"via": "string", "receiver": "class"}, ["INS204"]),
        ({"via": "keyword", "receiver": "table"}, ["INS207"]),
        ({"via": "sql", "subject": ""}, ["INS207"]),
    ],
    ids=["an attribute", "rows of a statement of the class", "a statement of the table", "raw SQL"],
)
def test_what_listeners_cannot_see_writes_both_sides(more, codes):
    (one,) = (f for f in DEPLOYMENT.fields if f.field.name == "user_name")
    kept = msgspec.structs.replace(one, synced=False, kept=True)
    arriving = msgspec.structs.replace(
        one, field=one.successor, names=frozenset({"display_name"}), state="unfilled", successor=None
    )
    deployment = msgspec.structs.replace(DEPLOYMENT, fields=(kept, arriving))
    write = use("user_name", "write", **({"table": "users", "subject": "user"} | more))
    assert [finding.code for finding in lint_facts([write], deployment)] == codes


def test_a_write_of_both_sides_is_no_finding():
    both = [
        use("user_name", "write", table="users", subject="user", scope="f"),
        use("display_name", "write", table="users", subject="user", scope="f"),
    ]
    assert said(*both) == []


def test_findings_are_sorted_and_said_once():
    twice = use("legacy_field")
    earlier = msgspec.structs.replace(use("legacy_field", "write"), place=at(1, 1, "app/a.py"))
    assert [finding.place.path for finding in lint_facts([twice, twice, earlier], DEPLOYMENT)] == [
        "app/a.py",
        "app/views.py",
    ]
