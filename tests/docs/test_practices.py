"""Every rule and verb that `docs/practices.md` names exists."""

from __future__ import annotations

import re
from pathlib import Path

from instar.cli.app import VERBS
from instar_lint import rules

TEXT = (Path(__file__).parents[2] / "docs" / "practices.md").read_text()


def test_every_rule_that_is_named_exists() -> None:
    named = set(re.findall(r"\bINS\d{3}\b", TEXT))
    assert len(named) > 15
    assert named <= set(rules.files())


def test_every_verb_that_is_named_exists() -> None:
    named = set(re.findall(r"`instar (\w+)", TEXT))
    assert {"plan", "advance", "verify"} <= named
    assert named <= {path.stem for path in VERBS.glob("*.py")}


def test_each_row_names_something_that_keeps_it() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "---" not in line]
    kept = [row.split("|")[2] for row in rows if not row.startswith(("| practice", "| pitfall"))]
    assert len(kept) == 19
    assert all(re.search(r"INS\d{3}|`instar \w+`", one) for one in kept)
