"""Findings depend on what code does: not on names of local variables, the order of functions, or comments."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instar_lint.editor import EditorProject
from standing_project import CODE, display_names, lay_out

FUNCTIONS = {
    "load": "def load(session, key):\n    local = session.get(User, key)\n    return local\n",
    "show": "def show(session):\n    local = load(session, 1)\n    return local.user_name\n",
    "save": "def save(session):\n    local = User(user_name='x')\n    local.user_name = 'y'\n    session.add(local)\n",
    "each": "def each(session):\n    for local in session.scalars(select(User)):\n        yield local.user_name\n",
    "find": "def find(session):\n    local = select(User).where(User.user_name == 'x')\n    return session.scalars(local).all()\n",
    "note": "def note(local: Post):\n    if local is not None:\n        return local.legacy_note\n    return ''\n",
    "query": "def query(session):\n    local = select(Post).where(Post.status == 'x').order_by(Post.published_at)\n    return session.scalars(local)\n",
    "none": "def none(local):\n    return local.user_name\n",
}
TEXT = "\n".join(FUNCTIONS.values())
NAMES = st.sampled_from(["local", "u", "thing", "x1", "späť", "result"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> EditorProject:
    folder = tmp_path_factory.mktemp("laws")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INSTAR_CACHE_DIR", str(folder / "cache"))
        lay_out(folder / "project", display_names(folder / "project"), {"app/views.py": CODE + TEXT})
        opened = EditorProject(folder / "project/pyproject.toml")
        opened.prepare()
    return opened


def said(project: EditorProject, body: str) -> list[tuple[str, str, str]]:
    """Rule, subject and function of every finding."""
    found = project.findings(project.top / "app/views.py", CODE + body)
    return sorted((f.code, f.subject, f.scope) for f in found)


def test_the_program_has_findings_of_many_rules(project: EditorProject):
    assert {code for code, _, _ in said(project, TEXT)} >= {"INS101", "INS203", "INS204"}
    assert {scope for _, _, scope in said(project, TEXT)} == set(FUNCTIONS) - {"load", "none"}


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(sorted(FUNCTIONS)))
def test_the_order_of_functions_does_not_matter(project: EditorProject, order: list[str]):
    assert said(project, "\n".join(FUNCTIONS[name] for name in order)) == said(project, TEXT)


@settings(max_examples=20, deadline=None)
@given(name=NAMES)
def test_the_name_of_a_local_variable_does_not_matter(project: EditorProject, name: str):
    assert said(project, re.sub(r"\blocal\b", name, TEXT)) == said(project, TEXT)


@settings(max_examples=40, deadline=None)
@given(
    additions=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["# user.user_name", "", "#é", "    # x = 1"])),
        max_size=6,
    )
)
def test_comments_and_empty_lines_do_not_matter(project: EditorProject, additions: list[tuple[int, str]]):
    lines = TEXT.split("\n")
    for at, comment in additions:
        lines.insert(min(at, len(lines)), comment)
    assert said(project, "\n".join(lines)) == said(project, TEXT)
