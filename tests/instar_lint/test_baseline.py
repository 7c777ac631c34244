"""Known findings are kept by what they are about, never by their line."""

from __future__ import annotations

import pytest

from instar.errors import InstarError
from instar.schema.model import Place
from instar_lint.baseline import against, decode, encode
from instar_lint.findings import Finding


def finding(line: int, scope: str = "export", field: str = "user_name") -> Finding:
    return Finding(
        code="INS203", place=Place("a.py", line), message="m", table="users", field=field, scope=scope
    )


def test_a_finding_that_moved_is_still_known():
    known = decode(encode([finding(10)]), "baseline.json")
    assert against([finding(99)], known) == ((), ())


def test_one_more_of_the_same_is_new():
    known = decode(encode([finding(10)]), "baseline.json")
    new, stale = against([finding(10), finding(12)], known)
    assert [f.place.line for f in new] == [12]
    assert stale == ()


def test_one_less_makes_an_entry_stale():
    known = decode(encode([finding(10), finding(12), finding(3, scope="view")]), "baseline.json")
    new, stale = against([finding(5)], known)
    assert new == ()
    assert [str(entry) for entry in stale] == [
        "a.py: INS203 users.user_name in export (number 2)",
        "a.py: INS203 users.user_name in view (number 1)",
    ]


def test_the_file_does_not_depend_on_the_order_of_the_findings():
    assert encode([finding(1), finding(2, "view")]) == encode([finding(2, "view"), finding(1)])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no baseline"),
        (b"[]", "no baseline"),
        (b'{"version": 1}', "no baseline"),
        (b'{"version": 9, "findings": []}', "newer instar"),
        (b'{"version": 9, "rules": {}}', "newer instar"),
    ],
)
def test_what_is_no_baseline_is_refused_with_the_next_step(data, said):
    with pytest.raises(InstarError, match=said):
        decode(data, "baseline.json")
