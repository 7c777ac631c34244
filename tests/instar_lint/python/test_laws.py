"""What the frontend says depends on what code does, not on how it is laid out."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from instar_lint.facts import FieldUse
from python_frontend import facts

FUNCTIONS = {
    "load": "def load(session, key):\n    local = session.get(User, key)\n    return local\n",
    "show": "def show(session):\n    local = load(session, 1)\n    print(local.name)\n",
    "walk": "def walk(local: Post):\n    for other in local.author.posts:\n        print(other.author.name)\n",
    "find": "def find(session):\n    local = select(User).where(User.name == 'x')\n    return session.scalars(local).all()\n",
    "first": "def first(session):\n    return find(session)[0].name\n",
    "make": "def make():\n    local = {'name': 'x'}\n    return User(**local)\n",
    "ring": "def ring(n):\n    return loop(n) if n else None\n",
    "loop": "def loop(n):\n    local = ring(n)\n    return local or load(None, n)\n",
    "use": "def use(n):\n    return ring(n).name, loop(n).name\n",
}
NAMES = st.sampled_from(["local", "u", "user_", "x1", "value", "thing"])


def said(text):
    """Uses without their places: what is read or written, where in the program, how sure."""
    found = facts(text)
    return sorted(
        (f.scope, f.table, f.name, f.access, f.via, f.confidence) for f in found if isinstance(f, FieldUse)
    )


@settings(max_examples=40, deadline=None)
@given(st.permutations(sorted(FUNCTIONS)))
def test_the_order_of_functions_does_not_matter(order):
    assert said("\n".join(FUNCTIONS[name] for name in order)) == said("\n".join(FUNCTIONS.values()))


@settings(max_examples=20, deadline=None)
@given(NAMES)
def test_the_name_of_a_local_variable_does_not_matter_where_its_type_is_known(name):
    text = "\n".join(FUNCTIONS.values())
    assert said(re.sub(r"\blocal\b", name, text)) == said(text)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["# user.name", "", "# é: name="])), max_size=6)
)
def test_comments_and_empty_lines_do_not_matter(additions):
    text = "\n".join(FUNCTIONS.values())
    lines = text.split("\n")
    for at, comment in additions:
        lines.insert(min(at, len(lines)), comment)
    assert said("\n".join(lines)) == said(text)
