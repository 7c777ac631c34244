"""Every rule says what it does, in the same sections."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from instar_lint import rules
from instar_lint.rules.documentation import SECTIONS, index_page, page, pages


@pytest.mark.parametrize("code", rules.files())
def test_a_rule_has_all_sections_in_order_and_both_examples(code):
    documented = page(code)
    assert tuple(documented.sections) == SECTIONS
    assert documented.summary.endswith(".")
    assert compile(documented.bad, "bad", "exec")
    assert compile(documented.good, "good", "exec")


@pytest.mark.parametrize("code", rules.files())
def test_a_rule_checks_something(code):
    module = rules.load(code)
    assert any(hasattr(module, check) for check in ("check", "check_schema", "check_revision", "finding_of"))


def test_the_list_names_every_rule():
    assert all(f"[{code}]({code.lower()}.md)" in index_page() for code in rules.files())


def test_the_pages_under_docs_are_fresh():
    folder = Path(__file__).parents[3] / "docs" / "rules"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    assert written == pages(), "write them again with: python -m instar_lint.rules docs/rules"


def test_an_option_is_no_folder(tmp_path):
    command = [sys.executable, "-m", "instar_lint.rules", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "usage: python -m instar_lint.rules DIR\n"
    assert list(tmp_path.iterdir()) == []
