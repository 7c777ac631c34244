import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar.errors import InstarError
from instar.schema.diff import diff
from instar.schema.model import TABLE_ARGUMENTS, Constraint, Default, IndexKey, Opaque, Place, Unreadable
from instar.schema.renames import candidates
from instar.schema.types import (
    ArrayType,
    EnumType,
    IntType,
    Member,
    ObjectType,
    StringType,
    UnionType,
)
from schema_parts import INT, SCHEMAS, field, index, points_at, schema, table, unique

ID = field("id", IntType())


def said(before, after):
    """Kind and what it is about, of every change."""
    found = []
    for change in diff(before, after):
        part = getattr(change, "after", None) or change.before
        about = {
            "table": change.table,
            "field": getattr(part, "name", None),
            "index": getattr(part, "name", None),
        }
        on = "table" if change.kind.endswith("table") else "field" if "field" in change.kind else "index"
        found.append((change.kind, about[on]))
    return found


@given(SCHEMAS)
def test_a_version_does_not_differ_from_itself(found):
    assert diff(found, found) == ()


@given(SCHEMAS, SCHEMAS, st.randoms())
def test_the_order_of_the_changes_does_not_depend_on_the_order_of_the_tables(before, after, source):
    def shuffled(one):
        return msgspec.structs.replace(one, tables=tuple(source.sample(one.tables, len(one.tables))))

    assert diff(shuffled(before), shuffled(after)) == diff(before, after)


@given(SCHEMAS, SCHEMAS)
def test_fields_after_a_diff_are_those_before_less_the_dropped_plus_the_added(before, after):
    changes = diff(before, after)
    for new in after.tables:
        old = before.table(new.name, new.namespace)
        if old is None or new.opaque or old.opaque or old.shape != new.shape:
            continue
        mine = [one for one in changes if (one.namespace, one.table) == new.key]
        added = {one.field for one in mine if one.kind == "add_field"}
        dropped = {one.field for one in mine if one.kind == "drop_field"}
        assert {one.name for one in old.fields} - dropped | added == {one.name for one in new.fields}
        assert dropped.isdisjoint(one.name for one in new.fields)


@given(SCHEMAS, SCHEMAS)
def test_a_change_that_narrows_says_why(before, after):
    for change in diff(before, after):
        assert change.narrows == (change.reason is not None)
        assert not (change.kind in {"add_table", "relax_field", "drop_index"} and change.narrows)


TABLE_CASES = [
    ((), (table("t", ID),), [("add_table", "t")]),
    ((table("t", ID),), (), [("drop_table", "t")]),
    ((table("t", ID),), (table("t", ID, namespace="auth"),), [("drop_table", "t"), ("add_table", "t")]),
    ((table("t", ID, place=Place("a.py", 1)),), (table("t", ID, place=Place("b.py", 9)),), []),
]


@pytest.mark.parametrize(("before", "after", "changes"), TABLE_CASES)
def test_tables(before, after, changes):
    assert said(schema(*before), schema(*after)) == changes


NAME = field("name", StringType(length=50))


def made_by(function):
    return field("name", default=Default(function))


FIELD_CASES = [
    ([], [NAME], ["add_field"], True),
    ([], [field("name", optional=True)], ["add_field"], False),
    ([], [field("name", server_default=Default("''", constant=True))], ["add_field"], False),
    ([], [field("name", default=Default("''", constant=True))], ["add_field"], True),
    ([NAME], [], ["drop_field"], True),
    ([NAME], [field("name", StringType(length=20))], ["change_type"], True),
    ([NAME], [field("name", StringType(length=80))], ["change_type"], False),
    ([field("name", optional=True)], [NAME], ["require_field"], True),
    ([NAME], [field("name", optional=True)], ["relax_field"], False),
    ([field("name", optional=True)], [field("name", IntType())], ["change_type", "require_field"], True),
    ([NAME], [field("name", server_default=Default("'x'"))], ["change_default"], False),
    (
        [field("name", server_default=Default("NOW()"))],
        [field("name", server_default=Default("now( )"))],
        [],
        False,
    ),
    ([made_by("datetime.now")], [made_by("now")], [], False),
    ([made_by("lambda: 1")], [made_by("<lambda>")], [], False),
    ([made_by("lambda: 1")], [made_by("lambda: 2")], ["change_default"], False),
    ([made_by("datetime.now")], [made_by("datetime.utcnow")], ["change_default"], False),
    ([NAME], [field("name", attribute="label", comment="new", spelling="sa.String(50)")], [], False),
    ([field("name", generated="a + b")], [field("name", generated="a - b")], ["change_type"], True),
]


