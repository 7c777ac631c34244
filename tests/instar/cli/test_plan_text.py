from __future__ import annotations

import re

import click

from instar.cli.plan_text import render
from instar.plan import PlanOptions
from schemas import field, planned, schema, table, unique

USERS = table("users", field("name"))
LABELS = table("users", field("label"))


def lines(*arguments, **more):
    return [click.unstyle(line) for line in render(*arguments, **more)]


def test_what_is_said_of_several_fields_is_said_once():
    before = table("users", field("a"), field("b"))
    after = table("users", field("c"), field("d"))
    text = "\n".join(lines(planned(before, after, "users.a=c", "users.b=d", name="Two names")))
    assert text.startswith(
        "two-names · PostgreSQL · rolling · 3 deploys\n\ndeploy 1   ddl       users.c, users.d added, nullable\n"
    )
    assert "           backfill  users.c from a, users.d from b\n" in text
    assert "           verify    0 rows unfilled, values agree\n" in text
    assert "deploy 2   code      users.c, users.d read and written\n" in text


def test_explain_says_of_every_step_why_it_is_there():
    migration = planned(USERS, LABELS, "users.name=label")
    text = " ".join(" ".join(lines(migration, explain=True)).split())
    for step in migration.steps:
        for why in step.why.splitlines():
            assert why in text
    assert len(re.findall("why not earlier:", text)) == 2


def test_both_prices_are_shown():
    trigger = planned(USERS, LABELS, "users.name=label")
    app = planned(USERS, LABELS, "users.name=label", options=PlanOptions(sync="app"))
    assert any(
        "without triggers it takes 4 deploys (--sync app)" in line for line in lines(trigger, other=app)
    )
    assert any("it takes 3 deploys (--sync trigger)" in line for line in lines(app, other=trigger))
    assert not any("price" in line for line in lines(trigger))


def test_decisions_and_what_is_not_planned_end_the_plan():
    after = schema(table("users", field("name"), field("age"), constraints=(unique("name"),)), table("teams"))
    text = lines(planned(USERS, after))
    assert "You decide: users.age is required and existing rows have no value. Give it with" in text
    assert any(line.startswith("Not planned: add table teams: ") for line in text)
    assert any(line.startswith("Not planned: add constraint unique (name) on users: ") for line in text)
