import pytest
from hypothesis import given

from instar.schema.narrowing import narrowing
from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    BytesType,
    DateTimeType,
    DateType,
    DecimalType,
    EnumType,
    FloatType,
    IntType,
    JsonType,
    NativeType,
    StringType,
    UuidType,
)
from schema_parts import TYPES

TEXT = StringType(text=True)
WIDENS = [
    (StringType(length=10), StringType(length=20)),
    (StringType(length=10), StringType()),
    (StringType(length=10), TEXT),
    (TEXT, StringType()),
    (IntType(32), IntType(64)),
    (IntType(32, unsigned=True), IntType(64)),
    (IntType(32), FloatType(64)),
    (IntType(32), DecimalType(10, 0)),
    (IntType(32), StringType(length=11)),
    (BoolType(), IntType(16)),
    (DecimalType(10, 2), DecimalType(12, 3)),
    (DecimalType(10, 2), DecimalType()),
    (FloatType(32), FloatType(64)),
    (DateType(), DateTimeType()),
    (DateTimeType(), DateTimeType(timezone=True)),
    (UuidType(), StringType(length=36)),
    (EnumType(("a",)), EnumType(("a", "b"))),
    (EnumType(("ab",)), StringType(length=2)),
    (JsonType(binary=True), JsonType()),
    (JsonType(), TEXT),
    (BytesType(4), BytesType()),
    (ArrayType(IntType(32)), ArrayType(IntType(64))),
]
NARROWS = [
    (TEXT, StringType(length=20)),
    (StringType(), StringType(length=20)),
    (StringType(length=5), StringType(length=5, fixed=True)),
    (IntType(64), IntType(32)),
    (IntType(32), IntType(32, unsigned=True)),
    (IntType(32, unsigned=True), IntType(32)),
    (IntType(64), FloatType(64)),
    (IntType(32), DecimalType(10, 2)),
    (IntType(32), StringType(length=10)),
    (IntType(32), BoolType()),
    (FloatType(), IntType()),
    (FloatType(64), FloatType(32)),
    (DecimalType(10, 2), DecimalType(10, 3)),
    (DecimalType(10, 2), DecimalType(12, 1)),
    (DecimalType(), DecimalType(12, 1)),
    (DateTimeType(), DateType()),
    (DateTimeType(timezone=True), DateTimeType()),
    (StringType(), UuidType()),
    (StringType(length=6), IntType()),
    (EnumType(("a", "b")), EnumType(("a",))),
    (EnumType(("abc",)), StringType(length=2)),
    (JsonType(), JsonType(binary=True)),
    (BytesType(), BytesType(4)),
    (BytesType(4), TEXT),
    (AnyType(), TEXT),
    (NativeType("POINT"), NativeType("POLYGON")),
    (ArrayType(IntType(64)), ArrayType(IntType(32))),
]


@pytest.mark.parametrize(("before", "after"), WIDENS)
def test_a_type_that_holds_every_old_value_does_not_narrow(before, after):
    assert narrowing(before, after) is None


@pytest.mark.parametrize(("before", "after"), NARROWS)
def test_a_type_that_may_lose_a_value_narrows_and_says_why(before, after):
    assert narrowing(before, after)


@given(TYPES)
def test_a_type_never_narrows_to_itself_or_to_anything(found):
    assert narrowing(found, found) is None
    assert narrowing(found, AnyType()) is None