@pytest.mark.parametrize(("before", "after", "kinds", "narrows"), FIELD_CASES)
def test_fields(before, after, kinds, narrows):
    changes = diff(schema(table("t", ID, *before)), schema(table("t", ID, *after)))
    assert [one.kind for one in changes] == kinds
    assert any(one.narrows for one in changes) == narrows


A_B = index("ix", "a", "b")
INDEX_CASES = [
    ([], [A_B], ["add_index"], False),
    ([], [index("ix", "a", unique=True)], ["add_index"], True),
    ([A_B], [], ["drop_index"], False),
    ([A_B], [index("ix", "b", "a")], ["change_index"], False),
    ([A_B], [index("ix", "a", "b", unique=True)], ["change_index"], True),
    ([index("ix", "a", unique=True)], [index("ix", "a", "b", unique=True)], ["change_index"], False),
    ([index("ix", "a", "b", unique=True)], [index("ix", "a", unique=True)], ["change_index"], True),
    ([A_B], [index("other", "a", "b")], ["change_index"], False),
    ([A_B], [index(None, "a", "b")], [], False),
    ([A_B], [index("ix", "a", "b", place=Place("b.py", 2))], [], False),
    ([index("ix", "a", predicate="a > 1")], [index("ix", "a", predicate="(A>1)")], [], False),
    ([index("ix", "a", predicate="a > 1")], [index("ix", "a")], ["change_index"], False),
    (
        [A_B, index("iy", "c")],
        [index("iy", "a", "b"), index("ix", "c")],
        ["change_index", "change_index"],
        False,
    ),
    ([index("ix", "a", unique=True)], [unique("a")], ["drop_index", "add_constraint"], False),
]


@pytest.mark.parametrize(("before", "after", "kinds", "narrows"), INDEX_CASES)
def test_indexes(before, after, kinds, narrows):
    fields = [field("a"), field("b"), field("c")]
    changes = diff(schema(table("t", *fields, *before)), schema(table("t", *fields, *after)))
    assert sorted(one.kind for one in changes) == sorted(kinds)
    assert any(one.narrows for one in changes) == narrows


CHECK = Constraint(kind="check", expression="a > 0")
CONSTRAINT_CASES = [
    ([], [unique("a")], ["add_constraint"], True),
    ([unique("a", "b")], [unique("b", "a", name="uq")], [], False),
    ([unique("a")], [unique("a", "b")], ["add_constraint", "drop_constraint"], False),
    ([unique("a")], [], ["drop_constraint"], False),
    ([points_at("u", "a")], [points_at("u", "a", on_delete="NO ACTION")], [], False),
    (
        [points_at("u", "a")],
        [points_at("u", "a", on_delete="CASCADE")],
        ["add_constraint", "drop_constraint"],
        True,
    ),
    ([CHECK], [Constraint(kind="check", expression="(A > 0)", name="positive")], [], False),
    ([CHECK], [Constraint(kind="check", expression="a > 1")], ["add_constraint", "drop_constraint"], True),
]


@pytest.mark.parametrize(("before", "after", "kinds", "narrows"), CONSTRAINT_CASES)
def test_constraints(before, after, kinds, narrows):
    fields = [field("a"), field("b")]
    changes = diff(schema(table("t", *fields, *before)), schema(table("t", *fields, *after)))
    assert [one.kind for one in changes] == kinds
    assert any(one.narrows for one in changes) == narrows


