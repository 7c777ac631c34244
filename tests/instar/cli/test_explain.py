"""`instar explain`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from instar.cli.verbs.explain import command


def explain(*arguments: str):
    return CliRunner().invoke(command, arguments, standalone_mode=False)


@pytest.mark.parametrize("named", ["INS101", "ins101", "index-not-deployed"])
def test_a_rule_is_named_by_its_code_or_its_name(named):
    output = explain(named).output
    assert output.startswith("INS101: index-not-deployed\n")
    assert "## Why it is bad" in output


def test_the_list_shows_every_rule():
    codes = [line.split()[0] for line in explain("list").output.splitlines()]
    assert codes == sorted(codes)
    assert {"INS101", "INS203", "INS407"} <= set(codes)
    listed = json.loads(explain("list", "--format", "json").output)
    assert [rule["code"] for rule in listed] == codes


@pytest.mark.parametrize(
    ("wrong", "hint"), [("INS110", "Did you mean INS10"), ("zebra", "instar explain list")]
)
def test_an_unknown_rule_is_refused_with_a_hint(wrong, hint):
    assert hint in str(explain(wrong).exception)
