"""Names are quoted and types spelled as SQLAlchemy does it, most of them without asking it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar.dialects.sqlalchemy.ddl.columns import type_sql
from instar.dialects.sqlalchemy.ddl.names import Backend, dialect, quoted
from instar.dialects.sqlalchemy.ddl.reserved_words import RESERVED
from instar.dialects.sqlalchemy.ddl.sqlalchemy_types import compiled
from instar.schema import types
from schema_parts import field

BACKENDS: tuple[Backend, ...] = ("sqlite", "postgresql", "mariadb")


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_word_that_sqlalchemy_reserves_is_missing(backend: Backend) -> None:
    assert dialect(backend).identifier_preparer.reserved_words <= RESERVED


@given(
    name=st.one_of(
        st.sampled_from(sorted(RESERVED)),
        st.from_regex(r"[A-Za-z_$0-9][A-Za-z0-9_$ \"`é]{0,8}", fullmatch=True),
    ),
    backend=st.sampled_from(BACKENDS),
)
def test_names_are_quoted_where_they_need_it(name: str, backend: Backend) -> None:
    assert quoted(name, backend) == dialect(backend).identifier_preparer.quote(name)


@given(
    kind=st.one_of(
        st.builds(types.StringType, length=st.integers(1, 300), fixed=st.booleans()),
        st.builds(types.StringType, text=st.just(value=True), length=st.none() | st.integers(1, 9)),
        st.builds(types.IntType, bits=st.sampled_from([16, 32, 64])),
        st.builds(types.DateTimeType, timezone=st.booleans()),
        st.sampled_from([types.DateType(), types.BoolType(), types.UuidType()]),
    ),
    backend=st.sampled_from(BACKENDS),
)
def test_types_are_spelled_as_the_backend_wants_them(kind: types.FieldType, backend: Backend) -> None:
    assert type_sql(field("name", kind), backend) == compiled(kind, backend)