def test_a_constraint_over_a_new_and_empty_field_cannot_fail():
    before = schema(table("t", ID))
    after = schema(
        table(
            "t",
            ID,
            field("a", optional=True),
            points_at("u", "a"),
            unique("a"),
            index("ix", "a", unique=True),
        )
    )
    assert [one.narrows for one in diff(before, after)] == [False, False, False, False]


HIDDEN = Opaque(reason="base class not found")
UNREADABLE = Unreadable(path="app/legacy.py", reason="does not parse")


def test_nothing_is_dropped_from_a_table_that_may_have_more_than_was_read():
    full = table("t", ID, NAME, index("ix", "name"), unique("name"))
    assert said(schema(full), schema(table("t", ID, HIDDEN))) == []


def test_no_table_is_dropped_while_a_file_cannot_be_read():
    assert said(schema(table("t", ID), table("u", ID)), schema(table("t", ID), UNREADABLE)) == []


def test_a_file_that_stays_the_same_hides_no_table_that_is_dropped_elsewhere():
    same = msgspec.structs.replace(UNREADABLE, content="b10b")
    other = msgspec.structs.replace(UNREADABLE, content="0ther")
    before = schema(table("t", ID), table("u", ID), same)
    assert said(before, schema(table("t", ID), same)) == [("drop_table", "u")]
    assert said(before, schema(table("t", ID), other)) == []


UNNAMED = Opaque(reason="the table name of User is not known", place=Place("app/models.py", 3))
MOVED = msgspec.structs.replace(UNNAMED, place=Place("app/other.py", 80))
OTHER = msgspec.structs.replace(UNNAMED, reason="the table name of Other is not known")
OF_NAMES = msgspec.structs.replace(UNNAMED, columns=("name", "mail"))
OF_KEYS = msgspec.structs.replace(UNNAMED, columns=("id", "name"))
SCHEMA_OPAQUE_CASES = [
    ([], [], [("drop_table", "u")]),
    ([], [UNNAMED], []),
    ([UNNAMED], [UNNAMED], [("drop_table", "u")]),
    ([UNNAMED], [MOVED], [("drop_table", "u")]),
    ([UNNAMED], [UNNAMED, UNNAMED], []),
    ([UNNAMED], [OTHER], []),
    ([UNNAMED], [], [("drop_table", "u")]),
    ([], [OF_NAMES], [("drop_table", "u")]),
    ([], [OF_KEYS], []),
]


@pytest.mark.parametrize(("old", "new", "changes"), SCHEMA_OPAQUE_CASES)
def test_no_table_is_dropped_that_may_have_become_opaque(old, new, changes):
    before = msgspec.structs.replace(schema(table("t", ID), table("u", ID)), opaque=tuple(old))
    after = msgspec.structs.replace(schema(table("t", ID)), opaque=tuple(new))
    assert said(before, after) == changes
    assert bool(candidates(before, msgspec.structs.replace(after, tables=(table("us", ID),)))) == bool(
        changes
    )


def test_a_table_that_was_opaque_in_its_file_is_not_added():
    before = msgspec.structs.replace(schema(), opaque=(UNNAMED,))
    after = schema(table("t", place=Place("app/models.py", 9)), table("u", place=Place("app/new.py", 1)))
    assert said(before, after) == [("add_table", "u")]


ARGUMENTS = Opaque(reason="computed", field=TABLE_ARGUMENTS)
UNCLEAR_NAME = Opaque(reason="call", field="name")
FULL = [ID, NAME, index("ix", "name"), unique("name"), index("iy", "id")]
TABLE_OPAQUE_CASES = [
    ([], [], ["drop_field", "drop_index", "drop_index", "drop_constraint"]),
    ([], [HIDDEN], []),
    ([HIDDEN], [HIDDEN], ["drop_field", "drop_index", "drop_index", "drop_constraint"]),
    ([HIDDEN], [], ["drop_field", "drop_index", "drop_index", "drop_constraint"]),
    ([], [ARGUMENTS], ["drop_field"]),
    ([ARGUMENTS], [ARGUMENTS], ["drop_field", "drop_index", "drop_index", "drop_constraint"]),
    ([], [UNCLEAR_NAME], ["drop_index"]),
    ([UNCLEAR_NAME], [UNCLEAR_NAME], ["drop_index", "drop_index", "drop_constraint"]),
]


