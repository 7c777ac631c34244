"""What GitHub and SARIF readers get."""

from __future__ import annotations

from pydantic import BaseModel
from sarif_pydantic import Sarif

from instar.schema.model import Place
from instar_lint.findings import Finding
from instar_lint.formats import github_line, sarif, text_line

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


def unknown_keys(value: object, path: str = "") -> list[str]:
    """The keys that no property of the SARIF object model has."""
    if isinstance(value, BaseModel):
        here = [f"{path}.{key}" for key in (value.model_extra or {}) if key != "columnKind"]
        named = [(name, getattr(value, name)) for name in type(value).model_fields]
        return here + [key for name, part in named for key in unknown_keys(part, f"{path}.{name}")]
    if isinstance(value, list):
        return [key for number, part in enumerate(value) for key in unknown_keys(part, f"{path}[{number}]")]
    return []


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


def test_sarif_is_valid_and_says_the_same():
    document = sarif(FINDINGS, "0.1.0")
    read = Sarif.model_validate(document)
    assert unknown_keys(read) == []
    [run] = read.runs
    assert [(r.rule_id, r.level.value) for r in run.results] == [("INS203", "error"), ("INS101", "warning")]
    assert [rule.id for rule in run.tool.driver.rules] == ["INS101", "INS203"]
    location = run.results[0].locations[0].physical_location
    assert (location.artifact_location.uri, location.region.start_column) == ("app/a%20b%2Cc.py", 5)


def test_fingerprints_survive_a_move_and_tell_findings_apart():
    moved = [Finding(code=f.code, place=Place(f.place.path, f.place.line + 7), message=f.message,
                     table=f.table, field=f.field, scope=f.scope) for f in FINDINGS]  # fmt: skip
    prints = [r["partialFingerprints"] for r in sarif(FINDINGS, "1")["runs"][0]["results"]]
    assert prints == [r["partialFingerprints"] for r in sarif(moved, "1")["runs"][0]["results"]]
    assert len({str(p) for p in prints}) == 2
