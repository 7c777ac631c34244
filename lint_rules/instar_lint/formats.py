"""Findings as other tools read them: GitHub annotations and SARIF 2.1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instar_lint import rules
from instar_lint.baseline import entries
from instar_lint.rules.documentation import page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar_lint.findings import Finding

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS = {"proven": "error", "likely": "warning", "possible": "note"}
_COMMANDS = {"proven": "error", "likely": "warning", "possible": "notice"}


def text_line(finding: Finding) -> str:
    """`app/views.py:88:20: INS203 users.user_name leaves …`."""
    sure = "" if finding.confidence == "proven" else f" ({finding.confidence})"
    place = finding.place
    return f"{place.path}:{place.line}:{place.column}: {finding.code}{sure} {finding.message}"


def github_line(finding: Finding) -> str:
    """A workflow command that GitHub shows as an annotation."""
    place = finding.place
    where = f"file={_property(place.path)},line={place.line},col={place.column}"
    if finding.end_column > place.column:
        where += f",endColumn={finding.end_column}"
    title = f"{finding.code} {rules.name_of(finding.code)}"
    return f"::{_COMMANDS[finding.confidence]} {where},title={title}::{_data(finding.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(findings: Sequence[Finding], version: str) -> dict[str, Any]:
    """One SARIF run. Fingerprints are those of a baseline: they survive a move to another line.

    Args:
        findings: In order.
        version: The version of instar.
    """
    codes = sorted({finding.code for finding in findings})
    results = [
        {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": _LEVELS[finding.confidence],
            "message": {"text": finding.message},
            "locations": [{"physicalLocation": _location(finding)} | _scope(finding)],
            "partialFingerprints": {
                "instar/v1": f"{entry.code}:{entry.path}:{entry.scope}:{entry.subject}:{entry.occurrence}"
            },
        }
        for finding, entry in zip(findings, entries(findings), strict=True)
    ]
    driver = {"name": "instar", "version": version, "rules": [_descriptor(code) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _location(finding: Finding) -> dict[str, Any]:
    place = finding.place
    region = {"startLine": place.line, "startColumn": place.column}
    if finding.end_column > place.column:
        region["endColumn"] = finding.end_column
    uri = {"uri": _uri(place.path), "uriBaseId": "%SRCROOT%"}
    return {"artifactLocation": uri, "region": region}


def _uri(path: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415 - only this format needs it

    return quote(path)


def _scope(finding: Finding) -> dict[str, Any]:
    return {"logicalLocations": [{"fullyQualifiedName": finding.scope}]} if finding.scope else {}


def _descriptor(code: str) -> dict[str, Any]:
    documented = page(code)
    name = "".join(word.capitalize() for word in documented.name.split("-"))
    return {
        "id": code,
        "name": name,
        "shortDescription": {"text": documented.summary},
        "help": {"text": documented.markdown, "markdown": documented.markdown},
    }