@pytest.mark.parametrize(("old", "new", "kinds"), TABLE_OPAQUE_CASES)
def test_nothing_is_dropped_that_what_became_opaque_may_hide(old, new, kinds):
    changes = diff(schema(table("t", *FULL, *old)), schema(table("t", ID, *new)))
    assert [one.kind for one in changes] == kinds


def test_no_index_of_an_unreadable_file_is_dropped():
    here = Place("app/legacy.py", 3)
    before = schema(table("t", ID, index("ix", "id", place=here), index("iy", "id", unique=True)))
    assert said(before, schema(table("t", ID), UNREADABLE)) == [("drop_index", "iy")]


def test_a_table_that_was_in_an_unreadable_file_is_not_added():
    after = schema(
        table("t", ID, place=Place("app/legacy.py", 1)), table("u", ID, place=Place("app/new.py", 1))
    )
    assert said(schema(UNREADABLE), after) == [("add_table", "u")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([Opaque(reason="call", field="x")], [field("x")]),
        ([field("x")], [Opaque(reason="call", field="x")]),
        ([field("x"), Opaque(reason="call", field="x")], [field("x", IntType())]),
        ([field("x")], [field("x", IntType(), optional=True), Opaque(reason="call", field="x")]),
    ],
)
def test_a_field_that_is_opaque_on_one_side_is_no_change(before, after):
    assert said(schema(table("t", ID, *before)), schema(table("t", ID, *after))) == []


def test_an_opaque_field_that_is_new_is_added():
    after = schema(table("t", ID, field("x"), Opaque(reason="call", field="x")))
    assert said(schema(table("t", ID)), after) == [("add_field", "x")]


def test_a_nested_difference_is_named_by_its_path():
    def settings(theme, size=INT):
        font = ObjectType((Member("size", size),))
        return field("settings", ObjectType((Member("fonts", ArrayType(font)), Member("theme", theme))))

    old = schema(table("t", settings(StringType())), dialect="convex")
    cases = {
        settings(IntType()): "settings.theme",
        settings(StringType(), StringType()): "settings.fonts[].size",
        settings(IntType(), StringType()): None,
    }
    for new, path in cases.items():
        (change,) = diff(old, schema(table("t", new), dialect="convex"))
        assert (change.kind, change.field, change.path) == ("change_type", "settings", path)


def test_a_table_that_turns_into_a_union_is_changed_as_a_whole():
    shape = UnionType((ObjectType(()), ObjectType((Member("a", IntType()),))))
    before, after = table("t"), table("t", shape=shape)
    assert said(schema(before), schema(after)) == [("change_table", "t")]


def test_an_expression_is_compared_without_its_spelling():
    def lower(text):
        return msgspec.structs.replace(index("ix", "x"), keys=(IndexKey(text, expression=True),))

    assert said(schema(table("t", lower("lower(name)"))), schema(table("t", lower("LOWER( name )")))) == []


def test_enum_members_that_go_are_named():
    before = schema(table("t", field("s", EnumType(("a", "b")))))
    after = schema(table("t", field("s", EnumType(("a", "c")))))
    (change,) = diff(before, after)
    assert change.reason == "rows may hold 'b'"


def test_two_dialects_are_not_compared():
    with pytest.raises(InstarError, match="cannot compare a sqlalchemy schema with a convex schema"):
        diff(schema(table("t")), schema(table("t"), dialect="convex"))
    assert said(schema(table("t")), schema(dialect="convex")) == [("drop_table", "t")]


def test_a_thousand_tables_are_compared_in_well_under_a_second():
    rows = [table(f"t{n}", *(field(f"f{m}") for m in range(20))) for n in range(1000)]
    mixed = random.Random(1).sample(rows, len(rows))
    assert diff(schema(*rows), schema(*mixed)) == ()
