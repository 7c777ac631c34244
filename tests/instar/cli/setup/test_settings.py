import tomllib

import pytest

from instar.cli.setup.settings import with_external_codes, with_section
from instar.errors import InstarError

PROJECT = """\
# The shop
[project]
name = "shop"   # keep me
dependencies = [
    "sqlalchemy",  # and me
]

[tool.ruff]
line-length = 100

[tool.black]
"""


def test_our_section_is_added_and_every_other_byte_stays():
    edited = with_section(PROJECT, {"dialect": "sqlalchemy", "schema": ["app/*.py"]}, "pyproject.toml")
    assert edited == PROJECT + '\n[tool.instar]\ndialect = "sqlalchemy"\nschema = ["app/*.py"]\n'


def test_a_file_of_our_own_is_the_section():
    assert with_section("", {"dialect": "sqlalchemy"}, "instar.toml") == 'dialect = "sqlalchemy"\n'


def test_line_ends_of_the_file_are_kept():
    edited = with_section("[project]\r\nname = 'x'", {"dialect": "convex"}, "pyproject.toml")
    assert edited == "[project]\r\nname = 'x'\r\n\r\n[tool.instar]\r\ndialect = \"convex\"\r\n"


def test_a_file_that_leaves_no_room_is_refused():
    with pytest.raises(InstarError, match=r"pyproject\.toml: \[tool\.instar\] cannot be added"):
        with_section("tool = {ruff = {line-length = 1}}\n", {"dialect": "convex"}, "pyproject.toml")


RUFF = [
    ("[tool.ruff]\nline-length = 100\n", ["INS"]),
    ('[tool.ruff.lint]\nselect = ["E"]  # why\n', ["INS"]),
    ('[tool.ruff.lint]\nexternal = [\n    "V",  # vulture\n]\n', ["V", "INS"]),
    ("[tool.ruff]\nlint = {select = ['E']}\n", ["INS"]),
    (PROJECT, ["INS"]),
]


@pytest.mark.parametrize(("text", "codes"), RUFF)
def test_ruff_keeps_our_comments_and_the_rest_stays(text, codes):
    edited = with_external_codes(text, "pyproject.toml")
    assert tomllib.loads(edited)["tool"]["ruff"]["lint"]["external"] == codes
    assert [line for line in text.splitlines() if "#" in line] == [
        line for line in edited.splitlines() if "#" in line
    ]
    assert with_external_codes(edited, "pyproject.toml") is None


def test_a_file_of_ruffs_own_is_edited_at_its_top_level():
    edited = with_external_codes("line-length = 100\n", "ruff.toml")
    assert tomllib.loads(edited) == {"line-length": 100, "lint": {"external": ["INS"]}}


@pytest.mark.parametrize(
    "text",
    ["[project]\n", '[tool.ruff.lint]\nexternal = ["INS"]\n', '[tool.ruff.lint]\nexternal = ["INS1"]\n'],
)
def test_nothing_is_done_where_there_is_nothing_to_do(text):
    assert with_external_codes(text, "pyproject.toml") is None


def test_a_file_that_is_no_toml_is_named():
    with pytest.raises(InstarError, match=r"^ruff\.toml: this is not valid TOML"):
        with_external_codes("[", "ruff.toml")
