"""`# noqa` comments, and those that take back nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from instar.schema.model import Place
from instar_lint.findings import Finding
from instar_lint.suppressions import suppressions, without_suppressed


def finding(line: int, code: str = "INS203") -> Finding:
    return Finding(code=code, place=Place("a.py", line), message="m")


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("x  # noqa: INS203", ("INS203",)),
        ("x  # noqa: INS203 - the export needs it", ("INS203",)),
        ("x  #noqa:INS203,E501", ("INS203", "E501")),
        ("x  # NOQA: ins203 INS204", ("INS203", "INS204")),
        ("x  # noqa", ()),
        ("{{ x }} {# noqa: INS203 #}", ("INS203",)),
        ("<b> <!-- noqa: INS203 -->", ("INS203",)),
        ("x  // noqa: INS", ("INS",)),
    ],
)
def test_the_forms_of_a_comment(line, codes):
    assert [found.codes for found in suppressions(line)] == [codes]


@pytest.mark.parametrize("line", ["noqa = 1", "x  # nope", "x  # noqantum"])
def test_what_is_no_comment_of_that_kind(line):
    assert suppressions(line) == ()


def test_a_comment_takes_back_its_codes_on_its_line_only():
    text = "a  # noqa: INS203\nb\nc  # noqa: E501\nd  # noqa\ne  # noqa: INS"
    found = [finding(1), finding(1, "INS101"), finding(2), finding(3), finding(4), finding(5)]
    kept, unused = without_suppressed(found, {"a.py": text})
    assert [(f.place.line, f.code) for f in kept] == [(1, "INS101"), (2, "INS203"), (3, "INS203")]
    assert unused == ()


def test_a_code_of_ours_that_takes_back_nothing_is_unused():
    _, unused = without_suppressed(
        [finding(1)], {"a.py": "a  # noqa: INS203, INS101, F401\nb  # noqa: INS204"}
    )
    assert [(u.line, u.code) for u in unused] == [(1, "INS101"), (2, "INS204")]


MANY_LINES = {
    "a string of several lines": 'run(undefined, """\nSELECT name\n""")  # noqa: F821',
    "lines joined by a backslash": "a = undefined + \\\n    1  # noqa: F821",
    "brackets over several lines": "a = (undefined\n    + 1)  # noqa: F821",
    "the line of the name itself": "a = (undefined  # noqa: F821\n    + 1)",
    "two comments behind one string": 'a = (undefined, """  # noqa: E501\n""")  # noqa: F821',
    "a string behind another line": 'a = (undefined,\n    """\n""")  # noqa: F821',
}


@pytest.mark.parametrize("name", MANY_LINES)
def test_a_comment_speaks_of_the_lines_that_flake8_says_it_does(name):
    text = f"def run(*given): ...\n{MANY_LINES[name]}\n"
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=F821", "-"]
    flake8 = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    kept, _ = without_suppressed([finding(2, "F821")], {"a.py": text})
    assert bool(kept) == ("F821" in flake8.stdout)


def test_a_comment_behind_a_long_string_is_used_and_its_other_codes_are_not():
    text = 'run(one, """\nSELECT name\n""")  # noqa: INS203, INS204\n'
    kept, unused = without_suppressed([finding(1)], {"a.py": text})
    assert kept == ()
    assert [(u.line, u.code) for u in unused] == [(3, "INS204")]
