from __future__ import annotations

import pytest

from instar.changes.in_place import in_place
from instar.schema.types import DecimalType, EnumType, IntType, StringType


def chars(length):
    return StringType(length=length)


@pytest.mark.parametrize(
    ("before", "after", "backends"),
    [
        (chars(20), chars(50), "postgresql mariadb sqlite"),
        (chars(50), chars(100), "postgresql sqlite"),  # MariaDB: the length no longer fits one byte
        (chars(64), chars(200), "postgresql mariadb sqlite"),
        (chars(50), StringType(text=True), "postgresql sqlite"),
        (chars(50), chars(20), ""),
        (StringType(length=5, fixed=True), StringType(length=9, fixed=True), ""),
        (DecimalType(precision=10, scale=2), DecimalType(precision=14, scale=2), "postgresql"),
        (DecimalType(precision=10, scale=2), DecimalType(precision=14, scale=4), ""),
        (IntType(), IntType(bits=64), "sqlite"),
        (IntType(bits=64), IntType(), ""),
        (EnumType(values=("a",)), EnumType(values=("a", "b")), "mariadb"),
        (EnumType(values=("a",)), EnumType(values=("b", "a")), ""),
        (chars(20), IntType(), ""),
    ],
)
def test_a_backend_widens_in_place_what_it_was_measured_to(before, after, backends):
    found = [b for b in ("postgresql", "mariadb", "sqlite") if in_place(before, after, b)]
    assert found == backends.split()
