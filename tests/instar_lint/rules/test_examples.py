"""Every rule reports its `Example` and not its `Use instead`, in a real project, through the real command."""

from __future__ import annotations

import pytest

from commands import run
from instar_lint import rules
from instar_lint.rules.documentation import page
from standing_project import CODE, display_names, dropping, lay_out, models_with, order_phase

REVISION_RULES = [code for code in rules.files() if code.startswith("INS4")]
OTHERS = [code for code in rules.files() if code not in REVISION_RULES]


def found(folder, code: str, example: str) -> set[str]:
    migration = {"INS207": order_phase, "INS303": dropping}.get(code, display_names)(folder)
    if example.startswith("class ") and "(Base)" in example:
        files = {"app/models.py": models_with(example)}
    else:
        files = {"app/views.py": CODE + example}
    lay_out(folder, migration, files)
    done = run("lint", "--repo", folder, "--format", "json")
    assert done.code in (0, 1), done.err
    return {finding["code"] for finding in done.json["findings"]}


@pytest.mark.parametrize("code", OTHERS)
def test_the_example_is_reported(code, tmp_path):
    assert code in found(tmp_path, code, page(code).bad)


@pytest.mark.parametrize("code", OTHERS)
def test_what_to_use_instead_is_not(code, tmp_path):
    assert code not in found(tmp_path, code, page(code).good)
