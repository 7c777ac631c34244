from __future__ import annotations

import pytest
from hypothesis import given

from instar.schema.change import Change
from instar.schema.diff import diff
from instar.schema.model import Field, Index, IndexKey, Schema, Table
from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    FieldType,
    FloatType,
    IdType,
    IntType,
    LiteralType,
    Member,
    NativeType,
    NullType,
    ObjectType,
    RecordType,
    StringType,
    UnionType,
)
from instar.schema.validators import is_subset, subset_reason
from schema_parts import TYPES

STRING, NUMBER, BIGINT, BOOLEAN, NULL = StringType(), FloatType(64), IntType(64), BoolType(), NullType()
COMMIT_TS = NativeType("commitTs")
A, B = LiteralType("a"), LiteralType("b")
TRUE, FALSE = LiteralType(value=True), LiteralType(value=False)


def obj(**members: FieldType) -> ObjectType:
    """A trailing underscore makes a member optional."""
    return ObjectType(
        tuple(Member(name.rstrip("_"), kind, name.endswith("_")) for name, kind in sorted(members.items()))
    )


SUBSETS = [
    (STRING, STRING),
    (STRING, AnyType()),
    (A, STRING),
    (LiteralType(1), NUMBER),
    (LiteralType(1, bigint=True), BIGINT),
    (LiteralType(1, bigint=True), COMMIT_TS),
    (TRUE, BOOLEAN),
    (IdType("users"), STRING),
    (COMMIT_TS, BIGINT),
    (BIGINT, COMMIT_TS),
    (UnionType((A, B)), STRING),
    (A, UnionType((A, B))),
    (UnionType((B, A)), UnionType((A, B, NULL))),
    (BOOLEAN, UnionType((FALSE, TRUE))),
    (UnionType(()), STRING),
    (ArrayType(A), ArrayType(STRING)),
    (obj(a=A), obj(a=STRING, b_=NUMBER)),
    (obj(a=A), obj(a_=A)),
    (RecordType(STRING, A), RecordType(STRING, A)),
    (UnionType((obj(a=A), obj(b=B))), UnionType((obj(b=STRING), obj(a_=A)))),
]
NOT_SUBSETS = [
    (AnyType(), STRING),
    (STRING, A),
    (STRING, IdType("users")),
    (IdType("users"), IdType("posts")),
    (TRUE, NUMBER),
    (LiteralType(1), BOOLEAN),
    (LiteralType(1), TRUE),
    (LiteralType(1), BIGINT),
    (NUMBER, BIGINT),
    (UnionType((A, NULL)), STRING),
    (BOOLEAN, UnionType((TRUE, NULL))),
    (obj(a=A), obj()),
    (obj(), obj(a=A)),
    (obj(a_=A), obj(a=A)),
    (obj(a=STRING), obj(a=A)),
    (RecordType(STRING, A), RecordType(STRING, STRING)),
    (obj(a=UnionType((A, B))), UnionType((obj(a=A), obj(a=B)))),
]


@pytest.mark.parametrize(("old", "new"), SUBSETS)
def test_a_deploy_cannot_fail(old: FieldType, new: FieldType) -> None:
    assert is_subset(old, new)
    assert subset_reason(old, new) is None


@pytest.mark.parametrize(("old", "new"), NOT_SUBSETS)
def test_the_backend_looks_at_the_data(old: FieldType, new: FieldType) -> None:
    assert not is_subset(old, new)
    assert subset_reason(old, new)


@given(TYPES)
def test_every_type_is_a_subset_of_itself_and_of_anything(kind: FieldType) -> None:
    assert is_subset(kind, kind)
    assert is_subset(kind, AnyType())


def convex(*tables: Table, validated: bool = True) -> Schema:
    return Schema(dialect="convex", tables=tables, validated=validated)


def table(*fields: Field, shape: FieldType | None = None, indexes: tuple[Index, ...] = ()) -> Table:
    return Table(name="t", fields=fields, shape=shape, indexes=indexes)


def said(changes: tuple[Change, ...]) -> list[tuple[str, bool]]:
    return [(change.kind, change.narrows) for change in changes]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((), (Field(name="a", type=STRING),), [("add_field", True)]),
        ((), (Field(name="a", type=STRING, optional=True),), [("add_field", False)]),
        ((Field(name="a", type=STRING, optional=True),), (), [("drop_field", True)]),
        (
            (Field(name="a", type=STRING, optional=True),),
            (Field(name="a", type=A),),
            [("change_type", True), ("require_field", True)],
        ),
        (
            (Field(name="a", type=A),),
            (Field(name="a", type=UnionType((A, B)), optional=True),),
            [("change_type", False), ("relax_field", False)],
        ),
        (
            (Field(name="a", type=obj(x=obj(y=NUMBER))),),
            (Field(name="a", type=obj(x=obj(y=STRING))),),
            [("change_type", True)],
        ),
    ],
)
def test_narrowing_of_a_diff(
    old: tuple[Field, ...], new: tuple[Field, ...], expected: list[tuple[str, bool]]
) -> None:
    changes = diff(convex(table(*old)), convex(table(*new)))
    assert said(changes) == expected
    assert all(bool(change.reason) is change.narrows for change in changes)


def test_a_table_that_turns_into_a_union() -> None:
    plain, union = table(Field(name="a", type=A)), table(shape=UnionType((obj(a=STRING), obj(b=NUMBER))))
    assert said(diff(convex(plain), convex(union))) == [("change_table", False)]
    assert said(diff(convex(union), convex(plain))) == [("change_table", True)]


def test_switching_validation() -> None:
    old, new = table(Field(name="a", type=A)), table(Field(name="a", type=A), Field(name="b", type=B))
    off = convex(new, validated=False)
    assert said(diff(convex(old), off)) == [("add_field", False)]
    assert said(diff(off, convex(new))) == [("change_table", True)]
    assert said(diff(off, convex(table(shape=AnyType())))) == [("change_table", False)]


def test_indexes_and_tables_never_narrow() -> None:
    index = Index(name="by_a", keys=(IndexKey("a"),))
    old, new = table(Field(name="a", type=A)), table(Field(name="a", type=A), indexes=(index,))
    assert said(diff(convex(old), convex(new))) == [("add_index", False)]
    assert said(diff(convex(new), convex(old))) == [("drop_index", False)]
    assert said(diff(convex(), convex(old))) == [("add_table", False)]
    assert said(diff(convex(old), convex())) == [("drop_table", False)]
