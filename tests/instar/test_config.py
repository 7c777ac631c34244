import pytest

from instar.config import parse_config
from instar.errors import InstarError


def test_a_pyproject_without_a_section_has_no_configuration():
    assert parse_config("[tool.other]\nx = 1\n", "pyproject.toml") is None


def test_keys_are_read_in_kebab_and_in_snake_case():
    assert (
        parse_config('[tool.instar]\ndefault-branch = "trunk"\n', "pyproject.toml").default_branch == "trunk"
    )
    assert parse_config('default_branch = "trunk"\n', "instar.toml").default_branch == "trunk"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tool.instar]\nschema = ["a.py"]\ndialekt = "convex"\n', 'app/pyproject.toml:3: unknown key "dialekt" in [tool.instar]. Did you mean dialect?'),
        ('[tool.instar]\ndialect = "oracle"\n', "app/pyproject.toml: [tool.instar] is not valid: Invalid enum value 'oracle' - at `$.dialect`"),
        ("[tool.instar\n", "app/pyproject.toml:1: this is not valid TOML"),
    ],
)  # fmt: skip
def test_bad_configuration_names_the_place_and_the_next_step(text, message):
    with pytest.raises(InstarError) as error:
        parse_config(text, "app/pyproject.toml")
    assert str(error.value).startswith(message)
