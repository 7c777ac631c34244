"""The deploys of every kind of change on every backend, as `plans.txt` shows them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from instar.errors import InstarError
from instar.plan import PlanOptions
from instar.schema.model import Default
from instar.schema.operations import Conversion
from instar.schema.types import DateTimeType, IntType
from schemas import INT, constant, field, foreign_key, index, outline, planned, schema, table, text, unique

BACKENDS = ("postgresql", "mariadb", "sqlite")
EXPECTED = dict(
    re.findall(
        r"^## (.+)\n((?:.+\n)+)", (Path(__file__).parent / "plans.txt").read_text("utf-8"), re.MULTILINE
    )
)


def users(*fields, **more):
    return table("users", *fields, **more)


name, label = field("name"), field("label")
levels = Conversion(mapping=(("low", 1), ("high", 2)), up_default=0, down_default="low")
CASES = {
    "add an optional field": (users(name), users(name, field("bio", optional=True)), (), {}),
    "add a required field with a constant": (
        users(name),
        users(name, field("kind", default=constant("'x'"))),
        (),
        {},
    ),
    "add a required field with now()": (
        users(name),
        users(name, field("seen", DateTimeType(), server_default=Default(text="now()"))),
        (),
        {},
    ),
    "add a required field with a computed value": (
        users(name),
        users(name, field("avatar")),
        (),
        {"computes": {"users.avatar": "app/a.py:avatar"}},
    ),
    "drop a field": (users(name, field("legacy")), users(name), (), {}),
    "drop an optional field with an index": (
        users(name, field("legacy", optional=True), indexes=(index("ix_legacy", "legacy"),)),
        users(name),
        (),
        {},
    ),
    "rename": (users(name), users(label), ("users.name=label",), {}),
    "rename, code first": (users(name), users(label), ("users.name=label",), {"code_first": True}),
    "rename, in the app": (users(name), users(label), ("users.name=label",), {"sync": "app"}),
    "rename, keep the column": (
        users(name),
        users(label),
        ("users.name=label",),
        {"keep_column": ("users.label",)},
    ),
    "rename with index and unique": (
        users(name, indexes=(index("ix_users_name", "name"),), constraints=(unique("name"),)),
        users(label, indexes=(index("ix_users_label", "label"),), constraints=(unique("label"),)),
        ("users.name=label",),
        {},
    ),
    "rename and require": (
        users(field("name", optional=True)),
        users(label),
        ("users.name=label",),
        {"fills": {"users.label": "''"}},
    ),
    "rename and relax": (users(name), users(field("label", optional=True)), ("users.name=label",), {}),
    "convert text to int": (
        users(field("level")),
        users(field("level", INT)),
        (),
        {"conversions": {"users.level": levels}},
    ),
    "widen in place": (users(field("name", text(20))), users(field("name", text(60))), (), {}),
    "widen int to bigint": (users(field("n", INT)), users(field("n", IntType(bits=64))), (), {}),
    "require": (users(field("name", optional=True)), users(name), (), {"fills": {"users.name": "''"}}),
    "relax": (users(name), users(field("name", optional=True)), (), {}),
    "set a server default": (users(name), users(field("name", server_default=constant("'x'"))), (), {}),
    "drop a server default": (users(field("name", server_default=constant("'x'"))), users(name), (), {}),
    "change the default in code": (users(name), users(field("name", default=constant("'x'"))), (), {}),
    "add an index": (users(name), users(name, indexes=(index("by_name", "name"),)), (), {}),
    "drop an index": (users(name, indexes=(index("by_name", "name"),)), users(name), (), {}),
    "change an index": (
        users(name, label, indexes=(index("by_name", "name"),)),
        users(name, label, indexes=(index("by_name", "name", "label"),)),
        (),
        {},
    ),
    "chain": (users(field("a"), field("c")), users(field("b"), field("a")), ("users.a=b", "users.c=a"), {}),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("title", CASES)
def test_the_deploys_of_a_change(title, backend):
    before, after, renames, said = CASES[title]
    migration = planned(before, after, *renames, backend=backend, options=PlanOptions(**said))
    expected = EXPECTED.get(f"{title} ({backend})") or EXPECTED[title]
    assert outline(migration) == expected.splitlines()
    assert migration.decisions == migration.unplanned == ()


def test_five_changes_share_three_deploys():
    before = schema(
        table("posts", field("status"), field("published_at"), field("legacy_field")),
        table("tasks", field("priority", text(10))),
        table("users", field("email"), field("user_name")),
    )
    after = schema(
        table(
            "posts",
            field("status"),
            field("published_at"),
            indexes=(index("by_status", "status", "published_at"),),
        ),
        table("tasks", field("priority", INT)),
        table("users", field("email"), field("display_name"), field("avatar_url")),
    )
    said = PlanOptions(
        conversions={"tasks.priority": Conversion(mapping=(("low", 1), ("medium", 2), ("high", 3)))},
        computes={"users.avatar_url": "app/avatars.py:avatar_url"},
    )
    migration = planned(before, after, "users.user_name=display_name", options=said)
    assert [sorted({step.kind for step in deploy.steps}) for deploy in migration.deploys] == [
        ["backfill", "ddl", "verify"],
        ["backfill", "code", "verify"],
        ["code", "ddl"],
    ]
    assert "selects" in migration.deploys[2].why


@pytest.mark.parametrize(
    ("before", "after", "question"),
    [
        (users(name), users(name, field("avatar")), "users.avatar is required"),
        (users(field("name", optional=True)), users(name), "users.name is required"),
        (users(field("level")), users(field("level", INT)), "users.level needs a conversion"),
    ],
)
def test_what_only_the_user_knows_is_asked(before, after, question):
    (decision,) = planned(before, after).decisions
    assert decision.question.startswith(question)
    assert all(answer.startswith("--") for answer in decision.answers)


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        (schema(users(name)), schema(users(name), table("teams")), "add table teams"),
        (users(name), users(name, constraints=(unique("name"),)), "add constraint unique (name) on users"),
        (
            users(name),
            users(name, indexes=(index("by_name", "name", unique=True),)),
            "add index users.by_name",
        ),
        (
            users(name),
            users(name, field("upper", optional=True, generated="upper(name)")),
            "add field users.upper",
        ),
    ],
)
def test_what_is_not_planned_is_named(before, after, title):
    migration = planned(before, after)
    assert [one.title for one in migration.unplanned] == [title]
    assert migration.deploys == ()


def test_triggers_are_refused_where_they_lose_writes_and_the_application_takes_over():
    before = schema(
        table("teams"), users(field("team", INT), constraints=(foreign_key("team", "teams", "SET NULL"),))
    )
    after = schema(
        table("teams"), users(field("group", INT), constraints=(foreign_key("group", "teams", "SET NULL"),))
    )
    migration = planned(before, after, "users.team=group", backend="mariadb")
    assert len(migration.deploys) == 4
    assert "cascade" in migration.notes[0]
    assert len(planned(before, after, "users.team=group").deploys) == 3


def test_a_retyped_field_keeps_its_name_in_code_and_gets_a_column_beside_the_old_one():
    migration = planned(
        users(field("level"), indexes=(index("by_level", "level"),)),
        users(field("level", INT), indexes=(index("by_level", "level"),)),
        options=PlanOptions(conversions={"users.level": levels}),
    )
    final = migration.target.tables[0]
    assert final.attribute("level") is final.field("level_v2")
    assert [one.name for one in final.indexes] == ["by_level_v2"]


def test_only_the_named_fields_are_planned():
    before = users(name, field("legacy"))
    after = users(label, field("bio", optional=True))
    migration = planned(before, after, "users.name=label", options=PlanOptions(only=("users.bio",)))
    assert outline(migration) == EXPECTED["add an optional field"].splitlines()
    assert {one.name for one in migration.target.tables[0].fields} == {"id", "name", "legacy", "bio"}


def test_an_unknown_name_in_only_is_an_error():
    with pytest.raises(InstarError, match=r"--only users\.nme matches no change"):
        planned(users(name), users(label), options=PlanOptions(only=("users.nme",)))


def test_ddl_after_the_code_takes_a_deploy_of_its_own():
    after = users(name, field("bio", optional=True))
    migration = planned(users(name), after, options=PlanOptions(ddl="after"))
    assert outline(migration) == ["1 ddl: users.bio added, nullable", "2 code: users.bio may be used"]
