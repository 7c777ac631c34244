"""Findings mended in place: only what the finding is about changes."""

from __future__ import annotations

import textwrap

import pytest

from instar.schema.model import Place
from instar_lint.findings import Finding, FixHint
from instar_lint.fixes import mend

READ = FixHint(kind="read", name="user_name", accessor="app.accessors.users.display_name")
FILTER = FixHint(kind="filter", name="user_name", accessor="app.accessors.users.display_name_expression")
WRITE = FixHint(kind="write", name="phase", partner="state")
RENAME = FixHint(kind="rename", name="user_name", partner="display_name")


def at_every(text: str, hint: FixHint) -> list[Finding]:
    """A finding with this hint at every place where its name stands."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        start = line.find(hint.name)
        while start >= 0:
            found.append(
                Finding(code="INS203", place=Place("a.py", number, start + 1), message="m", fix=hint)
            )
            start = line.find(hint.name, start + 1)
    return found


def mended(text: str, hint: FixHint) -> str:
    text = textwrap.dedent(text).lstrip("\n")
    return mend(text, at_every(text, hint)).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from app.models import User\n\n\ndef f(user):\n    return user.user_name.upper()  # loud\n",
            (
                "from app.accessors import users\nfrom app.models import User\n\n\n"
                "def f(user):\n    return users.display_name(user).upper()  # loud\n"
            ),
        ),
        (
            "é = get(1)[0].user_name\n",
            "from app.accessors import users\n\né = users.display_name(get(1)[0])\n",
        ),
        (
            "from app.accessors import users\nx = ( a.user_name,\n      b . user_name )\n",
            "from app.accessors import users\nx = ( users.display_name(a),\n      users.display_name(b) )\n",
        ),
    ],
)
def test_a_read_goes_through_the_accessor(before, after):
    assert mended(before, READ) == after


def test_a_filter_uses_the_expression():
    assert mended("q = select(User).where(User.user_name == name)\n", FILTER) == (
        "from app.accessors import users\n\nq = select(User).where(users.display_name_expression() == name)\n"
    )


def test_a_name_that_is_taken_gets_another_one():
    after = mended("import os\n\nusers = load()\nprint(users[0].user_name)\n", READ)
    assert "from app.accessors import users as users_accessors\n" in after
    assert "print(users_accessors.display_name(users[0]))" in after
    assert mend(after, at_every(after, READ)).text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ticket.phase = compute()  # once\n", "ticket.phase = ticket.state = compute()  # once\n"),
        (
            'Ticket(\n    phase="open",\n    owner=me,\n)\n',
            'Ticket(\n    phase="open",\n    state="open",\n    owner=me,\n)\n',
        ),
        ("Ticket(phase=value)\n", "Ticket(phase=value, state=value)\n"),
        ("Ticket(phase=form.phase_now)\n", "Ticket(phase=form.phase_now, state=form.phase_now)\n"),
        ("Ticket(phase=compute())\n", "Ticket(phase=compute())\n"),
    ],
)
def test_both_sides_are_written_and_the_value_is_computed_once(before, after):
    assert mended(before, WRITE) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("user.user_name += f(other.user_name)\n", "user.display_name += f(other.display_name)\n"),
        ("q.filter_by(user_name=user_name)\n", "q.filter_by(display_name=user_name)\n"),
        ("user_name = 'user_name'\n", "user_name = 'user_name'\n"),
    ],
)
def test_a_renamed_attribute_gets_its_new_name(before, after):
    assert mended(before, RENAME) == after


@pytest.mark.parametrize(
    "text",
    [
        "user.user_name = 'a'\n",
        "user.user_name += 'a'\n",
        "del user.user_name\n",
        "user_name = 1\n",
        "f(user_name=1)\n",
        "x = 'user_name'\n",
        "def broken(:\n    user.user_name\n",
        "",
    ],
)
def test_what_cannot_be_mended_is_left_alone(text):
    assert mended(text, READ) == text


def test_an_unproven_finding_is_left_alone():
    finding = Finding(code="INS203", place=Place("a.py", 1, 10), message="m", confidence="likely", fix=READ)
    assert mend("x = user.user_name\n", [finding]).findings == ()
