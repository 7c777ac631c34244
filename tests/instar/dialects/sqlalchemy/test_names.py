"""Names are quoted as SQLAlchemy quotes them, most of them without asking it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar.dialects.sqlalchemy.ddl.names import Backend, dialect, quoted
from instar.dialects.sqlalchemy.ddl.reserved_words import RESERVED

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
