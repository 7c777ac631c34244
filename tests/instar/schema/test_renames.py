import pytest

from instar.errors import InstarError
from instar.schema.diff import diff
from instar.schema.renames import Rename, candidates, parse_rename
from instar.schema.types import BoolType, IntType
from schema_parts import field, index, points_at, schema, table, unique


@pytest.mark.parametrize(
    ("text", "rename"),
    [
        ("users.user_name=display_name", Rename("users", None, "user_name", "display_name")),
        ("users.user_name=users.display_name", Rename("users", None, "user_name", "display_name")),
        ("auth.users.name = label", Rename("users", "auth", "name", "label")),
        ("users=accounts", Rename(None, None, "users", "accounts")),
    ],
)
def test_a_rename_is_read_as_it_is_typed(text, rename):
    assert parse_rename(text) == rename
    assert parse_rename(str(rename)) == rename


@pytest.mark.parametrize(
    "text", ["", "users", "users.a", "users.a=", "=a", "a.b.c.d=e", "users.a=posts.b", "users.a=a"]
)
def test_what_is_no_rename_is_refused_with_the_form(text):
    with pytest.raises(InstarError, match="rename"):
        parse_rename(text)


def kinds(changes):
    return [(change.kind, getattr(change, "field", change.table)) for change in changes]


def test_a_told_rename_is_one_change_and_carries_its_index_and_constraints():
    before = schema(
        table("users", field("id"), field("name"), index("ix_users_name", "name"), unique("id", "name")),
        table("posts", field("author"), points_at("users", "author", to="name")),
    )
    after = schema(
        table("users", field("id"), field("label"), index("ix_users_label", "label"), unique("id", "label")),
        table("posts", field("author"), points_at("users", "author", to="label")),
    )
    changes = diff(before, after, [parse_rename("users.name=label")])
    assert kinds(changes) == [("rename_field", "label")]
    assert (changes[0].before.name, changes[0].after.name) == ("name", "label")
    assert not changes[0].narrows


def test_a_chain_of_renames_is_followed_all_at_once():
    before = schema(table("t", field("a"), field("c", IntType())))
    after = schema(table("t", field("b"), field("a", IntType())))
    changes = diff(before, after, [parse_rename("t.a=b"), parse_rename("t.c=a")])
    assert [(one.kind, one.before.name, one.after.name) for one in changes] == [
        ("rename_field", "a", "b"),
        ("rename_field", "c", "a"),
    ]


def test_two_fields_may_swap_their_names():
    swapped = schema(table("t", field("a"), field("b", IntType())))
    after = schema(table("t", field("b"), field("a", IntType())))
    assert kinds(diff(swapped, after, [parse_rename("t.a=b"), parse_rename("t.b=a")])) == [
        ("rename_field", "b"),
        ("rename_field", "a"),
    ]


def test_a_rename_that_also_changes_the_field_yields_both():
    before = schema(table("t", field("a", optional=True)))
    after = schema(table("t", field("b", IntType())))
    assert kinds(diff(before, after, [parse_rename("t.a=b")])) == [
        ("rename_field", "b"),
        ("change_type", "b"),
        ("require_field", "b"),
    ]


def test_a_table_and_a_field_of_it_are_renamed_together_under_either_name():
    before = schema(table("users", field("id"), field("name")), table("posts", points_at("users", "u")))
    after = schema(table("accounts", field("id"), field("label")), table("posts", points_at("accounts", "u")))
    for owner in ("users", "accounts"):
        told = [parse_rename("users=accounts"), parse_rename(f"{owner}.name=label")]
        assert kinds(diff(before, after, told)) == [("rename_table", "accounts"), ("rename_field", "label")]


def test_a_table_of_a_namespace_is_renamed():
    before = schema(table("users", field("id"), namespace="auth"))
    after = schema(table("accounts", field("id"), namespace="auth"))
    changes = diff(before, after, [parse_rename("auth.users=accounts")])
    assert [(one.kind, one.namespace) for one in changes] == [("rename_table", "auth")]


def test_a_rename_may_be_told_by_the_names_in_code():
    before = schema(table("t", field("c1", attribute="old")))
    after = schema(table("t", field("c2", attribute="new")))
    assert kinds(diff(before, after, [parse_rename("t.old=new")])) == [("rename_field", "c2")]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (["t.a=x", "t.a=y"], "renamed twice"),
        (["t.a=x", "t.b=x"], 'two renames give "x"'),
        (["t.nmae=x"], "Did you mean name?"),
        (["t.a=z"], "the new version has no such field"),
        (["t.stays=x"], 'still has "stays"'),
        (["t.a=stays"], "would merge two"),
        (["nowhere.a=x"], 'no table "nowhere"'),
        (["nowhere=x"], "no such table"),
        (["gone.a=x"], 'the new version has no table "gone"'),
    ],
)
def test_a_rename_that_does_not_fit_is_refused(told, said):
    before = schema(
        table("t", field("a"), field("b"), field("name"), field("stays")), table("gone", field("a"))
    )
    after = schema(table("t", field("x"), field("y"), field("stays")))
    with pytest.raises(InstarError) as caught:
        diff(before, after, [parse_rename(one) for one in told])
    assert said in str(caught.value)


def asked(before, after, *told):
    return [str(one.rename) for one in candidates(before, after, [parse_rename(text) for text in told])]


def test_fields_that_look_alike_are_asked_about_and_never_assumed():
    before = schema(table("users", field("id"), field("user_name"), field("x", IntType())))
    after = schema(table("users", field("id"), field("display_name"), field("x", IntType())))
    assert asked(before, after) == ["users.user_name=display_name"]
    assert kinds(diff(before, after)) == [("add_field", "display_name"), ("drop_field", "user_name")]
    assert asked(before, after, "users.user_name=display_name") == []


def test_a_flag_of_the_opposite_meaning_is_at_most_a_question():
    before = schema(table("users", field("id"), field("is_active", BoolType())))
    after = schema(table("users", field("id"), field("is_deleted", BoolType())))
    assert kinds(diff(before, after)) == [("add_field", "is_deleted"), ("drop_field", "is_active")]


def test_of_several_added_fields_the_most_alike_is_asked_about_once():
    before = schema(table("users", field("id"), field("mail"), index("ix", "mail")))
    after = schema(table("users", field("id"), field("note"), field("email"), index("ix2", "email")))
    assert asked(before, after) == ["users.mail=email"]


def test_fields_of_different_types_do_not_look_alike():
    before = schema(table("users", field("id"), field("count")))
    after = schema(table("users", field("id"), field("counts", IntType())))
    assert asked(before, after) == []


def test_tables_with_the_same_fields_look_alike():
    fields = [field("id"), field("name"), field("email")]
    assert asked(schema(table("users", *fields)), schema(table("accounts", *fields))) == ["users=accounts"]
    assert asked(schema(table("users", *fields)), schema(table("logs", field("line", IntType())))) == []
