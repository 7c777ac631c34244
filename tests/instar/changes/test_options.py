from __future__ import annotations

import pytest

from instar.changes.options import parse_computes, parse_conversion, parse_defaults, parse_fills
from instar.errors import InstarError
from instar.schema.operations import Conversion


@pytest.mark.parametrize(
    ("text", "conversion"),
    [
        ("low=1,medium=2", Conversion(mapping=(("low", 1), ("medium", 2)))),
        ("low=1, *=0", Conversion(mapping=(("low", 1),), up_default=0)),
        ("low=1,low=*", Conversion(mapping=(("low", 1),), down_default="low")),
        ("1='one',True=no", Conversion(mapping=((1, "one"), (True, "no")))),
        (
            "up: CAST(a AS int); down: CAST(b AS text)",
            Conversion(up="CAST(a AS int)", down="CAST(b AS text)"),
        ),
        ("up: lower(a)", Conversion(up="lower(a)")),
    ],
)
def test_a_conversion_is_a_mapping_or_sql(text, conversion):
    assert parse_conversion("t.f", text) == conversion


@pytest.mark.parametrize("text", ["low", "low=", "=1", "*=*", "low=1,,"])
def test_a_conversion_of_neither_form_is_an_error(text):
    with pytest.raises(InstarError, match=r"--convert t\.f reads"):
        parse_conversion("t.f", text)


def test_values_of_existing_rows():
    assert parse_fills(["users.url=sql: lower(email)", "users.kind='x'"]) == {
        "users.url": "lower(email)",
        "users.kind": "'x'",
    }
    assert parse_defaults(["t.n=0", "t.s=open", "t.q='a'"]) == {"t.n": "0", "t.s": "'open'", "t.q": "'a'"}
    assert parse_computes(["t.f=app/a.py:fill"]) == {"t.f": "app/a.py:fill"}


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_fills, "users=1"),
        (parse_fills, "users.url"),
        (parse_computes, "t.f=app.a:fill"),
        (parse_computes, "t.f=app/a.py"),
    ],
)
def test_options_of_another_form_are_errors(parse, text):
    with pytest.raises(InstarError):
        parse([text])


def test_a_field_is_named_once():
    with pytest.raises(InstarError, match="twice"):
        parse_fills(["t.f=1", "t.f=2"])
